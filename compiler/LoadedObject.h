//===- LoadedObject.h - The program or library at an address ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_LOADEDOBJECT_H
#define LACUNA_COMPILER_LOADEDOBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>
#include <link.h>

namespace lacuna {

llvm::ArrayRef<ElfW(Phdr)> segmentsOf(const dl_phdr_info &object);

/// Calls visit(object) for the loaded object whose memory holds `address`, if
/// there is one.
void visitLoadedObject(uintptr_t address,
                       llvm::function_ref<void(const dl_phdr_info &)> visit);

} // namespace lacuna

#endif // LACUNA_COMPILER_LOADEDOBJECT_H
