//===- LoadedObject.cpp - The program or library at an address ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadedObject.h"

#include "llvm/ADT/STLExtras.h"

namespace lacuna {

namespace {

struct Search {
  uintptr_t address;
  llvm::function_ref<void(const dl_phdr_info &)> visit;
};

int visitIfHolds(dl_phdr_info *object, size_t, void *data) {
  const Search &search = *static_cast<const Search *>(data);
  auto holds = [&](const ElfW(Phdr) & segment) {
    // Addresses below the segment wrap to great distances.
    return segment.p_type == PT_LOAD &&
           search.address - (object->dlpi_addr + segment.p_vaddr) <
               segment.p_memsz;
  };
  if (!llvm::any_of(segmentsOf(*object), holds))
    return 0;
  search.visit(*object);
  return 1;
}

} // namespace

llvm::ArrayRef<ElfW(Phdr)> segmentsOf(const dl_phdr_info &object) {
  return {object.dlpi_phdr, object.dlpi_phnum};
}

void visitLoadedObject(uintptr_t address,
                       llvm::function_ref<void(const dl_phdr_info &)> visit) {
  Search search{address, visit};
  dl_iterate_phdr(visitIfHolds, &search);
}

} // namespace lacuna
