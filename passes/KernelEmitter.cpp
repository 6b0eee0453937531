//===- KernelEmitter.cpp - Building blocks of emitted kernels -------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "lacuna/Kernel/KernelAbi.h"
#include "lacuna/Passes/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/STLExtras.h"

#include <cstddef>

using namespace mlir;

namespace lacuna::ir {

namespace {

constexpr int64_t kAlignment = 64;

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

enum class Element { Float, Offset, Index };

/// A pointer among the operands of the kernel ABI.
struct PointerOperand {
  Value KernelOperands::*member;
  size_t place; ///< In lacuna_kernel_operands.
  Element element;
  bool aligned; ///< To kAlignment.
};

constexpr PointerOperand kPointers[] = {
    {&KernelOperands::source, offsetof(lacuna_kernel_operands, source),
     Element::Float, true},
    {&KernelOperands::gradient, offsetof(lacuna_kernel_operands, gradient),
     Element::Float, true},
    {&KernelOperands::values, offsetof(lacuna_kernel_operands, values),
     Element::Float, false},
    {&KernelOperands::offsets, offsetof(lacuna_kernel_operands, offsets),
     Element::Offset, false},
    {&KernelOperands::indices, offsetof(lacuna_kernel_operands, indices),
     Element::Index, false},
    {&KernelOperands::bias, offsetof(lacuna_kernel_operands, bias),
     Element::Float, false},
    {&KernelOperands::sourceScale,
     offsetof(lacuna_kernel_operands, source_scale), Element::Float, false},
    {&KernelOperands::sourceShift,
     offsetof(lacuna_kernel_operands, source_shift), Element::Float, false},
    {&KernelOperands::statistics, offsetof(lacuna_kernel_operands, statistics),
     Element::Float, true},
    {&KernelOperands::result, offsetof(lacuna_kernel_operands, result),
     Element::Float, true},
    {&KernelOperands::scratch, offsetof(lacuna_kernel_operands, scratch),
     Element::Float, true},
    {&KernelOperands::lanes, offsetof(lacuna_kernel_operands, lanes),
     Element::Float, true},
    {&KernelOperands::normInput, offsetof(lacuna_kernel_operands, norm_input),
     Element::Float, true},
    {&KernelOperands::normOutput, offsetof(lacuna_kernel_operands, norm_output),
     Element::Float, true},
    {&KernelOperands::normMean, offsetof(lacuna_kernel_operands, norm_mean),
     Element::Float, false},
};

/// The entry point (lacuna-export-kernel) passes all fields in their order, and
/// the range of work items after them.
constexpr bool followTheAbi() {
  size_t place = 0;
  for (const PointerOperand &pointer : kPointers) {
    if (pointer.place != place)
      return false;
    place += sizeof(void *);
  }
  return place == offsetof(lacuna_kernel_operands, batch_blocks);
}
static_assert(followTheAbi());

} // namespace

KernelEmitter::KernelEmitter(OpBuilder &builder, func::FuncOp layer,
                             const StreamLayout &layout, const Fusion &fusion,
                             const InstructionChoice &instructions)
    : LoopEmitter(builder, layer.getLoc(), layout.schedule.lanes),
      layout(layout), fusion(fusion), instructions(instructions) {
  auto typeOf = [&](Element element) -> Type {
    switch (element) {
    case Element::Float:
      return builder.getF32Type();
    case Element::Offset:
      return builder.getI32Type();
    case Element::Index:
      return builder.getI16Type();
    }
    llvm_unreachable("unknown element");
  };
  SmallVector<Type> types;
  for (const PointerOperand &pointer : kPointers)
    types.push_back(MemRefType::get({}, typeOf(pointer.element)));
  Value KernelOperands::*const numbers[] = {&KernelOperands::batchBlocks,
                                            &KernelOperands::begin,
                                            &KernelOperands::end};
  types.append(std::size(numbers), builder.getIndexType());
  auto function = func::FuncOp::create(
      builder, loc, layer.getName(), builder.getFunctionType(types, {}),
      llvm::to_vector(layer->getDiscardableAttrs()));
  function.setVisibility(layer.getVisibility());
  function->setAttr(kKernelAttribute, builder.getUnitAttr());
  for (auto [i, pointer] : llvm::enumerate(kPointers)) {
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(),
                        builder.getUnitAttr());
    function.setArgAttr(i, LLVM::LLVMDialect::getNoCaptureAttrName(),
                        builder.getUnitAttr());
    if (pointer.aligned)
      function.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                          builder.getI64IntegerAttr(kAlignment));
  }

  Block *body = function.addEntryBlock();
  enter(body);
  for (auto [i, pointer] : llvm::enumerate(kPointers))
    operands.*pointer.member =
        flatView(builder, loc, body->getArgument(i), builder.getIndexAttr(0));
  for (auto [i, number] : llvm::enumerate(numbers))
    operands.*number = body->getArgument(std::size(kPointers) + i);
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(body->getTerminator());
}

void KernelEmitter::streamVector(Value value, Value memory, Value position) {
  vector::StoreOp::create(builder, loc, value, memory, position,
                          /*nontemporal=*/true,
                          llvm::Align(lanes() * kFloatBytes));
}
void KernelEmitter::fenceStreams() {
  LLVM::CallIntrinsicOp::create(
      builder, loc, builder.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
}

Value KernelEmitter::opaqueConstant(int64_t value) {
  Value &known = opaqueConstants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entryBlock());
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
