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

#include "lacuna/Runtime/Distribution.h"
#include "lacuna/Runtime/InitialMask.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/Parameter.h"
#include "lacuna/Runtime/Random.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lacuna {

/// Where the weights that a method prunes are ranked.
enum class PruneScope { Layer, Global };

/// Throws UserError, naming the known scopes, on an unknown name.
PruneScope parsePruneScope(const std::string &name);

/// Throws UserError unless it is at least 0 and below 1.
void verifySparsity(double sparsity);

/// Of a run, all rounds of a lottery ticket included.
inline constexpr int kMaxEpochs = 1'000'000;
/// Throws UserError naming the option unless it is 1 to kMaxEpochs.
void verifyEpochs(int epochs);

/// What methods can be told. An absent option stands for the method's default;
/// one that is given to a method that has no use for it is refused.
/// docs/methods.md says which uses which.
struct MethodOptions {
  /// Of all weights of the sparse layers. An explicit distribution takes its
  /// place.
  double sparsity = 0.9;
  int epochs = 160; ///< Schedules stretch with the length of training.
  SparsityDistribution distribution = {};
  /// MEST: weight of the gradient in the importance score (0).
  std::optional<double> lambda = {};
  /// Share of a layer's active units that a mutation replaces at first.
  std::optional<double> dropFraction = {};
  /// Steps between mutations.
  std::optional<int64_t> updatePeriod = {};
  /// Share of training after which the active set is frozen.
  std::optional<double> stopFraction = {};
  /// Gradual pruning and lottery tickets (Layer).
  std::optional<PruneScope> scope = {};
  /// DST: weight of the regulariser that raises thresholds (5e-4).
  std::optional<double> alpha = {};
  /// DST: thresholds stay within plus and minus this; 0 lets them go (10).
  std::optional<double> thresholdLimit = {};
  /// DeepR: strength of the L1 penalty, deviation of the gradient noise (1e-5
  /// both).
  std::optional<double> l1 = {}, noise = {};
  /// SET: deviation of grown weights; 0 grows zeros (0).
  std::optional<double> growthDeviation = {};
  /// GraSP: images of each class to score with (10).
  std::optional<int64_t> samplesPerClass = {};
  /// Lottery ticket: the epoch whose weights a round goes back to (0).
  std::optional<int> rewindEpoch = {};
  /// MEST: count units as the authors' percentiles and truncations do.
  bool referenceCounts = false;
  /// SNFS: momentum of the dense gradients it keeps, and the weight decay in
  /// them, which should be the optimiser's.
  double momentum = 0.9, weightDecay = 0;

  /// Throws UserError naming the option that is out of range.
  void verify() const;
  /// Flags of `lacuna train`, without their dashes, of the options that are
  /// given and that not every method uses.
  std::vector<std::string> given() const;
  /// A resumed run must repeat them.
  void visitState(StateVisitor &state) const;
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

  /// Share of `epochs` epochs that has passed.
  double progress(int epochs) const {
    return (epoch + double(stepOfEpoch) / double(stepsOfEpoch)) / epochs;
  }
};

/// A sparse layer, as methods see it.
struct MethodLayer {
  SparseLayer *layer = nullptr;
  uint32_t number = 0; ///< Its place among all weight layers.
  double sparsity = 0; ///< Asked of it when training ends.

  SparseParameter &weight() const { return layer->weight(); }
};

/// Gradients before training, for methods that choose by them where it starts.
class GradientSource {
public:
  virtual ~GradientSource() = default;
  /// Draws the network's initial values for what is active now.
  virtual void reset() = 0;
  /// As many images as a training step takes, drawn from all.
  virtual std::vector<uint32_t> batch() = 0;
  /// So many images of each class, or all there are of one, in two batches, or
  /// in more where those would be larger than that of a training step. Batches
  /// are as even as they can be, and so are the classes within each.
  virtual std::vector<std::vector<uint32_t>> balanced(int64_t perClass) = 0;
  /// Fills the gradients of all parameters with those of the mean loss over
  /// these images, logits divided by `temperature`. Activations of all of them
  /// are held at once, and batch norm takes its statistics from them.
  virtual void gradients(const std::vector<uint32_t> &images,
                         double temperature) = 0;
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

  /// Where in `layers` this one is.
  size_t indexOf(const MethodLayer &layer) const;

  std::vector<MethodLayer> layers; ///< In the order of the forward pass.
  uint64_t seed;
  InitialMask initialMask;
  Network *network = nullptr;          ///< Null without one.
  GradientSource *gradients = nullptr; ///< Set while initialise() runs.
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

  /// When its schedule mutates and by which flags, for people, as "every 100
  /// steps (--update-period)". Empty where no run is too short for it.
  virtual std::string mutationSchedule() const { return {}; }
  /// Whether that schedule mutates at this moment.
  virtual bool mutatesAt(const MutationEvent & /*event*/) const {
    return false;
  }

  /// Called after the last epoch: brings each layer to the sparsity asked for
  /// if the schedule has not.
  virtual void finish(MethodContext &context);

  /// Whether the backward pass of this step computes dense gradients.
  virtual bool wantsDenseGradients(const MutationEvent & /*event*/) const {
    return false;
  }
  /// Whether it ever does, and how often.
  enum class DenseGradientUse { Never, SomeSteps, EveryStep };
  virtual DenseGradientUse denseGradientUse() const {
    return DenseGradientUse::Never;
  }
  /// Takes the dense gradient of a layer, [out][in][kh][kw], during the
  /// backward pass. Must not change what is active before mutate().
  virtual void takeDenseGradient(MethodContext & /*context*/,
                                 const MethodLayer & /*layer*/,
                                 const MutationEvent & /*event*/,
                                 const float * /*gradient*/) {}
  /// Whether this step's gradients are for the method alone, and the optimiser
  /// does not step.
  virtual bool skipsUpdate(const MutationEvent & /*event*/) const {
    return false;
  }

  /// Whether training starts with a given number of active units in each layer.
  /// Else any may replace them before adoptWeights().
  virtual bool startsFromBudget() const { return true; }
  /// Called when the weights of active units were replaced from outside, after
  /// initialise() and before training. Methods that keep weights of their own
  /// take them over.
  virtual void adoptWeights(MethodContext & /*context*/) {}

  /// What the optimiser trains: by default the parameters of the network.
  /// Called after initialise(), and again after adoptWeights().
  virtual std::vector<Parameter *>
  trainables(MethodContext &context, const std::vector<Parameter *> &all);

  /// Epochs of a whole run, and which epoch of the learning rate's schedule
  /// each is.
  virtual int runEpochs() const { return options.epochs; }
  virtual int scheduleEpoch(int epoch) const { return epoch; }

  const MethodOptions &settings() const { return options; }

  /// Visits what the method was made with, which a resumed run must repeat, and
  /// what it has learnt since. Methods with state of their own override it and
  /// call this one first.
  virtual void visitState(StateVisitor &state);

protected:
  explicit Method(const MethodOptions &options);

  /// The schedule of methods that count steps; a `stop` of 1 is none.
  static std::string stepSchedule(int64_t period, double stop);

  MethodOptions options;
};

/// dense, static, mest, mest-em, mest-ems, mest-ems-readme, set, rigl, snfs,
/// dsr, deepr, dst, snip, grasp, lottery, gradual.
std::vector<std::string> methodNames();

/// Whether a method has a use for an option, which goes by its flag of `lacuna
/// train`. Throws UserError on an unknown method.
bool methodUses(const std::string &method, const std::string &option);

/// Throws UserError unless `methodUses` the option, naming the methods that do.
void verifyMethodUses(const std::string &method, const std::string &option);

/// Throws UserError on an unknown name, naming the known ones, and on options
/// out of range or that the method has no use for, naming the option.
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

/// Units that the released code of MEST keeps when it prunes to a sparsity:
/// what lies strictly above a percentile, and for patterns what is left of a
/// filter after a truncated number of kernels.
int64_t referenceKept(const SparseParameter &parameter, double sparsity);
/// Units it grows back from `active` ones: truncated too, filter by filter for
/// patterns, which it expects balanced.
int64_t referenceGrown(const SparseParameter &parameter, int64_t active,
                       double sparsity);

/// As unitsAtSparsity(), but a pattern layer asked to be denser than its
/// patterns allow has every kernel.
int64_t unitsAtMost(const SparseParameter &parameter, double sparsity);

/// Activates inactive units drawn uniformly until `count` are active, pattern
/// layers filter by filter with patterns drawn uniformly. Whether anything
/// changed.
bool growToUnits(SparseParameter &parameter, int64_t count,
                 RandomStream &stream);

/// The same with the units whose values in `dense`, [out][in][kh][kw], have the
/// largest norm, such as dense gradients, and kernels under the pattern that
/// holds most of it. Ties go to the lower unit. Throws UserError when a norm is
/// not finite.
bool growToUnits(SparseParameter &parameter, int64_t count, const float *dense);

/// Units drawn uniformly from all, as many as the sparsity leaves.
ActiveSet randomUnits(const SparseParameter &parameter, double sparsity,
                      RandomStream &stream);

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHOD_H
