//===- KernelEmitter.cpp - Building blocks of emitted kernels -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace lacuna::ir {

namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kCacheLineBytes = 64;

/// A flat view of an operand from `offset` on. Its extent is the caller's
/// business: streams and tensors vary from call to call and the ABI passes no
/// sizes.
Value flatView(OpBuilder &builder, Location loc, Value pointer,
               OpFoldResult offset) {
  auto element = cast<MemRefType>(pointer.getType()).getElementType();
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  if (isa<Value>(offset))
    type = MemRefType::get(
        type.getShape(), element,
        StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, 1));
  Value unbounded = arith::ConstantIndexOp::create(
      builder, loc, std::numeric_limits<int64_t>::max());
  return memref::ReinterpretCastOp::create(
      builder, loc, type, pointer, offset, ArrayRef<OpFoldResult>{unbounded},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
}

} // namespace

KernelEmitter::KernelEmitter(OpBuilder &builder, Location loc,
                             const StreamLayout &layout, const Fusion &fusion,
                             const InstructionChoice &instructions,
                             StringRef name)
    : layout(layout), fusion(fusion), instructions(instructions),
      builder(builder), loc(loc),
      vector(VectorType::get({layout.schedule.lanes}, builder.getF32Type())) {
  Type floats = MemRefType::get({}, builder.getF32Type());
  Type offsets = MemRefType::get({}, builder.getI32Type());
  Type indices = MemRefType::get({}, builder.getI16Type());
  Type index = builder.getIndexType();
  SmallVector<Type> types{floats, floats, floats, offsets, indices, floats,
                          floats, floats, floats, floats,  floats,  floats,
                          floats, floats, floats, index,   index,   index};
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  function->setAttr(kKernelAttribute, builder.getUnitAttr());
  for (auto [i, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type)) {
      function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(),
                          builder.getUnitAttr());
      function.setArgAttr(i, LLVM::LLVMDialect::getNoCaptureAttrName(),
                          builder.getUnitAttr());
    }
  for (int64_t aligned : {0, 1, 8, 9, 10, 11, 12, 13})
    function.setArgAttr(aligned, LLVM::LLVMDialect::getAlignAttrName(),
                        builder.getI64IntegerAttr(kAlignment));

  entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  auto view = [&](unsigned i) {
    return flatView(builder, loc, entry->getArgument(i),
                    builder.getIndexAttr(0));
  };
  operands = {view(0),
              view(1),
              view(2),
              view(3),
              view(4),
              view(5),
              view(6),
              view(7),
              view(8),
              view(9),
              view(10),
              view(11),
              view(12),
              view(13),
              view(14),
              entry->getArgument(15),
              entry->getArgument(16),
              entry->getArgument(17)};
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(entry->getTerminator());
}

Value KernelEmitter::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    known = arith::ConstantIndexOp::create(builder, loc, value);
  }
  return known;
}

Value KernelEmitter::zeroVector() {
  if (!zero) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    zero = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(vector, builder.getF32FloatAttr(0)));
  }
  return zero;
}

Value KernelEmitter::add(Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}
Value KernelEmitter::add(Value a, int64_t b) {
  return b == 0 ? a : add(a, constant(b));
}
Value KernelEmitter::subtract(Value a, Value b) {
  return arith::SubIOp::create(builder, loc, a, b);
}
Value KernelEmitter::multiply(Value a, int64_t b) {
  return b == 1 ? a : arith::MulIOp::create(builder, loc, a, constant(b));
}
Value KernelEmitter::divide(Value a, int64_t b) {
  return b == 1 ? a : arith::DivUIOp::create(builder, loc, a, constant(b));
}
Value KernelEmitter::remainder(Value a, int64_t b) {
  return b == 1 ? constant(0)
                : arith::RemUIOp::create(builder, loc, a, constant(b));
}
Value KernelEmitter::minimum(Value a, Value b) {
  return arith::MinSIOp::create(builder, loc, a, b);
}
Value KernelEmitter::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value KernelEmitter::loadVector(Value memory, Value position) {
  return vector::LoadOp::create(builder, loc, vector, memory, position);
}
Value KernelEmitter::opaqueConstant(int64_t value) {
  Value &known = opaqueConstants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    Value number = arith::ConstantOp::create(builder, loc,
                                             builder.getI64IntegerAttr(value));
    // An empty piece of assembly that might change the number.
    auto assembly = LLVM::InlineAsmOp::create(
        builder, loc, builder.getI64Type(), number, /*asm_string=*/"",
        /*constraints=*/"=r,0", /*has_side_effects=*/false,
        /*is_align_stack=*/false, LLVM::TailCallKind::None,
        LLVM::AsmDialectAttr(), ArrayAttr());
    known = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                       assembly.getRes());
  }
  return known;
}
Value KernelEmitter::viewFrom(Value memory, Value position) {
  return flatView(builder, loc, memory, position);
}
void KernelEmitter::storeVector(Value value, Value memory, Value position) {
  vector::StoreOp::create(builder, loc, value, memory, position);
}
int64_t KernelEmitter::lineVectors() const {
  constexpr int64_t kFloatBytes = 4;
  return std::max<int64_t>(1, kCacheLineBytes / (lanes() * kFloatBytes));
}
void KernelEmitter::prefetch(Value memory, Value position, bool write) {
  // As far as the L2: what is in use fills the L1.
  constexpr int kSecondLevel = 2;
  memref::PrefetchOp::create(builder, loc, memory, position, write,
                             write ? 3 : kSecondLevel, /*isDataCache=*/true);
}
Value KernelEmitter::loadSplat(Value memory, Value position) {
  Value scalar = memref::LoadOp::create(builder, loc, memory, position);
  return vector::BroadcastOp::create(builder, loc, vector, scalar);
}
Value KernelEmitter::loadOffset(Value position) {
  Value entry =
      memref::LoadOp::create(builder, loc, operands.offsets, position);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    entry);
}
Value KernelEmitter::loadItemIndex(Value item) {
  Value entry = memref::LoadOp::create(builder, loc, operands.indices, item);
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(),
                                      entry);
}
Value KernelEmitter::fma(Value a, Value b, Value c) {
  ++fmaCount;
  return math::FmaOp::create(builder, loc, a, b, c);
}
Value KernelEmitter::addVectors(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}

Value KernelEmitter::subtractVectors(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}

Value KernelEmitter::passWherePositive(Value sign, Value value) {
  Value positive = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OGT, sign, zeroVector());
  return arith::SelectOp::create(builder, loc, positive, value, zeroVector());
}

Value KernelEmitter::rectify(Value value) {
  Value negative = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLT, value, zeroVector());
  return arith::SelectOp::create(builder, loc, negative, zeroVector(), value);
}

Value KernelEmitter::sumLanes(Value value) {
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

void KernelEmitter::storeScalar(Value value, Value memory, Value position) {
  memref::StoreOp::create(builder, loc, value, memory, position);
}

ValueRange KernelEmitter::loop(Value low, Value high, int64_t step,
                               ValueRange carried, LoopBody body) {
  auto loop = scf::ForOp::create(
      builder, loc, low, high, constant(step), carried,
      [&](OpBuilder &, Location, Value iteration, ValueRange values) {
        scf::YieldOp::create(builder, loc, body(iteration, values));
      });
  return loop.getResults();
}

void KernelEmitter::loop(Value low, Value high, int64_t step,
                         llvm::function_ref<void(Value)> body) {
  loop(low, high, step, {}, [&](Value iteration, ValueRange) {
    body(iteration);
    return SmallVector<Value>();
  });
}

void KernelEmitter::branch(Value condition, llvm::function_ref<void()> then,
                           llvm::function_ref<void()> otherwise) {
  auto emit = [&](llvm::function_ref<void()> side) {
    return [this, side](OpBuilder &, Location) {
      side();
      scf::YieldOp::create(builder, loc);
    };
  };
  scf::IfOp::create(builder, loc, condition, emit(then), emit(otherwise));
}

SplatRun::SplatRun(KernelEmitter &emitter, Value memory, Value position,
                   int64_t count)
    : emit(emitter), memory(memory), position(position), splats(count),
      vectors(emitter.instructions.laneFactors ? count / emitter.lanes() : 0) {}

Value SplatRun::operator[](int64_t i) {
  Value &splat = splats[i];
  if (splat)
    return splat;
  size_t whole = i / emit.lanes();
  if (whole >= vectors.size())
    return splat = emit.loadSplat(memory, emit.add(position, i));
  Value &vector = vectors[whole];
  if (!vector)
    vector = emit.loadVector(memory, emit.add(position, whole * emit.lanes()));
  Value lane = vector::ExtractOp::create(emit.builder, emit.loc, vector,
                                         ArrayRef<int64_t>{i % emit.lanes()});
  return splat = vector::BroadcastOp::create(emit.builder, emit.loc,
                                             emit.vectorType(), lane);
}

namespace {

/// Bytes that the offset of an unscaled load reaches either way.
constexpr int64_t kUnscaledReach = 256;
/// Windows start at multiples of this many vectors, so that bodies share them.
constexpr int64_t kWindowStep = 4;

int64_t windowVectors(int64_t lanes) {
  return 2 * kUnscaledReach / (lanes * int64_t(sizeof(float)));
}

} // namespace

NearVectors::NearVectors(KernelEmitter &emitter, Value memory, Value position,
                         SmallVector<int64_t> offsets)
    : emit(emitter), memory(memory), position(position) {
  if (!emit.instructions.unscaledLoads)
    return;
  llvm::sort(offsets);
  for (int64_t offset : offsets)
    if (windows.empty() ||
        offset >= windows.back() + windowVectors(emit.lanes()))
      windows.push_back(offset / kWindowStep * kWindowStep);
  for (int64_t window : windows)
    views.push_back(emit.viewFrom(
        memory, emit.add(position, emit.opaqueConstant(middle(window)))));
}

int64_t NearVectors::middle(int64_t window) const {
  // Half a vector off: no offset from there is a multiple of a vector.
  return (2 * window + windowVectors(emit.lanes()) - 1) * emit.lanes() / 2;
}

Value NearVectors::load(int64_t offset) const {
  int64_t floats = offset * emit.lanes();
  if (windows.empty())
    return emit.loadVector(memory, emit.add(position, floats));
  size_t index = llvm::upper_bound(windows, offset) - windows.begin() - 1;
  return emit.loadVector(views[index],
                         emit.constant(floats - middle(windows[index])));
}

} // namespace lacuna::ir
