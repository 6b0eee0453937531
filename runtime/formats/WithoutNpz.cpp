//===- WithoutNpz.cpp - Builds without libzip -----------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Support/Npz.h"

#include "lacuna/Support/Error.h"

namespace lacuna {

namespace {

[[noreturn]] void refuse() {
  throw EnvironmentError("this build of Lacuna has no libzip, so it neither "
                         "reads nor writes .npz files (LACUNA_WITH_CODECS is "
                         "off)");
}

} // namespace

struct NpzWriter::Archive {};
NpzWriter::NpzWriter() { refuse(); }
NpzWriter::~NpzWriter() = default;
void NpzWriter::add(const std::string &, const NpyArray &) { refuse(); }
std::string NpzWriter::finish() { refuse(); }

struct NpzFile::Archive {};
NpzFile::NpzFile(const std::string &) { refuse(); }
NpzFile::~NpzFile() = default;
std::vector<std::string> NpzFile::names() const { refuse(); }
bool NpzFile::contains(const std::string &) const { refuse(); }
NpyArray NpzFile::read(const std::string &) { refuse(); }

} // namespace lacuna
