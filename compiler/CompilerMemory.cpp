//===- CompilerMemory.cpp - What the compiler leaves in memory ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/CompilerMemory.h"

#include "mlir/IR/Verifier.h"
#include "llvm/TargetParser/Host.h"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace lacuna {

namespace {

struct Segment {
  uintptr_t begin, end;
  bool writable;
};

Segment segmentOf(const dl_phdr_info &info, const ElfW(Phdr) & header) {
  uintptr_t begin = info.dlpi_addr + header.p_vaddr;
  return {begin, begin + header.p_memsz, (header.p_flags & PF_W) != 0};
}

/// Drops the pages of the read-only segments of the loaded object that holds an
/// address. Segments that are ever written, relocations included, keep theirs.
int dropReadOnlyPages(dl_phdr_info *info, size_t, void *data) {
  uintptr_t address = *static_cast<const uintptr_t *>(data);
  bool holds = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    Segment segment = segmentOf(*info, info->dlpi_phdr[i]);
    holds |= info->dlpi_phdr[i].p_type == PT_LOAD && address >= segment.begin &&
             address < segment.end;
  }
  if (!holds)
    return 0;
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    Segment segment = segmentOf(*info, info->dlpi_phdr[i]);
    if (info->dlpi_phdr[i].p_type != PT_LOAD || segment.writable)
      continue;
    uintptr_t begin = segment.begin / page * page;
    uintptr_t end = segment.end / page * page;
    // A hint: where the system refuses it, the pages stay.
    if (end > begin)
      madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  }
  return 1;
}

} // namespace

void releaseCompilerMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  for (uintptr_t address :
       {reinterpret_cast<uintptr_t>(&llvm::sys::getHostCPUName),
        reinterpret_cast<uintptr_t>(&mlir::verify)})
    dl_iterate_phdr(dropReadOnlyPages, &address);
}

} // namespace lacuna
