//===- BatchLoader.h - Images on their way to a network ---------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_BATCHLOADER_H
#define LACUNA_RUNTIME_BATCHLOADER_H

#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Operators.h"
#include "lacuna/Runtime/Tensor.h"

#include <optional>
#include <vector>

namespace lacuna {

/// Random crops and flips of training images: those of a source as it makes
/// them, others cropped to their size from images padded by `pad`.
struct Augmentation {
  AugmentationKey key;
  int64_t pad = 0;
};

/// Brings images of a set to a network: chosen, augmented, normalised, and in
/// lanes. What it is given must outlive it.
class BatchLoader {
public:
  /// `lanes`: of the kernels.
  BatchLoader(ThreadPool &pool, Normalisation normalisation, int64_t lanes);

  /// Loads images index[0] ... index[count - 1] of a set. Throws UserError
  /// where the normalisation is not one of its channels, and naming a file that
  /// cannot be read.
  void load(const ImageSet &set, const uint32_t *index, int64_t count,
            const std::optional<Augmentation> &augmentation = std::nullopt);

  /// The images last loaded, and what they show.
  const Tensor &images() const { return batch; }
  const Label *labels() const { return batchLabels.data(); }

private:
  ThreadPool &pool;
  Normalisation normalisation;
  int64_t lanes;
  Tensor batch;
  std::vector<Label> batchLabels;
  std::vector<operators::Placement> placements;
  /// The images of a set that has a source, and their order.
  Buffer<uint8_t> streamed;
  std::vector<uint32_t> streamedOrder;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_BATCHLOADER_H
