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

#include "lacuna/Runtime/InitialMask.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Random.h"

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

/// When a method may change what is active.
///  - EpochStart: before the first batch of an epoch.
///  - Gradients: the gradients of a step are known, the optimiser has not used
///    them yet. Methods may change them.
///  - Updated: after the optimiser's step.
enum class Moment { EpochStart, Gradients, Updated };

/// An occasion to mutate. Everything counts from 0.
struct MutationEvent {
  Moment moment = Moment::EpochStart;
  int epoch = 0;
  int64_t step = 0; ///< Of the run.
  int64_t stepOfEpoch = 0;
  int64_t stepsOfEpoch = 1;
};

/// A sparse layer, as methods see it.
struct MethodLayer {
  SparseLayer *layer = nullptr;
  uint32_t number = 0; ///< Its place among all weight layers.
  double sparsity = 0; ///< Asked of it when training ends.

  SparseParameter &weight() const { return layer->weight(); }
};

class Method;

/// What a method works on.
struct MethodContext {
  /// The layers of a network that are not dense, and what `method` asks of
  /// each.
  MethodContext(Network &network, const Method &method, uint64_t seed,
                InitialMask initialMask = InitialMask::Random);
  MethodContext(const std::vector<SparseLayer *> &layers, const Method &method,
                uint64_t seed, InitialMask initialMask = InitialMask::Random);

  /// The random numbers of one layer's turn in one mutation.
  RandomStream stream(RandomPurpose purpose, const MethodLayer &layer,
                      int64_t mutation) const;

  std::vector<MethodLayer> layers; ///< In the order of the forward pass.
  uint64_t seed;
  InitialMask initialMask;
};

/// Whoever changes active sets here leaves the kernels' streams behind:
/// Network::repackChanged() brings them up to date.
class Method {
public:
  virtual ~Method() = default;

  virtual std::string name() const = 0;
  /// Whether it makes layers sparse at all.
  virtual bool isSparse() const { return true; }

  /// Activates the units training starts from: by default as many as the
  /// layer's sparsity leaves, drawn uniformly or the largest draws.
  virtual void initialise(MethodContext &context);

  /// Importance of each active unit: the L2 norm over its weights w, whose
  /// gradients in the latest step were g, of |w| + lambda * |g|.
  virtual std::vector<double> score(const SparseParameter &parameter) const;

  /// Called at every moment of training. By default does nothing.
  virtual void mutate(MethodContext & /*context*/,
                      const MutationEvent & /*event*/) {}

  /// Called after the last epoch: brings each layer to the sparsity asked for
  /// if the schedule has not.
  virtual void finish(MethodContext &context);

  const MethodOptions &settings() const { return options; }

  /// Visits what the method was made with, which a resumed run must repeat, and
  /// what it has learnt since. Methods with state of their own override it and
  /// call this one first.
  virtual void visitState(StateVisitor &state);

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
                 RandomStream &stream);

/// Units drawn uniformly, as many as the sparsity leaves.
ActiveSet randomUnits(const SparseParameter &parameter, double sparsity,
                      RandomStream &stream);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHOD_H
