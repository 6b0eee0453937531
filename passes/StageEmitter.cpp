//===- StageEmitter.cpp - Functions of a frozen network -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <limits>

using namespace mlir;

namespace lacuna::ir {

void Stage::addTable(StringRef suffix, DenseElementsAttr values) {
  auto type = cast<ShapedType>(values.getType());
  memref::GlobalOp::create(
      builder, loc, (name + "_" + suffix).str(),
      builder.getStringAttr("private"),
      MemRefType::get(type.getShape(), type.getElementType()), values,
      /*constant=*/true, /*alignment=*/builder.getI64IntegerAttr(64));
}

void Stage::addTable(StringRef suffix, ArrayRef<float> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getF32Type());
  addTable(suffix, DenseElementsAttr::get(type, values));
}

void Stage::addTable(StringRef suffix, ArrayRef<int64_t> values) {
  auto add = [&](auto narrow) {
    using Number = decltype(narrow);
    SmallVector<Number> numbers;
    for (int64_t value : values)
      numbers.push_back(static_cast<Number>(value));
    auto type =
        RankedTensorType::get({static_cast<int64_t>(values.size())},
                              builder.getIntegerType(8 * sizeof(Number)));
    addTable(suffix, DenseElementsAttr::get(type, ArrayRef<Number>(numbers)));
  };
  bool fits = llvm::all_of(values, [](int64_t value) {
    return value <= std::numeric_limits<uint16_t>::max();
  });
  fits ? add(uint16_t()) : add(uint32_t());
}

StageEmitter::StageEmitter(Stage &stage, int64_t lanes)
    : LoopEmitter(stage.builder, stage.loc, lanes), stage(stage) {
  std::string name = stage.name;
  if (!stage.functions.empty()) {
    name += "_part" + std::to_string(stage.functions.size());
    builder.setInsertionPointAfter(stage.functions.back());
  }
  auto function = func::FuncOp::create(builder, loc, name, stage.type);
  function->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  for (unsigned argument = 0; argument < 3; ++argument)
    for (StringRef attribute : {LLVM::LLVMDialect::getNoAliasAttrName(),
                                LLVM::LLVMDialect::getNoCaptureAttrName()})
      function.setArgAttr(argument, attribute, builder.getUnitAttr());
  stage.functions.push_back(function);

  Block *body = function.addEntryBlock();
  enter(body);
  func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(body->getTerminator());
  auto open = [&](const Storage &storage) {
    Value memory = body->getArgument(storage.kind);
    Value base = storage.kind == Storage::Scratch
                     ? constant(storage.offset)
                     : multiply(body->getArgument(3), storage.planes.floats);
    return Tensor{memory, base, storage.planes};
  };
  source = open(stage.source);
  result = open(stage.result);
  if (stage.residual)
    residual = open(*stage.residual);
}

Value StageEmitter::table(StringRef suffix) {
  std::string name = (stage.name + "_" + suffix).str();
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      stage.functions.back(), builder.getStringAttr(name));
  return memref::GetGlobalOp::create(builder, loc, global.getType(), name);
}

Value StageEmitter::loadNumber(Value table, Value position) {
  Value entry = memref::LoadOp::create(builder, loc, table, position);
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(),
                                      entry);
}

StageEmitter::Sums StageEmitter::chained(const Sums &first, int64_t chains) {
  Sums sums(first);
  sums.resize(first.size() * static_cast<size_t>(chains), zeroVector());
  return sums;
}

StageEmitter::Sums StageEmitter::joined(const Sums &chained, size_t count) {
  Sums sums(ArrayRef<Value>(chained).take_front(count));
  for (size_t i = count; i < chained.size(); ++i)
    sums[i % count] = addVectors(sums[i % count], chained[i]);
  return sums;
}

StageEmitter::Sums StageEmitter::sumItems(
    Value begin, Value end, int64_t chains, const Sums &first,
    llvm::function_ref<void(Value, MutableArrayRef<Value>)> add) {
  size_t count = first.size();
  Value middle = begin;
  Sums sums = first;
  if (chains > 1) {
    Value steps = divide(subtract(end, begin), chains);
    middle = this->add(begin, multiply(steps, chains));
    auto step = [&](Value item, ValueRange carried) {
      Sums next(carried);
      for (int64_t chain = 0; chain < chains; ++chain)
        add(this->add(item, chain),
            MutableArrayRef<Value>(next).slice(size_t(chain) * count, count));
      return next;
    };
    sums = joined(
        Sums(loop(begin, middle, chains, chained(first, chains), step)), count);
  }
  return Sums(loop(middle, end, 1, sums, [&](Value item, ValueRange carried) {
    Sums next(carried);
    add(item, next);
    return next;
  }));
}

StageEmitter::Sums StageEmitter::sumItems(
    int64_t begin, int64_t end, int64_t chains, const Sums &first,
    llvm::function_ref<void(int64_t, MutableArrayRef<Value>)> add) {
  size_t count = first.size();
  Sums sums = chained(first, chains);
  for (int64_t item = begin; item < end; ++item) {
    auto chain = static_cast<size_t>((item - begin) % chains);
    add(item, MutableArrayRef<Value>(sums).slice(chain * count, count));
  }
  return joined(sums, count);
}

void StageEmitter::clear(const Tensor &tensor) {
  loop(constant(0), constant(tensor.planes.floats), lanes(), [&](Value i) {
    storeVector(zeroVector(), tensor.memory, add(tensor.base, i));
  });
}

} // namespace lacuna::ir
