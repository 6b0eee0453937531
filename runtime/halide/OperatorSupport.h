//===- OperatorSupport.h - Views of tensors, partition of work --*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_HALIDE_OPERATORSUPPORT_H
#define LACUNA_RUNTIME_HALIDE_OPERATORSUPPORT_H

#include "Pipelines.h"

#include "lacuna/Runtime/Operators.h"
#include "lacuna/Support/Error.h"

#include <HalideBuffer.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

namespace lacuna::operators {

/// Pipelines index with 32 bits: no call may see more floats than this.
constexpr int64_t kMaxFloatsPerCall = int64_t(1) << 30;

struct Axis {
  int64_t extent;
  int64_t stride;
};

/// A buffer over memory that somebody else owns. Minima are zero.
template <size_t Rank> class View {
public:
  template <typename T>
  View(T *data, const std::array<Axis, Rank> &axes)
      : buffer(halide_type_of<std::remove_const_t<T>>(),
               const_cast<std::remove_const_t<T> *>(data),
               static_cast<int>(Rank), shapeOf(axes).data()) {}

  operator halide_buffer_t *() { return buffer.raw_buffer(); }

private:
  static std::array<halide_dimension_t, Rank>
  shapeOf(const std::array<Axis, Rank> &axes) {
    std::array<halide_dimension_t, Rank> shape;
    for (size_t d = 0; d < Rank; ++d)
      shape[d] = {0, static_cast<int32_t>(axes[d].extent),
                  static_cast<int32_t>(axes[d].stride)};
    return shape;
  }

  Halide::Runtime::Buffer<void, static_cast<int>(Rank)> buffer;
};

/// One value a channel, `count` of them.
inline View<1> channelView(const float *values, int64_t count) {
  return {values, {{{count, 1}}}};
}

inline void verifyCall(int status, const char *pipeline) {
  if (status != 0)
    throw InternalError(std::string("pipeline ") + pipeline + " returned " +
                        std::to_string(status));
}

/// Checks that operands belong together, in the words of one operator.
class Operands {
public:
  explicit Operands(const char *name) : name(name) {}

  void require(bool holds, const char *rule) const {
    if (!holds)
      throw InternalError(std::string(name) + ": " + rule);
  }
  void requireSameShape(const Tensor &a, const Tensor &b) const {
    require(a.shape() == b.shape(), "operands differ in shape");
  }
  /// Also bounds what one call of a pipeline sees.
  void requirePlane(const TensorShape &shape) const {
    if (shape.plane() > kMaxFloatsPerCall)
      throw UserError(std::string(name) + ": a plane of " +
                      std::to_string(shape.height) + " x " +
                      std::to_string(shape.width) +
                      " pixels is too large; reduce the image size");
  }

private:
  const char *name;
};

/// Calls body(block, first channel, channels) for pieces that cover every
/// (block, channel), split over threads. Pieces stay within one block.
template <typename Body>
void forEachChannelRange(ThreadPool &pool, const TensorShape &shape,
                         const Body &body) {
  int64_t limit = std::max<int64_t>(1, kMaxFloatsPerCall / shape.plane());
  pool.run(shape.blocks() * shape.channels, [&](int, int64_t begin,
                                                int64_t end) {
    while (begin < end) {
      int64_t block = begin / shape.channels;
      int64_t channel = begin % shape.channels;
      int64_t count = std::min({end - begin, shape.channels - channel, limit});
      body(block, channel, count);
      begin += count;
    }
  });
}

} // namespace lacuna::operators

#endif // LACUNA_RUNTIME_HALIDE_OPERATORSUPPORT_H
