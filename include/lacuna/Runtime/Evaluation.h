//===- Evaluation.h - How a network does on images --------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_EVALUATION_H
#define LACUNA_RUNTIME_EVALUATION_H

#include "lacuna/Runtime/BatchLoader.h"
#include "lacuna/Runtime/Network.h"

#include <functional>
#include <optional>

namespace lacuna {

/// What a network says about images that it does not train on.
struct Evaluation {
  int64_t images = 0, correct = 0;
  double lossSum =
      0; ///< Of the cross-entropy. Not finite where a logit is not.

  double accuracy() const { return double(correct) / double(images); }
  double loss() const { return lossSum / double(images); }
};

/// Runs all images of a set through a bound network, `batch` at a time. Nothing
/// if `stopped`, asked between batches, says yes. Ends early when the loss is
/// not finite. Throws UserError when the images do not fit the network.
std::optional<Evaluation> evaluate(Network &network, BatchLoader &loader,
                                   ThreadPool &pool, const ImageSet &set,
                                   int64_t batch,
                                   const std::function<bool()> &stopped = {});

} // namespace lacuna

#endif // LACUNA_RUNTIME_EVALUATION_H
