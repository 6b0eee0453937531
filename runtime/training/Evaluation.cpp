//===- Evaluation.cpp - How a network does on images ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Evaluation.h"

#include "lacuna/Runtime/Operators.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lacuna {

std::optional<Evaluation> evaluate(Network &network, BatchLoader &loader,
                                   ThreadPool &pool, const ImageSet &set,
                                   int64_t batch,
                                   const std::function<bool()> &stopped) {
  std::vector<uint32_t> order(set.labels.size());
  std::iota(order.begin(), order.end(), 0u);
  Evaluation result;
  while (result.images < set.count()) {
    if (result.images > 0 && stopped && stopped())
      return std::nullopt;
    int64_t count = std::min(batch, set.count() - result.images);
    loader.load(set, order.data() + result.images, count);
    const Tensor &logits = network.forward(loader.images(), /*training=*/false);
    operators::LossResult loss =
        operators::softmaxCrossEntropy(pool, logits, loader.labels(), nullptr);
    result.images += count;
    result.correct += loss.correct;
    result.lossSum += loss.lossSum;
    if (!std::isfinite(result.lossSum))
      break;
  }
  return result;
}

} // namespace lacuna
