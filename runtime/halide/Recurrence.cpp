//===- Recurrence.cpp - Gates of a long short-term memory -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSupport.h"

namespace lacuna::operators {

namespace {

/// (lane, unit, gate) and (lane, unit) of one block.
View<3> gatesOf(const float *data, const LstmShape &shape) {
  return {data,
          {{{shape.lanes, 1},
            {shape.hidden, shape.lanes},
            {4, shape.unitFloats()}}}};
}
View<2> unitsOf(const float *data, const LstmShape &shape) {
  return {data, {{{shape.lanes, 1}, {shape.hidden, shape.lanes}}}};
}

void verifyShape(const char *name, const LstmShape &shape) {
  Operands(name).require(shape.gateFloats() <= kMaxFloatsPerCall,
                         "a block is too large");
}

} // namespace

void lstmStep(ThreadPool &pool, const LstmShape &shape, const float *recurrent,
              const float *before, float *gates, float *cell, float *output) {
  verifyShape("lstmStep", shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  pool.run(shape.blocks, [&](int, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      int64_t ofGates = block * shape.gateFloats();
      int64_t ofUnits = block * shape.unitFloats();
      View<3> gatesView = gatesOf(gates + ofGates, shape);
      View<2> cellView = unitsOf(cell + ofUnits, shape);
      verifyCall(pipelines.lstm_gates(
                     gatesView, gatesOf(recurrent + ofGates, shape), gatesView),
                 "lstm_gates");
      verifyCall(pipelines.lstm_cell(
                     gatesView, unitsOf(before + ofUnits, shape), cellView),
                 "lstm_cell");
      verifyCall(pipelines.lstm_output(gatesView, cellView,
                                       unitsOf(output + ofUnits, shape)),
                 "lstm_output");
    }
  });
}

void lstmStepBackward(ThreadPool &pool, const LstmShape &shape,
                      const float *gates, const float *before,
                      const float *cell, const float *outputGradient,
                      float *cellGradient, float *argumentGradient) {
  verifyShape("lstmStepBackward", shape);
  const Pipelines &pipelines = pipelinesFor(shape.lanes);
  pool.run(shape.blocks, [&](int, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      int64_t ofGates = block * shape.gateFloats();
      int64_t ofUnits = block * shape.unitFloats();
      View<3> gatesView = gatesOf(gates + ofGates, shape);
      View<2> cellView = unitsOf(cell + ofUnits, shape);
      View<2> slope = unitsOf(outputGradient + ofUnits, shape);
      View<2> carried = unitsOf(cellGradient + ofUnits, shape);
      verifyCall(pipelines.lstm_cell_gradient(gatesView, cellView, slope,
                                              carried, carried),
                 "lstm_cell_gradient");
      verifyCall(pipelines.lstm_argument_gradient(
                     gatesView, unitsOf(before + ofUnits, shape), cellView,
                     slope, carried,
                     gatesOf(argumentGradient + ofGates, shape)),
                 "lstm_argument_gradient");
      verifyCall(pipelines.lstm_carry(gatesView, carried, carried),
                 "lstm_carry");
    }
  });
}

} // namespace lacuna::operators
