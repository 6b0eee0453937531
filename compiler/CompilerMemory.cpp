//===- CompilerMemory.cpp - What the compiler leaves in memory ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/CompilerMemory.h"

#include "LoadedObject.h"

#include "mlir/IR/Verifier.h"
#include "llvm/TargetParser/Host.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace lacuna {

namespace {

/// Drops the pages of the read-only segments of a loaded object. Segments that
/// are ever written, relocations included, keep theirs.
void dropReadOnlyPages(const dl_phdr_info &object) {
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) &segment : segmentsOf(object)) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0)
      continue;
    uintptr_t start = object.dlpi_addr + segment.p_vaddr;
    uintptr_t begin = start / page * page;
    uintptr_t end = (start + segment.p_memsz) / page * page;
    // A hint: where the system refuses it, the pages stay.
    if (end > begin)
      madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  }
}

} // namespace

void releaseCompilerMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  for (uintptr_t address :
       {reinterpret_cast<uintptr_t>(&llvm::sys::getHostCPUName),
        reinterpret_cast<uintptr_t>(&mlir::verify)})
    visitLoadedObject(address, dropReadOnlyPages);
}

} // namespace lacuna
