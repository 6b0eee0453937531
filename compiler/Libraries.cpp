//===- Libraries.cpp - Objects into libraries, files into folders ---------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Libraries.h"

#include "TemporaryFolder.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"
#include "lacuna/Support/Sha256.h"

#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Triple.h"

#include <limits>

namespace lacuna {

namespace {

std::string linker() {
  for (const char *name : {"ld.lld-" LACUNA_LLVM_MAJOR, "ld.lld"})
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  throw EnvironmentError("linking a shared object needs ld.lld (Debian: apt "
                         "install lld-" LACUNA_LLVM_MAJOR
                         "); without it: --emit=archive");
}

/// `darwin`: in the form of Apple's tools.
std::string archiveOf(const std::vector<NamedObject> &objects, bool darwin) {
  std::vector<llvm::NewArchiveMember> members;
  for (const NamedObject &object : objects)
    members.emplace_back(llvm::MemoryBufferRef(object.bytes, object.name));
  auto buffer = llvm::writeArchiveToBuffer(
      members, llvm::SymtabWritingMode::NormalSymtab,
      darwin ? llvm::object::Archive::K_DARWIN : llvm::object::Archive::K_GNU,
      /*Deterministic=*/true, /*Thin=*/false);
  if (!buffer)
    throw InternalError("the archive cannot be written: " +
                        llvm::toString(buffer.takeError()));
  return (*buffer)->getBuffer().str();
}

/// Kernels and networks call nothing, so that no library of the target is
/// needed.
std::string sharedObjectOf(const std::vector<NamedObject> &objects,
                           const std::string &name,
                           const llvm::Triple &triple) {
  std::string program = linker();
  TemporaryFolder folder;
  std::string output = folder.file(name), messages = folder.file("messages");
  // 32-bit ARM divides 64-bit numbers by a function of libgcc, which every C++
  // program there has loaded.
  std::vector<std::string> words{
      program,   "-shared", "-z", triple.isARM() ? "undefs" : "defs",
      "-soname", name,      "-o", output};
  for (const NamedObject &object : objects) {
    words.push_back(folder.file(object.name));
    writeFileAtomically(words.back(), {object.bytes});
  }
  std::vector<llvm::StringRef> arguments(words.begin(), words.end());
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(
      program, arguments, std::nullopt,
      {llvm::StringRef(), llvm::StringRef(messages), llvm::StringRef(messages)},
      0, 0, &problem);
  constexpr int64_t kMaxMessages = 1 << 20;
  if (status != 0)
    throw EnvironmentError(
        program + " failed: " +
        (status < 0 ? problem : readFile(messages, kMaxMessages)));
  return readFile(output, std::numeric_limits<int64_t>::max());
}

} // namespace

void checkParts(const CodeParts &parts, const Target &target) {
  if (parts.count(CodePart::Shared) &&
      !llvm::Triple(target.triple).isOSBinFormatELF())
    throw UserError("emit: a shared object for " + target.triple +
                    " needs that system's own linker; use --emit=archive and "
                    "link it there");
}

std::vector<TextPart> textParts(const CodeParts &parts) {
  std::vector<TextPart> texts;
  for (const TextPart &text :
       {TextPart{CodePart::Mlir, KernelOutput::Mlir, ".mlir"},
        TextPart{CodePart::Llvm, KernelOutput::Llvm, ".ll"},
        TextPart{CodePart::Assembly, KernelOutput::Assembly, ".s"}})
    if (parts.count(text.part))
      texts.push_back(text);
  return texts;
}

void writeLibraries(const std::vector<NamedObject> &objects,
                    const std::string &name, const CodeParts &parts,
                    const Target &target, OutputFolder &folder) {
  llvm::Triple triple(target.triple);
  if (parts.count(CodePart::Object))
    for (const NamedObject &object : objects)
      folder.write(object.name, object.bytes);
  if (parts.count(CodePart::Archive))
    folder.write("lib" + name + ".a",
                 archiveOf(objects, triple.isOSBinFormatMachO()));
  std::string shared = "lib" + name + ".so";
  if (parts.count(CodePart::Shared))
    folder.write(shared, sharedObjectOf(objects, shared, triple));
}

OutputFolder::OutputFolder(const std::string &path) : path(path) {
  if (std::error_code error = llvm::sys::fs::create_directories(
          path, /*IgnoreExisting=*/true, llvm::sys::fs::perms::all_all))
    throw EnvironmentError("output: cannot create the folder " + path + ": " +
                           error.message());
}

std::vector<std::string> OutputFolder::bundledFiles() const {
  std::string manifest = path + "/" + kManifestFile;
  if (!llvm::sys::fs::exists(manifest))
    return {};
  try {
    return listedFiles(readFile(manifest, kMaxManifestBytes), manifest);
  } catch (const UserError &error) {
    throw UserError("output: " + std::string(error.what()) +
                    ": it is not the manifest of a bundle, and would be "
                    "overwritten; remove it, or choose another folder");
  }
}

void OutputFolder::withdrawBundle(const std::vector<std::string> &files) {
  remove(kManifestFile);
  removeOthers(files);
}

void OutputFolder::removeOthers(const std::vector<std::string> &files) {
  for (const std::string &name : files)
    if (written.count(name) == 0)
      remove(name);
}

void OutputFolder::remove(const std::string &name) {
  std::string file = path + "/" + name;
  if (std::error_code error = llvm::sys::fs::remove(file))
    throw EnvironmentError("output: cannot replace " + file + ": " +
                           error.message());
}

void OutputFolder::write(const std::string &name, const std::string &content) {
  writeFileAtomically(path + "/" + name, {content});
  written[name] = {static_cast<int64_t>(content.size()), sha256(content)};
}

} // namespace lacuna
