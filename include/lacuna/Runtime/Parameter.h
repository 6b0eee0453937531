//===- Parameter.h - What a network learns -------------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A parameter holds its values, what the optimiser keeps for each of them, and
// their gradient. A sparse one holds them at its active positions only: no
// buffer of its dense size exists.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_PARAMETER_H
#define LACUNA_RUNTIME_PARAMETER_H

#include "lacuna/Kernel/Structure.h"
#include "lacuna/Runtime/Memory.h"
#include "lacuna/Runtime/State.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

/// Bytes of memory held outside a Buffer, kept on the account while it lives.
class AccountedMemory {
public:
  explicit AccountedMemory(MemoryKind kind) : kind(kind) {}
  AccountedMemory(const AccountedMemory &) = delete;
  AccountedMemory &operator=(const AccountedMemory &) = delete;
  ~AccountedMemory() { set(0); }

  void set(int64_t newBytes) {
    accountMemory(kind, newBytes - bytes);
    bytes = newBytes;
  }

private:
  MemoryKind kind;
  int64_t bytes = 0;
};

/// A dense parameter: a bias, or a scale or shift of batch norm.
class Parameter {
public:
  Parameter(std::string name, int64_t size);
  virtual ~Parameter() = default;
  Parameter(const Parameter &) = delete;
  Parameter &operator=(const Parameter &) = delete;

  const std::string &name() const { return parameterName; }
  /// Values held: of a sparse parameter, the active ones.
  int64_t size() const { return valueBuffer.size(); }
  /// Values of the dense parameter this one stands for.
  virtual int64_t denseSize() const { return size(); }

  float *values() { return valueBuffer.data(); }
  const float *values() const { return valueBuffer.data(); }
  /// What the optimiser keeps for each value, in buffers of size() floats. None
  /// unless an optimiser trains this: see Optimiser::stateNames().
  int stateCount() const { return static_cast<int>(stateBuffers.size()); }
  float *state(int which) { return stateBuffers[size_t(which)].data(); }
  const float *state(int which) const {
    return stateBuffers[size_t(which)].data();
  }
  /// Makes one state buffer for each name, all zero.
  void resetState(const std::vector<std::string> &names);
  /// The first of them: SGD's momentum, Adam's first moment.
  float *momentum() { return state(0); }
  const float *momentum() const { return state(0); }
  float *gradient() { return gradientBuffer.data(); }
  const float *gradient() const { return gradientBuffer.data(); }

  /// Grows with every change of the values, so that copies know their age.
  uint64_t version() const { return currentVersion; }
  void markChanged() { ++currentVersion; }

  /// Values and what the optimiser keeps for them, under the parameter's name.
  virtual void visitState(StateVisitor &state);

protected:
  void visitValues(StateVisitor &state);
  /// Makes all buffers, zero.
  void allocate(int64_t size);

  Buffer<float> valueBuffer, gradientBuffer;
  std::vector<Buffer<float>> stateBuffers;
  std::vector<std::string> stateNames;

private:
  std::string parameterName;
  uint64_t currentVersion = 1;
};

/// The weights of a layer under a sparsity scheme, in canonical order.
class SparseParameter : public Parameter {
public:
  /// Throws UserError naming the field when geometry or structure are invalid.
  /// Holds nothing until activate().
  SparseParameter(std::string name, const Geometry &geometry,
                  const Structure &structure);

  const Geometry &geometry() const { return layerGeometry; }
  const Structure &structure() const { return layerStructure; }
  const ActiveSet &active() const { return activeSet; }
  int64_t denseSize() const override { return layerGeometry.weights(); }
  int64_t units() const { return layerStructure.units(layerGeometry); }
  int64_t activeUnits() const;

  /// Takes this set of units and zero values. Verifies the set.
  void activate(ActiveSet active);
  /// Takes this set of units. Those that were active before, under the same
  /// pattern, keep values and momentum; the others start from zero. Verifies
  /// the set.
  void replace(ActiveSet next);
  /// Keeps the units at these positions of active().units, ascending; what
  /// the others held, optimiser state included, is lost.
  void prune(const std::vector<uint32_t> &keptSlots);
  /// Adds inactive units, ascending, with zero values and optimiser state.
  /// `patternIds` holds one pattern each for the pattern scheme.
  void grow(const std::vector<uint32_t> &units,
            const std::vector<uint8_t> &patternIds);
  /// prune() and grow() in one: values and optimiser state move once. `grown`
  /// may hold units that were active and are not kept; they start from zero.
  void exchange(const std::vector<uint32_t> &keptSlots, const ActiveSet &grown);
  /// exchange() with the grown units given by rank: how many units below each
  /// are not kept. Returns the units kept.
  std::vector<uint32_t> exchangeByRank(const std::vector<uint32_t> &keptSlots,
                                       const ActiveSet &ranks);

  /// Grows with every change of the active set, so that streams know their age.
  uint64_t activeVersion() const { return currentActiveVersion; }

  /// Where the values of each active unit start, and where the last ones end.
  std::vector<int64_t> unitStarts() const;
  /// Values of a unit where all units have as many; 0 for patterns of several
  /// sizes.
  int64_t uniformUnitSize() const;

  /// Also the active set, and the latest gradients, which scores may read.
  /// Loading activates what was saved; kernels must be packed anew after it.
  void visitState(StateVisitor &state) override;

private:
  /// The units in these slots.
  ActiveSet unitsAt(const std::vector<uint32_t> &slots) const;
  /// exchange(), `grown` being numbered as the merge takes it. Returns the
  /// units kept.
  template <typename Merge>
  std::vector<uint32_t> exchangeWith(const std::vector<uint32_t> &keptSlots,
                                     const ActiveSet &grown);
  /// Takes this set; what the old slot oldSlots[i] holds goes to newSlots[i],
  /// and all else starts from zero.
  void rebuild(ActiveSet next, const std::vector<uint32_t> &oldSlots,
               const std::vector<uint32_t> &newSlots);
  void activeSetChanged();

  Geometry layerGeometry;
  Structure layerStructure;
  ActiveSet activeSet;
  uint64_t currentActiveVersion = 1;
  AccountedMemory indexMemory{MemoryKind::Indices};
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_PARAMETER_H
