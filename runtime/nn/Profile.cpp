//===- Profile.cpp - Where the time of a step goes ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Profile.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

std::string_view stepPartName(StepPart part) {
  switch (part) {
  case StepPart::Forward:
    return "forward";
  case StepPart::GradInput:
    return "grad-input";
  case StepPart::GradWeight:
    return "grad-weight";
  case StepPart::BatchNorm:
    return "batch-norm";
  }
  throw InternalError("unknown part of a step");
}

} // namespace lacuna
