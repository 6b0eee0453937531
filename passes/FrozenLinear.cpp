//===- FrozenLinear.cpp - Linear layers with constant weights -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lanes are the output channels of a group: an item is one input times a vector
// of weights. Of unstructured weights a group has one row, and all is scalar.
//
//===----------------------------------------------------------------------===//

#include "StageEmitter.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

class LinearEmitter {
public:
  LinearEmitter(Stage &stage, const FrozenPlan &plan, FrozenLayerOp layer)
      : stage(stage), plan(plan), layer(layer) {}

  void emit(bool baked) {
    stage.addTable("bias", layer.getBias());
    stage.addTable("values", ArrayRef<float>(plan.values));
    if (!baked && !plan.dense) {
      stage.addTable("starts", ArrayRef<int64_t>(plan.starts));
      stage.addTable("indices", ArrayRef<int64_t>(plan.columns));
    }
    for (int64_t first = 0; first < plan.groups();) {
      int64_t last = first, items = 0;
      while (last < plan.groups() && plan.rowsOf(last) == plan.rowsOf(first) &&
             (!baked || last == first ||
              items + plan.itemsOf(last) <= kMaxBakedItems)) {
        items += plan.itemsOf(last);
        ++last;
      }
      StageEmitter emitter(stage, plan.rowsOf(first));
      enter(emitter);
      if (baked)
        for (int64_t group = first; group < last; ++group)
          bakeGroup(group);
      else
        walkGroups(first, last);
      first = last;
    }
  }

private:
  using Sums = StageEmitter::Sums;

  void enter(StageEmitter &emitter) {
    e = &emitter;
    values = e->table("values");
    bias = e->table("bias");
  }

  void walkGroups(int64_t first, int64_t last) {
    Value starts, indices;
    if (!plan.dense) {
      starts = e->table("starts");
      indices = e->table("indices");
    }
    e->loop(e->constant(first), e->constant(last), 1, [&](Value group) {
      Value begin, end, shift;
      if (plan.dense) {
        begin = e->constant(0);
        end = e->constant(plan.geometry.inChannels);
        shift = e->multiply(group, plan.geometry.inChannels * plan.rows);
      } else {
        begin = e->loadNumber(starts, group);
        end = e->loadNumber(starts, e->add(group, 1));
        shift = e->constant(0);
      }
      Value output = e->multiply(group, plan.rows);
      auto add = [&](Value item, MutableArrayRef<Value> sums) {
        Value column = plan.dense ? item : e->loadNumber(indices, item);
        multiplyAdd(column, e->add(e->multiply(item, e->lanes()), shift), sums);
      };
      Sums sums = e->sumItems(begin, end, plan.chains,
                              {e->loadVector(bias, output)}, add);
      finish(sums.front(), output);
    });
  }

  void bakeGroup(int64_t group) {
    Value output = e->constant(group * plan.rows);
    int64_t begin = plan.starts[static_cast<size_t>(group)];
    auto add = [&](int64_t item, MutableArrayRef<Value> sums) {
      multiplyAdd(e->constant(plan.columns[static_cast<size_t>(item)]),
                  e->constant(plan.valueOf(group, item)), sums);
    };
    Sums sums = e->sumItems(begin, begin + plan.itemsOf(group), plan.chains,
                            {e->loadVector(bias, output)}, add);
    finish(sums.front(), output);
  }

  void multiplyAdd(Value column, Value value, MutableArrayRef<Value> sums) {
    Value input =
        e->loadSplat(e->source.memory, e->add(e->source.base, column));
    sums.front() = e->fma(e->loadVector(values, value), input, sums.front());
  }

  void finish(Value sum, Value output) {
    if (e->residual)
      sum =
          e->addVectors(sum, e->loadVector(e->residual->memory,
                                           e->add(e->residual->base, output)));
    if (layer.getRelu())
      sum = e->rectify(sum);
    e->storeVector(sum, e->result.memory, e->add(e->result.base, output));
  }

  Stage &stage;
  const FrozenPlan &plan;
  FrozenLayerOp layer;
  StageEmitter *e = nullptr;
  Value values, bias;
};

} // namespace

void emitFrozenLinear(Stage &stage, const FrozenPlan &plan, FrozenLayerOp layer,
                      bool baked) {
  LinearEmitter(stage, plan, layer).emit(baked);
}

} // namespace lacuna::ir
