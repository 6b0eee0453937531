//===- Method.h - Dynamic sparse training methods ------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A method decides which units of a layer are active: at the start, and at each
// mutation. docs/methods.md tells them apart.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHOD_H
#define LACUNA_RUNTIME_METHOD_H

#include "lacuna/Runtime/Parameter.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lacuna {

struct MethodOptions {
  double sparsity = 0.9; ///< Of all weights of a sparse layer, for any scheme.
  int epochs = 160;      ///< Schedules stretch with the length of training.
  double lambda = 0;     ///< Weight of the gradient in the importance score.
};

/// One layer's turn in a mutation. Names the random streams.
struct MutationEvent {
  int epoch = 0; ///< From 0.
  uint32_t layer = 0;
  uint64_t seed = 0;
};

class Method {
public:
  virtual ~Method() = default;

  virtual std::string name() const = 0;
  /// Whether it makes layers sparse at all.
  virtual bool isSparse() const { return true; }

  /// The active set training starts from: by default as many units
  /// as the sparsity leaves, drawn uniformly.
  virtual ActiveSet initialise(const SparseParameter &parameter,
                               const MutationEvent &event) const;

  /// Importance of each active unit: the L2 norm over its weights w, whose
  /// gradients in the latest step were g, of |w| + lambda * |g|.
  virtual std::vector<double> score(const SparseParameter &parameter) const;

  /// Called at the start of every epoch. Whether the active set changed.
  virtual bool mutate(SparseParameter & /*parameter*/,
                      const MutationEvent & /*event*/) const {
    return false;
  }

  /// Called after the last epoch: brings a layer to the sparsity asked for if
  /// the schedule has not. Whether the active set changed.
  virtual bool finish(SparseParameter &parameter) const;

  /// Overall sparsity of a layer in an epoch, its mutation done.
  virtual double scheduledSparsity(int epoch) const = 0;
  /// Sparsity when training ends.
  double finalSparsity() const { return options.sparsity; }

protected:
  explicit Method(const MethodOptions &options);

  MethodOptions options;
};

/// dense, static, mest, mest-em, mest-ems, mest-ems-readme.
std::vector<std::string> methodNames();

/// Throws UserError on an unknown name, naming the known ones, and on options
/// out of range, naming the option.
std::unique_ptr<Method> makeMethod(const std::string &name,
                                   const MethodOptions &options);

/// Active units of a layer at this overall sparsity, rounded to the nearest.
/// Patterns keep only some taps of a kernel, so more kernels stay: their share
/// is (1 - sparsity) * taps / kept. Throws UserError when no unit would be left
/// or a pattern layer cannot be that dense.
int64_t unitsAtSparsity(const SparseParameter &parameter, double sparsity);

/// Drops the least important units until `count` are left. Ties keep the lower
/// unit. Pattern layers keep the same number in every filter, and one more in
/// those whose next kernel is the most important. Whether anything changed.
bool pruneToUnits(SparseParameter &parameter, int64_t count,
                  const std::vector<double> &scores);

/// Activates inactive units drawn uniformly until `count` are active, pattern
/// layers filter by filter with patterns drawn uniformly. Whether anything
/// changed.
bool growToUnits(SparseParameter &parameter, int64_t count,
                 const MutationEvent &event);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHOD_H
