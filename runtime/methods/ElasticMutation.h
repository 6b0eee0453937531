//===- ElasticMutation.h - Prune, then grow, by bounds ----------*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H
#define LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H

#include "lacuna/Runtime/Method.h"

#include <array>
#include <functional>

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

/// Densities of each stage as multiples of the layer's target density: pruned
/// to the lower bound, grown back to the upper one, which is what is trained
/// until the next mutation.
struct MutationBounds {
  std::array<double, 3> lower;
  std::array<double, 3> upper;
};

/// The procedure that all MEST variants share; they differ in their bounds.
class ElasticMutation : public Method {
public:
  using Bounds = std::function<MutationBounds(double overallSparsity)>;

  /// Throws UserError when a bound takes the overall density above 1; under an
  /// explicit distribution, whose layers say how sparse all are together,
  /// initialise() does.
  ElasticMutation(std::string name, const MethodOptions &options,
                  Bounds boundsAt);

  std::string name() const override { return methodName; }
  void initialise(MethodContext &context) override;
  std::string mutationSchedule() const override;
  bool mutatesAt(const MutationEvent &event) const override;
  void mutate(MethodContext &context, const MutationEvent &event) override;
  void finish(MethodContext &context) override;

  /// Sparsity in an epoch, its mutation done, of a layer with this target. A
  /// layer that the surplus would take above density 1 is held there.
  double scheduledSparsity(double target, int epoch) const;

private:
  /// Takes the bounds of this overall sparsity, which `source` asks for.
  void takeBounds(double sparsity, const std::string &source);
  int64_t keptUnits(const SparseParameter &weight, double sparsity) const;

  std::string methodName;
  Bounds boundsAt;
  MutationBounds bounds{};
  MutationSchedule schedule;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_ELASTICMUTATION_H
