//===- Recurrence.cpp - Gates of a long short-term memory -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

#include <vector>

namespace lacuna::pipelines {

using namespace Halide;

namespace {

Var lane("lane"), unit("unit"), gate("gate");

enum Gate { kInput, kForget, kCandidate, kOutput, kGates };

/// Halide's exponential is a polynomial that does not know NaN.
Expr exponential(const Expr &value) {
  return select(is_nan(value), value, exp(value));
}

Expr sigmoid(const Expr &value) { return 1.0f / (1.0f + exponential(-value)); }

/// Near zero, where 1 - exp(-2|x|) would cancel, the first terms of the series
/// are exact to the last bit.
Expr hyperbolicTangent(const Expr &value) {
  Expr decay = exponential(-2.0f * abs(value));
  Expr far = (1.0f - decay) / (1.0f + decay);
  Expr square = value * value;
  Expr series =
      value + value * square *
                  (-1.0f / 3 +
                   square * (2.0f / 15 + square * (-17.0f / 315 +
                                                   square * (62.0f / 2835))));
  return select(abs(value) < 0.25f, series, select(value < 0.0f, -far, far));
}

/// Gates are (lane, unit, gate), what a unit has one of is (lane, unit).
template <typename Port> void declareGates(Port &port, int lanes) {
  declareDense(port, lanes);
  port.dim(2).set_extent(kGates);
}

} // namespace

/// `gates` may be `own`.
class LstmGates : public BlockedGenerator<LstmGates> {
public:
  Input<Buffer<float>> own{"own", 3};
  Input<Buffer<float>> recurrent{"recurrent", 3};
  Output<Buffer<float>> gates{"gates", 3};

  void generate() {
    int lanes = vectorLanes;
    Expr argument = own(lane, unit, gate) + recurrent(lane, unit, gate);
    gates(lane, unit, gate) = select(
        gate == kCandidate, hyperbolicTangent(argument), sigmoid(argument));
    declareGates(own, lanes);
    declareGates(recurrent, lanes);
    declareGates(gates, lanes);
    gates.vectorize(lane, lanes).unroll(gate, kGates);
  }
};

class LstmCell : public BlockedGenerator<LstmCell> {
public:
  Input<Buffer<float>> gates{"gates", 3};
  Input<Buffer<float>> before{"before", 2};
  Output<Buffer<float>> cell{"cell", 2};

  void generate() {
    int lanes = vectorLanes;
    cell(lane, unit) =
        gates(lane, unit, kForget) * before(lane, unit) +
        gates(lane, unit, kInput) * gates(lane, unit, kCandidate);
    declareGates(gates, lanes);
    declareDense(before, lanes);
    declareDense(cell, lanes);
    cell.vectorize(lane, lanes);
  }
};

class LstmOutput : public BlockedGenerator<LstmOutput> {
public:
  Input<Buffer<float>> gates{"gates", 3};
  Input<Buffer<float>> cell{"cell", 2};
  Output<Buffer<float>> output{"output", 2};

  void generate() {
    int lanes = vectorLanes;
    output(lane, unit) =
        gates(lane, unit, kOutput) * hyperbolicTangent(cell(lane, unit));
    declareGates(gates, lanes);
    declareDense(cell, lanes);
    declareDense(output, lanes);
    output.vectorize(lane, lanes);
  }
};

/// The whole gradient of the cell: what later steps carry back and what the
/// output of this one adds. `result` may be `carried`.
class LstmCellGradient : public BlockedGenerator<LstmCellGradient> {
public:
  Input<Buffer<float>> gates{"gates", 3};
  Input<Buffer<float>> cell{"cell", 2};
  Input<Buffer<float>> outputGradient{"output_gradient", 2};
  Input<Buffer<float>> carried{"carried", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() {
    int lanes = vectorLanes;
    Expr squashed = hyperbolicTangent(cell(lane, unit));
    result(lane, unit) = carried(lane, unit) + outputGradient(lane, unit) *
                                                   gates(lane, unit, kOutput) *
                                                   (1.0f - squashed * squashed);
    declareGates(gates, lanes);
    declareDense(cell, lanes);
    declareDense(outputGradient, lanes);
    declareDense(carried, lanes);
    declareDense(result, lanes);
    result.vectorize(lane, lanes);
  }
};

class LstmArgumentGradient : public BlockedGenerator<LstmArgumentGradient> {
public:
  Input<Buffer<float>> gates{"gates", 3};
  Input<Buffer<float>> before{"before", 2};
  Input<Buffer<float>> cell{"cell", 2};
  Input<Buffer<float>> outputGradient{"output_gradient", 2};
  Input<Buffer<float>> cellGradient{"cell_gradient", 2};
  Output<Buffer<float>> result{"result", 3};

  void generate() {
    int lanes = vectorLanes;
    auto value = [&](Gate which) { return gates(lane, unit, which); };
    auto slope = [&](Gate which) {
      return value(which) * (1.0f - value(which));
    };
    Expr ofCell = cellGradient(lane, unit);
    Expr candidate = value(kCandidate);
    result(lane, unit, gate) = mux(
        gate, std::vector<Expr>{
                  ofCell * candidate * slope(kInput),
                  ofCell * before(lane, unit) * slope(kForget),
                  ofCell * value(kInput) * (1.0f - candidate * candidate),
                  outputGradient(lane, unit) *
                      hyperbolicTangent(cell(lane, unit)) * slope(kOutput)});
    declareGates(gates, lanes);
    declareDense(before, lanes);
    declareDense(cell, lanes);
    declareDense(outputGradient, lanes);
    declareDense(cellGradient, lanes);
    declareGates(result, lanes);
    result.vectorize(lane, lanes).unroll(gate, kGates);
  }
};

/// What the step before gets of the cell's gradient. `result` may be
/// `cell_gradient`.
class LstmCarry : public BlockedGenerator<LstmCarry> {
public:
  Input<Buffer<float>> gates{"gates", 3};
  Input<Buffer<float>> cellGradient{"cell_gradient", 2};
  Output<Buffer<float>> result{"result", 2};

  void generate() {
    int lanes = vectorLanes;
    result(lane, unit) = gates(lane, unit, kForget) * cellGradient(lane, unit);
    declareGates(gates, lanes);
    declareDense(cellGradient, lanes);
    declareDense(result, lanes);
    result.vectorize(lane, lanes);
  }
};

} // namespace lacuna::pipelines

HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmGates, lstm_gates)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmCell, lstm_cell)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmOutput, lstm_output)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmCellGradient,
                          lstm_cell_gradient)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmArgumentGradient,
                          lstm_argument_gradient)
HALIDE_REGISTER_GENERATOR(lacuna::pipelines::LstmCarry, lstm_carry)
