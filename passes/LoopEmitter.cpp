//===- LoopEmitter.cpp - Building blocks of emitted loops -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

constexpr int64_t kCacheLineBytes = 64;

} // namespace

LoopEmitter::LoopEmitter(OpBuilder &builder, Location loc, int64_t lanes)
    : builder(builder), loc(loc),
      vector(VectorType::get({lanes}, builder.getF32Type())) {}

void LoopEmitter::enter(Block *block) {
  entry = block;
  builder.setInsertionPointToStart(block);
}

Value LoopEmitter::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    known = arith::ConstantIndexOp::create(builder, loc, value);
  }
  return known;
}

Value LoopEmitter::zeroVector() {
  if (!zero) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    zero = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(vector, builder.getF32FloatAttr(0)));
  }
  return zero;
}

Value LoopEmitter::add(Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}
Value LoopEmitter::add(Value a, int64_t b) {
  return b == 0 ? a : add(a, constant(b));
}
Value LoopEmitter::subtract(Value a, Value b) {
  return arith::SubIOp::create(builder, loc, a, b);
}
Value LoopEmitter::multiply(Value a, int64_t b) {
  return b == 1 ? a : arith::MulIOp::create(builder, loc, a, constant(b));
}
Value LoopEmitter::divide(Value a, int64_t b) {
  return b == 1 ? a : arith::DivUIOp::create(builder, loc, a, constant(b));
}
Value LoopEmitter::remainder(Value a, int64_t b) {
  return b == 1 ? constant(0)
                : arith::RemUIOp::create(builder, loc, a, constant(b));
}
Value LoopEmitter::minimum(Value a, Value b) {
  return arith::MinSIOp::create(builder, loc, a, b);
}
Value LoopEmitter::maximum(Value a, Value b) {
  return arith::MaxSIOp::create(builder, loc, a, b);
}
Value LoopEmitter::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value LoopEmitter::loadVector(Value memory, Value position) {
  return vector::LoadOp::create(builder, loc, vector, memory, position);
}
void LoopEmitter::storeVector(Value value, Value memory, Value position) {
  vector::StoreOp::create(builder, loc, value, memory, position);
}
int64_t LoopEmitter::lineVectors() const {
  return std::max<int64_t>(1, kCacheLineBytes / (lanes() * kFloatBytes));
}
void LoopEmitter::prefetch(Value memory, Value position, bool write) {
  // Reads as far as the L2: what is in use fills the L1. x86 fetches for
  // writing into the L1 alone.
  constexpr int kFirstLevel = 3, kSecondLevel = 2;
  memref::PrefetchOp::create(builder, loc, memory, position, write,
                             write ? kFirstLevel : kSecondLevel,
                             /*isDataCache=*/true);
}
Value LoopEmitter::loadSplat(Value memory, Value position) {
  Value scalar = memref::LoadOp::create(builder, loc, memory, position);
  return vector::BroadcastOp::create(builder, loc, vector, scalar);
}
Value LoopEmitter::fma(Value a, Value b, Value c) {
  ++fmaCount;
  return math::FmaOp::create(builder, loc, a, b, c);
}
Value LoopEmitter::addVectors(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}

Value LoopEmitter::subtractVectors(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}

Value LoopEmitter::passWherePositive(Value sign, Value value) {
  Value positive = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OGT, sign, zeroVector());
  return arith::SelectOp::create(builder, loc, positive, value, zeroVector());
}

Value LoopEmitter::rectify(Value value) {
  Value negative = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLT, value, zeroVector());
  return arith::SelectOp::create(builder, loc, negative, zeroVector(), value);
}

Value LoopEmitter::sumLanes(Value value) {
  for (int64_t width = lanes(); width > 1; width /= 2) {
    auto half = [&](int64_t first) -> Value {
      return vector::ExtractStridedSliceOp::create(
          builder, loc, value, ArrayRef<int64_t>{first},
          ArrayRef<int64_t>{width / 2}, ArrayRef<int64_t>{1});
    };
    value = addVectors(half(0), half(width / 2));
  }
  return vector::ExtractOp::create(builder, loc, value, ArrayRef<int64_t>{0});
}

void LoopEmitter::storeScalar(Value value, Value memory, Value position) {
  memref::StoreOp::create(builder, loc, value, memory, position);
}

ValueRange LoopEmitter::loop(Value low, Value high, int64_t step,
                             ValueRange carried, LoopBody body) {
  auto loop = scf::ForOp::create(
      builder, loc, low, high, constant(step), carried,
      [&](OpBuilder &, Location, Value iteration, ValueRange values) {
        scf::YieldOp::create(builder, loc, body(iteration, values));
      });
  return loop.getResults();
}

void LoopEmitter::loop(Value low, Value high, int64_t step,
                       llvm::function_ref<void(Value)> body) {
  loop(low, high, step, {}, [&](Value iteration, ValueRange) {
    body(iteration);
    return SmallVector<Value>();
  });
}

void LoopEmitter::branch(Value condition, llvm::function_ref<void()> then,
                         llvm::function_ref<void()> otherwise) {
  auto emit = [&](llvm::function_ref<void()> side) {
    return [this, side](OpBuilder &, Location) {
      side();
      scf::YieldOp::create(builder, loc);
    };
  };
  scf::IfOp::create(builder, loc, condition, emit(then), emit(otherwise));
}

} // namespace lacuna::ir
