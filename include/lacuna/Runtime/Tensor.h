//===- Tensor.h - Activations with the batch innermost ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_TENSOR_H
#define LACUNA_RUNTIME_TENSOR_H

#include "lacuna/Runtime/Memory.h"
#include "lacuna/Support/Divisors.h"

namespace lacuna {

/// Shape of a blocked tensor: [blocks][channels][height][width][lanes] of
/// float, `lanes` images side by side. `images` of the blocks * lanes places
/// hold data; the rest (the tail of the last block) is padding that losses and
/// statistics must mask out.
struct TensorShape {
  int64_t images = 0;
  int64_t channels = 0;
  int64_t height = 1;
  int64_t width = 1;
  int64_t lanes = 16;

  int64_t blocks() const { return ceilDiv(images, lanes); }
  int64_t plane() const { return height * width * lanes; }
  int64_t block() const { return channels * plane(); }
  int64_t floats() const { return blocks() * block(); }
  bool operator==(const TensorShape &o) const {
    return images == o.images && channels == o.channels && height == o.height &&
           width == o.width && lanes == o.lanes;
  }
};

/// A blocked activation tensor. Storage grows but never shrinks on reshape, so
/// that a smaller last batch does not reallocate.
class Tensor {
public:
  Tensor() = default;
  explicit Tensor(const TensorShape &shape) { reshape(shape); }

  /// Contents are unspecified after a change of shape, but always finite.
  void reshape(const TensorShape &shape) {
    if (shape.floats() > storage.size())
      storage = Buffer<float>(MemoryKind::Activations, shape.floats());
    tensorShape = shape;
  }
  /// Frees the storage.
  void release() { *this = Tensor(); }

  const TensorShape &shape() const { return tensorShape; }
  float *data() { return storage.data(); }
  const float *data() const { return storage.data(); }

private:
  TensorShape tensorShape;
  Buffer<float> storage;
};

/// Makes the padding images zero.
void clearPadding(Tensor &tensor);

/// Converts between [images][channels][height][width] and the blocked layout.
/// Padding images become zero.
void toBlocked(const float *nchw, Tensor &blocked);
void fromBlocked(const Tensor &blocked, float *nchw);

} // namespace lacuna

#endif // LACUNA_RUNTIME_TENSOR_H
