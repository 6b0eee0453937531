//===- InterpreterProvider.cpp - Kernels as plain loops -------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InterpreterProvider.h"

#include "Interpreter.h"

#include "lacuna/Support/Error.h"

#include <array>
#include <sstream>
#include <utility>

namespace lacuna::testing {

namespace {

constexpr size_t kSlots = 512;

/// A kernel's entry gets no context, so each interpreter in use has an entry of
/// its own, which knows its slot.
class EntryRegistry {
public:
  static EntryRegistry &instance() {
    static EntryRegistry registry;
    return registry;
  }

  size_t claim(std::shared_ptr<Interpreter> interpreter) {
    std::lock_guard<std::mutex> lock(mutex);
    for (size_t slot = 0; slot < kSlots; ++slot)
      if (!interpreters[slot]) {
        interpreters[slot] = std::move(interpreter);
        return slot;
      }
    throw InternalError("the interpreter has no slot left");
  }

  void release(size_t slot) {
    std::lock_guard<std::mutex> lock(mutex);
    interpreters[slot].reset();
  }

  lacuna_kernel_fn entry(size_t slot) const { return entries[slot]; }

private:
  template <size_t Slot>
  static void trampoline(const lacuna_kernel_operands *operands, int64_t begin,
                         int64_t end) {
    instance().interpreters[Slot]->run(*operands, begin, end);
  }

  template <size_t... Slots>
  static std::array<lacuna_kernel_fn, kSlots>
  makeEntries(std::index_sequence<Slots...>) {
    return {trampoline<Slots>...};
  }

  std::mutex mutex;
  std::array<std::shared_ptr<Interpreter>, kSlots> interpreters;
  std::array<lacuna_kernel_fn, kSlots> entries =
      makeEntries(std::make_index_sequence<kSlots>());
};

std::string keyOf(const KernelRequest &request) {
  const Geometry &g = request.geometry;
  std::ostringstream key;
  key << operationName(request.operation) << (g.kind == LayerKind::Linear)
      << ' ' << g.inChannels << ' ' << g.outChannels;
  for (const Extent2d &extent : {g.input, g.kernel, g.stride, g.padding})
    key << ' ' << extent.height << 'x' << extent.width;
  key << ' ' << schemeName(request.structure.scheme) << ' '
      << request.structure.blockRows;
  for (const KernelPattern &pattern : request.structure.patterns) {
    key << " p";
    for (uint8_t tap : pattern)
      key << ' ' << int(tap);
  }
  key << " fusion " << request.fusion.bias << request.fusion.normalise
      << request.fusion.statistics << request.fusion.accumulate
      << request.fusion.normGradient << request.fusion.normResidual << " "
      << int(request.level);
  return key.str();
}

Schedule scheduleFor(const KernelRequest &request, int64_t lanes) {
  Schedule schedule;
  schedule.lanes = lanes;
  schedule.batchTile = 2;
  schedule.tileHeight = 3;
  schedule.tileWidth = 4;
  schedule.level = request.level;
  // Column items must not straddle chunks.
  schedule.channelChunk = 4 * request.structure.blockRows;
  if (request.operation != Operation::GradInput &&
      request.level == Level::Specialised)
    schedule.panelRows = request.structure.blockRows;
  return schedule;
}

} // namespace

std::shared_ptr<const Kernel>
InterpreterProvider::get(const KernelRequest &request) {
  std::lock_guard<std::mutex> lock(mutex);
  std::string key = keyOf(request);
  if (auto known = kernels.find(key); known != kernels.end()) {
    ++counts.memoryHits;
    return known->second;
  }
  StreamLayout layout(request.operation, request.geometry, request.structure,
                      scheduleFor(request, vectorLanes));
  size_t slot = EntryRegistry::instance().claim(
      std::make_shared<Interpreter>(layout, request.fusion));
  std::shared_ptr<void> code(
      nullptr, [slot](void *) { EntryRegistry::instance().release(slot); });
  auto kernel = std::make_shared<Kernel>(
      Kernel{key, key, std::move(layout), request.fusion,
             EntryRegistry::instance().entry(slot), std::move(code)});
  ++counts.compiles;
  kernels[key] = kernel;
  return kernel;
}

ProviderStatistics InterpreterProvider::statistics() const {
  std::lock_guard<std::mutex> lock(mutex);
  return counts;
}

} // namespace lacuna::testing
