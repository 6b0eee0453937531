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
#include <utility>
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
    Lease(Lease &&other) noexcept { swap(other); }
    Lease &operator=(Lease &&other) noexcept {
      Lease moved(std::move(other));
      swap(moved);
      return *this;
    }
    ~Lease() {
      if (entry)
        entry->taken = false;
    }
    /// A loan of a tensor of no pool, which must outlive it.
    static Lease over(Tensor &tensor) {
      Lease lease;
      lease.tensor = &tensor;
      return lease;
    }

    explicit operator bool() const { return tensor != nullptr; }
    Tensor &operator*() { return *tensor; }
    Tensor *operator->() { return tensor; }

  private:
    friend class GradientPool;
    explicit Lease(Entry *entry) : tensor(&entry->tensor), entry(entry) {
      entry->taken = true;
    }
    void swap(Lease &other) noexcept {
      std::swap(tensor, other.tensor);
      std::swap(entry, other.entry);
    }

    Tensor *tensor = nullptr;
    Entry *entry = nullptr; ///< Null when no pool owns the tensor.
  };

  /// The contents are unspecified.
  Lease acquire(const TensorShape &shape);

private:
  std::vector<std::unique_ptr<Entry>> entries;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_WORKSPACE_H
