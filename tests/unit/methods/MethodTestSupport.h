//===- MethodTestSupport.h - Helpers of the method tests ------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_UNIT_METHODS_METHODTESTSUPPORT_H
#define LACUNA_TESTS_UNIT_METHODS_METHODTESTSUPPORT_H

#include "Refusal.h"

#include "lacuna/Runtime/Method.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lacuna::testing {

constexpr uint64_t kSeed = 21;

inline Geometry conv(int64_t channels, int64_t kernel = 3) {
  return Geometry::conv2d(channels, channels, {8, 8}, {kernel, kernel}, {1, 1},
                          {kernel / 2, kernel / 2});
}

inline SparseParameter parameterOf(const Geometry &geometry, Scheme scheme) {
  return SparseParameter("layer.weight", geometry,
                         structureFor(scheme, geometry));
}

/// A layer and a method at work on it.
struct OneLayer {
  OneLayer(const Geometry &geometry, Scheme scheme, const std::string &name,
           const MethodOptions &options)
      : layer("layer", geometry, structureFor(scheme, geometry), {}),
        method(makeMethod(name, options)), context({&layer}, *method, kSeed) {
    method->initialise(context);
  }
  SparseParameter &weights() { return layer.weight(); }
  bool mutate(int epoch) {
    uint64_t before = weights().activeVersion();
    MutationEvent event;
    event.epoch = epoch;
    method->mutate(context, event);
    return weights().activeVersion() != before;
  }

  SparseLayer layer;
  std::unique_ptr<Method> method;
  MethodContext context;
};

inline void fillRandomly(SparseParameter &parameter, uint32_t which) {
  RandomStream stream(kSeed, RandomPurpose::Test, which);
  for (int64_t i = 0; i < parameter.size(); ++i)
    parameter.values()[i] = stream.normal();
}

inline std::set<uint32_t> unitSet(const SparseParameter &parameter) {
  return {parameter.active().units.begin(), parameter.active().units.end()};
}

/// An event at a step of a run of `stepsOfEpoch` steps an epoch.
inline MutationEvent eventAt(Moment moment, int64_t step,
                             int64_t stepsOfEpoch) {
  MutationEvent event;
  event.moment = moment;
  event.epoch = static_cast<int>(step / stepsOfEpoch);
  event.step = step;
  event.stepOfEpoch = step % stepsOfEpoch;
  event.stepsOfEpoch = stepsOfEpoch;
  return event;
}

} // namespace lacuna::testing

#endif // LACUNA_TESTS_UNIT_METHODS_METHODTESTSUPPORT_H
