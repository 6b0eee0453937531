//===- ElasticMutation.h - Prune, then grow, by a schedule of bounds  -*- C++
//-*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H
#define LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H

#include "lacuna/Runtime/Method.h"

#include <array>

namespace lacuna {

/// When MEST mutates: every `period` epochs, in stages that two milestones
/// part. The authors train 160 epochs with period 5 and milestones 90 and 120;
/// other lengths scale that.
struct MutationSchedule {
  explicit MutationSchedule(int epochs);

  int period;
  std::array<int, 2> milestones;

  bool mutatesAt(int epoch) const { return epoch % period == 0; }
  int stage(int epoch) const;
  /// The latest epoch up to this one that mutates.
  int latestMutation(int epoch) const { return epoch - epoch % period; }
};

/// Overall sparsities of each stage: pruned to the lower bound, grown back to
/// the upper one, which is the sparsity trained at until the next mutation.
struct MutationBounds {
  std::array<double, 3> lower;
  std::array<double, 3> upper;
};

/// The procedure that all MEST variants share; they differ in their bounds.
class ElasticMutation : public Method {
public:
  /// Throws UserError when a bound leaves [0, 1).
  ElasticMutation(std::string name, const MethodOptions &options,
                  const MutationBounds &bounds);

  std::string name() const override { return methodName; }
  bool mutate(SparseParameter &parameter,
              const MutationEvent &event) const override;
  double scheduledSparsity(int epoch) const override;

private:
  std::string methodName;
  MutationBounds bounds;
  MutationSchedule schedule;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H
