//===- Memory.h - Aligned buffers, accounted by kind ------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every buffer of the training state is allocated here, so that what a method
// costs in memory is measured, not estimated, and so that a test can prove that
// no dense buffer is ever made for a sparse layer.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_MEMORY_H
#define LACUNA_RUNTIME_MEMORY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lacuna {

enum class MemoryKind {
  Weights,     ///< Values of parameters, and batch-norm state.
  Indices,     ///< Active sets and streams' indices.
  Gradients,   ///< Gradients of parameters.
  Optimiser,   ///< Momentum, moments.
  Activations, ///< Outputs of layers and their gradients.
  Streams,     ///< Values permuted into stream order.
  Scratch,     ///< Kernel scratch and lane accumulators.
  Data,        ///< Images and labels.
  /// Dense gradients of sparse layers, one at a time, and what computes them.
  DenseGradients,
  /// What a method keeps besides: momentum of inactive weights, weights to
  /// rewind to, statistics of examples.
  MethodState,
};
inline constexpr size_t kMemoryKinds = 10;
std::string_view memoryKindName(MemoryKind kind);

/// Bytes in use and their peak, by kind, and the largest single allocation.
/// Counters are process-wide and thread-safe.
struct MemoryUsage {
  std::array<int64_t, kMemoryKinds> current{};
  std::array<int64_t, kMemoryKinds> peak{};
  std::array<int64_t, kMemoryKinds> largest{};
  int64_t totalCurrent = 0;
  int64_t totalPeak = 0;

  int64_t of(MemoryKind kind) const { return current[size_t(kind)]; }
};
MemoryUsage memoryUsage();
/// The most of the whole process that was ever in memory, code included.
int64_t peakResidentBytes();
/// Restarts peak and largest from what is in use now.
void resetMemoryPeaks();

/// Adds to (or, negative, takes from) the account of memory held elsewhere,
/// such as index vectors.
void accountMemory(MemoryKind kind, int64_t bytes);

/// A zero-initialised, 64-byte aligned, move-only array of trivially copyable
/// elements. Throws EnvironmentError when memory runs out.
void *allocateAligned(MemoryKind kind, int64_t bytes);
void releaseAligned(MemoryKind kind, void *pointer, int64_t bytes);

template <typename T> class Buffer {
public:
  Buffer() = default;
  Buffer(MemoryKind kind, int64_t size)
      : elements(static_cast<T *>(
            allocateAligned(kind, size * static_cast<int64_t>(sizeof(T))))),
        count(size), kind(kind) {}
  Buffer(Buffer &&other) noexcept { swap(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    Buffer moved(static_cast<Buffer &&>(other));
    swap(moved);
    return *this;
  }
  ~Buffer() {
    if (elements)
      releaseAligned(kind, elements, count * static_cast<int64_t>(sizeof(T)));
  }

  T *data() { return elements; }
  const T *data() const { return elements; }
  int64_t size() const { return count; }
  T &operator[](int64_t i) { return elements[i]; }
  const T &operator[](int64_t i) const { return elements[i]; }
  T *begin() { return elements; }
  T *end() { return elements + count; }
  const T *begin() const { return elements; }
  const T *end() const { return elements + count; }

private:
  void swap(Buffer &other) noexcept {
    T *e = elements;
    elements = other.elements;
    other.elements = e;
    int64_t c = count;
    count = other.count;
    other.count = c;
    MemoryKind k = kind;
    kind = other.kind;
    other.kind = k;
  }

  T *elements = nullptr;
  int64_t count = 0;
  MemoryKind kind = MemoryKind::Scratch;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_MEMORY_H
