//===- WeightDraws.cpp - Initial weights ----------------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Random.h"
#include "lacuna/Runtime/SparseLayer.h"
#include "lacuna/Support/Error.h"

#include <cmath>

namespace lacuna {

WeightDraws::WeightDraws(const Geometry &geometry,
                         Initialisation initialisation, uint64_t seed,
                         uint32_t layer)
    : geometry(geometry), initialisation(initialisation), seed(seed),
      layer(layer) {}

void WeightDraws::forEach(
    const std::function<void(int64_t, float)> &visit) const {
  RandomStream stream(seed, RandomPurpose::Initialisation, layer);
  int64_t count = geometry.weights();
  switch (initialisation) {
  case Initialisation::KaimingFanOut: {
    float deviation = static_cast<float>(
        std::sqrt(2.0 / double(geometry.outChannels * geometry.taps())));
    for (int64_t i = 0; i < count; ++i)
      visit(i, stream.normal() * deviation);
    return;
  }
  case Initialisation::SmallNormal:
    for (int64_t i = 0; i < count; ++i)
      visit(i, stream.normal() * 0.01f);
    return;
  case Initialisation::UniformFanIn:
  case Initialisation::UniformTenth:
  case Initialisation::Lstm: {
    double bound = initialisation == Initialisation::UniformFanIn
                       ? 1 / std::sqrt(double(geometry.columns()))
                   : initialisation == Initialisation::UniformTenth
                       ? 0.1
                       : 1 / std::sqrt(double(geometry.outChannels) / 4);
    for (int64_t i = 0; i < count; ++i)
      visit(i, (2 * stream.uniform() - 1) * static_cast<float>(bound));
    return;
  }
  }
  throw InternalError("unknown initialisation");
}

} // namespace lacuna
