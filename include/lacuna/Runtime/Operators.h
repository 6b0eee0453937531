//===- Operators.h - Dense operators on blocked tensors ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise, pooling, normalisation, loss, optimiser and image operators:
// Halide generators (runtime/halide/), compiled ahead of time for each vector
// width. All of them cut work over batch blocks or channels, so results are the
// same bits for any number of threads. Output tensors are reshaped by the
// operator. Padding images (see TensorShape) never reach a sum.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_OPERATORS_H
#define LACUNA_RUNTIME_OPERATORS_H

#include "lacuna/Runtime/Label.h"
#include "lacuna/Runtime/Tensor.h"
#include "lacuna/Runtime/ThreadPool.h"

#include <cstdint>

namespace lacuna::operators {

/// Whether operators for blocked tensors of this many lanes are compiled in and
/// this CPU can run them. Every operator throws EnvironmentError where not.
bool lanesSupported(int64_t lanes);
/// The widest supported: 16 with AVX-512, 8 with AVX2, 4 on 64-bit ARM. Throws
/// EnvironmentError when there is none.
int64_t hostLanes();

/// output = max(input, 0).
void relu(ThreadPool &pool, const Tensor &input, Tensor &output);
/// gradient = output > 0 ? gradient : 0, in place.
void reluBackward(ThreadPool &pool, const Tensor &output, Tensor &gradient);
/// output += addend.
void accumulate(ThreadPool &pool, const Tensor &addend, Tensor &output);

/// Mean and biased variance of each channel over images and pixels, summed in
/// double. `mean`, `variance`: [channels].
void batchStatistics(ThreadPool &pool, const Tensor &input, float *mean,
                     float *variance);
/// output = input * scale[c] + shift[c] (+ residual), then ReLU if asked for.
/// `residual` may be null.
void scaleShift(ThreadPool &pool, const Tensor &input, const float *scale,
                const float *shift, const Tensor *residual, bool relu,
                Tensor &output);
/// value * scale[c] + shift[c].
struct ChannelMap {
  const float *scale;
  const float *shift;
};
/// Per channel sums over images and pixels: sum of gradient, and of gradient *
/// (input - mean[c]).
void batchNormReduce(ThreadPool &pool, const Tensor &input,
                     const Tensor &gradient, const float *mean,
                     float *gradientSum, float *gradientDot);
/// inputGradient = gradient * a[c] + input * b[c] + c_[c]: batch norm backward
/// once its reductions are known. Padding images become zero: what weight
/// gradients add up over all lanes must not see them. `inputGradient` may be
/// `gradient` or `input`.
void affineCombine(ThreadPool &pool, const Tensor &gradient,
                   const Tensor &input, const float *a, const float *b,
                   const float *c, Tensor &inputGradient);

/// Square windows; `padding` pixels around the plane, below half a window, lose
/// to everything. output = floor((in + 2 * padding - window) / stride) + 1.
/// Ties go to the first element in row-major order, as in PyTorch.
struct PoolWindow {
  int64_t window;
  int64_t stride;
  int64_t padding = 0;
};
void maxPool(ThreadPool &pool, const Tensor &input, const PoolWindow &window,
             Tensor &output);
void maxPoolBackward(ThreadPool &pool, const Tensor &input,
                     const Tensor &output, const Tensor &gradient,
                     const PoolWindow &window, Tensor &inputGradient);
/// Non-overlapping average pooling; the window divides the plane.
void averagePool(ThreadPool &pool, const Tensor &input, int64_t window,
                 Tensor &output);
void averagePoolBackward(ThreadPool &pool, const Tensor &gradient,
                         int64_t window, const TensorShape &inputShape,
                         Tensor &inputGradient);

/// One step of a long short-term memory (Hochreiter and Schmidhuber, 1997, with
/// forget gates), for blocks of images side by side. With four gates i, f, g
/// and o in this order: c = f * c' + i * g, h = o * tanh(c).
struct LstmShape {
  int64_t blocks;
  int64_t hidden; ///< Units.
  int64_t lanes;

  int64_t unitFloats() const { return hidden * lanes; }
  int64_t gateFloats() const { return 4 * unitFloats(); }
};
/// `gates`: [blocks][4][hidden][lanes], the part of the gates' arguments that
/// the input gives; becomes the gates themselves. `recurrent`: the other part,
/// same shape. `before`, `cell`, `output`: c', c and h,
/// [blocks][hidden][lanes].
void lstmStep(ThreadPool &pool, const LstmShape &shape, const float *recurrent,
              const float *before, float *gates, float *cell, float *output);
/// `outputGradient`: of h. `cellGradient`: of c from later steps; becomes that
/// of c'. `argumentGradient`: becomes that of the gates' arguments.
void lstmStepBackward(ThreadPool &pool, const LstmShape &shape,
                      const float *gates, const float *before,
                      const float *cell, const float *outputGradient,
                      float *cellGradient, float *argumentGradient);

/// sum[c] = sum over images and pixels: the gradient of a bias.
void channelSum(ThreadPool &pool, const Tensor &gradient, float *sum);

struct LossResult {
  double lossSum = 0;  ///< Sum over images of the cross-entropy.
  int64_t correct = 0; ///< Images whose largest logit (first on ties) is right.
};
/// Softmax cross-entropy of logits [images][classes] and a target that is
/// 1 - smoothing at the label plus smoothing / classes everywhere (Szegedy et
/// al., "Rethinking the Inception architecture", CVPR 2016, section 7). If
/// `gradient` is given, it becomes (softmax - target) / images, zero on padding
/// images.
LossResult softmaxCrossEntropy(ThreadPool &pool, const Tensor &logits,
                               const Label *labels, Tensor *gradient,
                               double smoothing = 0);

struct SgdRule {
  float learningRate, momentum, weightDecay;
  bool nesterov = false;
};
/// With g = gradient + weightDecay * values: v = momentum * v + g, then
/// values -= learningRate * v, or with Nesterov's momentum
/// values -= learningRate * (g + momentum * v). (PyTorch's SGD without
/// dampening.) `momentum`: v.
void sgdUpdate(float *values, float *momentum, const float *gradient,
               int64_t size, const SgdRule &rule);

struct AdamRule {
  double beta1, beta2;
  float rate;       ///< Learning rate / (1 - beta1 ^ step).
  float correction; ///< 1 / sqrt(1 - beta2 ^ step).
  float epsilon, weightDecay;
};
/// With g = gradient + weightDecay * values: m = beta1 * m + (1 - beta1) * g,
/// v = beta2 * v + (1 - beta2) * g^2,
/// values -= rate * m / (sqrt(v) * correction + epsilon). (Kingma and Ba,
/// "Adam: a method for stochastic optimization", ICLR 2015, as PyTorch computes
/// it.)
void adamUpdate(float *values, float *firstMoment, float *secondMoment,
                const float *gradient, int64_t size, const AdamRule &rule);

/// How an image is placed and normalised: crop offsets into the image padded
/// with `pad` zeros (before normalisation) on each side, flip left to right.
struct Placement {
  int32_t top = 0;
  int32_t left = 0;
  bool flip = false;
};
/// Gathers images[index[i]] (uint8, [channels][height][width] each) into a
/// blocked tensor: padded, cropped back to the original size at placements[i],
/// flipped, then (value / 255 - mean[c]) / deviation[c]. `placements` may be
/// null: no augmentation. Padding pixels are zero before normalisation, as in
/// torchvision's RandomCrop followed by Normalize.
void loadImages(ThreadPool &pool, const uint8_t *images, int64_t channels,
                int64_t height, int64_t width, const uint32_t *index,
                int64_t count, const Placement *placements, int64_t pad,
                const float *mean, const float *deviation, int64_t lanes,
                Tensor &output);

/// A part of an image, in pixels.
struct Rectangle {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
};
/// Resizes a rectangle of an image, [...][width][3], to `size` by `size`
/// pixels, [3][size][size], by linear interpolation; when it shrinks, over as
/// many pixels as fall on one (the triangle filter of Pillow's and
/// torchvision's antialiased bilinear resize). Pixels outside the rectangle
/// have no say.
void resizeImage(const uint8_t *image, int64_t width, const Rectangle &part,
                 int64_t size, uint8_t *resized);

} // namespace lacuna::operators

#endif // LACUNA_RUNTIME_OPERATORS_H
