//===- Profile.h - Where the time of a step goes ----------------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_PROFILE_H
#define LACUNA_RUNTIME_PROFILE_H

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace lacuna {

/// Parts of a step that are timed where they happen. What is left of a step is
/// pooling, loss, stand-alone ReLUs, the optimiser and loading.
enum class StepPart {
  Forward,    ///< Kernels of convolutions and linear layers ...
  GradInput,  ///< ... and their gradients ...
  GradWeight, ///< ... with the permutation of values.
  BatchNorm,  ///< Statistics, maps and their gradients outside kernels.
};
inline constexpr size_t kStepParts = 4;
std::string_view stepPartName(StepPart part);

/// Seconds by part, and by layer and part.
class Profile {
public:
  double seconds(StepPart part) const { return byPart[size_t(part)]; }
  const std::map<std::pair<std::string, StepPart>, double> &layers() const {
    return byLayer;
  }
  void clear() { *this = Profile(); }

  /// Adds the time it lives to a part of a profile, which may be null.
  class Timer {
  public:
    Timer(Profile *profile, StepPart part, const std::string &layer)
        : profile(profile), part(part), layer(layer) {
      if (profile)
        start = std::chrono::steady_clock::now();
    }
    ~Timer() {
      if (profile)
        profile->add(part, layer, std::chrono::steady_clock::now() - start);
    }
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

  private:
    Profile *profile;
    StepPart part;
    const std::string &layer;
    std::chrono::steady_clock::time_point start;
  };

private:
  void add(StepPart part, const std::string &layer,
           std::chrono::duration<double> taken) {
    byPart[size_t(part)] += taken.count();
    byLayer[{layer, part}] += taken.count();
  }

  std::array<double, kStepParts> byPart{};
  std::map<std::pair<std::string, StepPart>, double> byLayer;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_PROFILE_H
