//===- RecordedState.h - A moment of training to go back to --- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METHODS_RECORDEDSTATE_H
#define LACUNA_RUNTIME_METHODS_RECORDEDSTATE_H

#include "lacuna/Runtime/Network.h"
#include "lacuna/Runtime/State.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

/// A network's whole state, kept in memory and accounted as
/// MemoryKind::MethodState.
class RecordedState {
public:
  void record(Network &network);
  /// Needs a record. Kernels must be packed anew where active sets differ.
  void restore(Network &network) const;
  bool empty() const { return bytes.empty(); }
  void visitState(StateVisitor &state, const std::string &name);

private:
  std::vector<uint8_t> bytes;
  AccountedMemory memory{MemoryKind::MethodState};
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METHODS_RECORDEDSTATE_H
