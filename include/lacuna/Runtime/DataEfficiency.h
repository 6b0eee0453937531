//===- DataEfficiency.h - Training on fewer images ------------ -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_DATAEFFICIENCY_H
#define LACUNA_RUNTIME_DATAEFFICIENCY_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/State.h"
#include "lacuna/Runtime/Tensor.h"

#include <cstdint>
#include <vector>

namespace lacuna {

/// Two phases of training (MEST, arXiv 2110.14032): in the first, all images
/// are used and what the network forgets is counted; the second does without
/// those it forgot least.
struct DataEfficiencyOptions {
  int phaseOneEpochs = 0; ///< 0: one phase, all images.
  int64_t removedImages = 0;

  bool isOn() const { return phaseOneEpochs > 0; }
  /// The authors' 70 of 160 epochs and 12,000 of 50,000 images, in proportion.
  static DataEfficiencyOptions preset(int epochs, int64_t images);
  /// Throws UserError naming the flag of `lacuna train` that is out of range.
  void verify(int epochs, int64_t images) const;
};

/// Counts how often an image that was classified right no longer is, the next
/// time it is met (Toneva et al., "An empirical study of example forgetting",
/// ICLR 2019).
class ForgettingStatistics {
public:
  explicit ForgettingStatistics(int64_t images);

  int64_t images() const { return static_cast<int64_t>(forgotten.size()); }
  void record(uint32_t image, bool right);
  /// Forgetting events of an image; kNeverLearned when it was never right.
  uint32_t events(uint32_t image) const;
  static constexpr uint32_t kNeverLearned = UINT32_MAX;
  /// Images that were learned and never forgotten.
  int64_t unforgettable() const;
  /// All images but the `removed` with the fewest events, ascending. Which of
  /// equals go is drawn.
  std::vector<uint32_t> withoutEasiest(int64_t removed, uint64_t seed) const;

  void visitState(StateVisitor &state);

private:
  std::vector<uint32_t> forgotten;
  std::vector<uint8_t> learned, latest; ///< 0 or 1.
  AccountedMemory memory{MemoryKind::MethodState};
};

/// Which images an epoch trains on.
class DataEfficiency {
public:
  DataEfficiency(const DataEfficiencyOptions &options, int64_t images,
                 uint64_t seed);

  /// How many images an epoch, counted from 0, trains on.
  int64_t imagesOf(int epoch) const;
  /// Call at the start of every epoch, counted from 0.
  void startEpoch(int epoch);
  /// Takes the logits of a training step's images, before its update.
  void record(const Tensor &logits, const ImageSet &set,
              const uint32_t *images);
  /// Ascending.
  const std::vector<uint32_t> &images() const { return current; }
  const ForgettingStatistics &statistics() const { return forgetting; }

  void visitState(StateVisitor &state);

private:
  DataEfficiencyOptions options;
  int64_t allImages;
  uint64_t seed;
  bool counting = false;
  ForgettingStatistics forgetting;
  std::vector<uint32_t> current;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_DATAEFFICIENCY_H
