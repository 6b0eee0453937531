//===- Error.h - What went wrong, whose fault, what to do next --*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every failure is one of three kinds, told apart in the text and in the exit
// code of the tools: the user's input is wrong, the environment (disk, library,
// CPU) does not provide what is needed, or Lacuna itself has a bug.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_SUPPORT_ERROR_H
#define LACUNA_SUPPORT_ERROR_H

#include <stdexcept>
#include <string>

namespace lacuna {

/// Exit codes of every Lacuna tool. Documented in docs/tools.md.
enum class ExitCode : int {
  Success = 0,
  UserError = 1,
  UsageError = 2,
  EnvironmentError = 3,
  InternalError = 4,
};

/// The common base. `what()` states what failed, where, and what to do next.
/// Never thrown across the kernel ABI.
class Error : public std::runtime_error {
public:
  ExitCode exitCode() const { return code; }

protected:
  Error(ExitCode code, const std::string &message)
      : std::runtime_error(message), code(code) {}

private:
  ExitCode code;
};

/// The input (descriptor, data file, flag, hyper-parameter) is wrong.
class UserError : public Error {
public:
  explicit UserError(const std::string &message)
      : Error(ExitCode::UserError, message) {}
};

/// The machine does not provide what is needed (disk, permission, CPU, memory).
class EnvironmentError : public Error {
public:
  explicit EnvironmentError(const std::string &message)
      : Error(ExitCode::EnvironmentError, message) {}
};

/// Lacuna broke one of its own promises.
class InternalError : public Error {
public:
  explicit InternalError(const std::string &message)
      : Error(ExitCode::InternalError,
              "internal error: " + message +
                  " (this is a bug in Lacuna: please report it)") {}
};

/// Checks a promise that holds unless Lacuna has a bug. Always on.
inline void verifyInvariant(bool holds, const char *message) {
  if (!holds)
    throw InternalError(message);
}

} // namespace lacuna

#endif // LACUNA_SUPPORT_ERROR_H
