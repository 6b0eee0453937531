//===- Interruption.h - Signals that ask to stop -------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TOOLS_LACUNA_INTERRUPTION_H
#define LACUNA_TOOLS_LACUNA_INTERRUPTION_H

namespace lacuna {

/// While one exists, the first SIGINT or SIGTERM is noted, and said so on
/// stderr, in place of ending the process; a second one ends it. Signals that
/// the process was started to ignore stay ignored. One at a time.
class Interruption {
public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption &) = delete;
  Interruption &operator=(const Interruption &) = delete;

  /// The signal that came, or 0.
  static int signal();
};

} // namespace lacuna

#endif // LACUNA_TOOLS_LACUNA_INTERRUPTION_H
