//===- Workspace.h - Memory that layers share ----------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_WORKSPACE_H
#define LACUNA_RUNTIME_WORKSPACE_H

#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/Tensor.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace lacuna {

/// What kernels need while they run. One for all layers, as large as the layer
/// that needs most.
class Workspace {
public:
  explicit Workspace(int threads) : scratchOfThread(threads) {}

  /// Makes room for a kernel of so much scratch a thread, and for a
  /// weight gradient of so many stream values.
  void reserve(int64_t scratchFloats, int64_t streamValues, int64_t lanes);

  float *scratch(int thread) { return scratchOfThread[thread].data(); }
  float *laneSums() { return lanesBuffer.data(); }
  float *streamGradient() { return streamGradientBuffer.data(); }

private:
  std::vector<Buffer<float>> scratchOfThread;
  Buffer<float> lanesBuffer, streamGradientBuffer;
};

/// Gradients of activations live only from one layer to the next: a few tensors
/// serve the whole network.
class GradientPool {
  struct Entry {
    Tensor tensor;
    int64_t capacity = 0;
    bool taken = false;
  };

public:
  /// A tensor on loan; returns to the pool when the loan ends.
  class Lease {
  public:
    Lease() = default;
    Lease(Lease &&other) noexcept : entry(other.entry) {
      other.entry = nullptr;
    }
    Lease &operator=(Lease &&other) noexcept {
      if (this != &other) {
        release();
        entry = other.entry;
        other.entry = nullptr;
      }
      return *this;
    }
    ~Lease() { release(); }

    explicit operator bool() const { return entry != nullptr; }
    Tensor &operator*() { return entry->tensor; }
    Tensor *operator->() { return &entry->tensor; }

  private:
    friend class GradientPool;
    explicit Lease(Entry *entry) : entry(entry) { entry->taken = true; }
    void release() {
      if (entry)
        entry->taken = false;
      entry = nullptr;
    }

    Entry *entry = nullptr;
  };

  /// The contents are unspecified.
  Lease acquire(const TensorShape &shape);

private:
  std::vector<std::unique_ptr<Entry>> entries;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_WORKSPACE_H
