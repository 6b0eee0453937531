//===- ThroughputModel.cpp - What llvm-mca expects of loops ---------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/ThroughputModel.h"

#include "TemporaryFolder.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <set>

namespace lacuna {

namespace {

/// Enough for a loop to settle.
constexpr int64_t kIterations = 200;

/// A line of assembly without its comment and the space around it.
llvm::StringRef codeOf(llvm::StringRef line) {
  // On ARM a '#' without a space starts an immediate.
  for (llvm::StringRef comment : {"//", ";", "## ", "# "})
    line = line.take_front(line.find(comment));
  return line.trim();
}

/// The label that a branch goes to; empty for all other instructions.
llvm::StringRef branchTarget(llvm::StringRef instruction) {
  static const llvm::Regex branch("^(j[a-z]+|b(\\.[a-z]+)?|[ct]bn?z)[ \t]");
  if (!branch.match(instruction))
    return {};
  size_t last = instruction.find_last_of(" \t,");
  return instruction.drop_front(last + 1);
}

bool isMultiplyAdd(llvm::StringRef instruction) {
  static const llvm::Regex multiplyAdd("^(fmla|fmad|vfma)[a-z0-9.]*[ \t]");
  return multiplyAdd.match(instruction);
}

bool reachesStack(llvm::StringRef instruction) {
  static const llvm::Regex stack("\\[sp[],]|\\(%rsp");
  return stack.match(instruction);
}

/// One line that is an instruction, with where the labels before it stand.
struct Listing {
  std::vector<llvm::StringRef> instructions;
  llvm::StringMap<size_t> labels; ///< Of the instruction after each.
};

Listing listingOf(llvm::StringRef assembly) {
  Listing listing;
  while (!assembly.empty()) {
    auto [line, rest] = assembly.split('\n');
    assembly = rest;
    llvm::StringRef code = codeOf(line);
    if (code.consume_back(":"))
      listing.labels[code] = listing.instructions.size();
    else if (!code.empty() && code.front() != '.' && code.front() != '#')
      listing.instructions.push_back(code);
  }
  return listing;
}

std::string llvmMca() {
  for (const char *name : {"llvm-mca-" LACUNA_LLVM_MAJOR, "llvm-mca"})
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  throw EnvironmentError("estimating loops needs llvm-mca (Debian: apt install "
                         "llvm-" LACUNA_LLVM_MAJOR ")");
}

/// Runs llvm-mca on all loops, a region each, and returns its JSON report.
std::string simulate(const std::vector<AssemblyLoop> &loops,
                     const Target &target) {
  std::string program = llvmMca();
  TemporaryFolder folder;
  std::string input = folder.file("loops.s"), output = folder.file("report"),
              messages = folder.file("messages");
  std::string text;
  for (const AssemblyLoop &loop : loops) {
    text += "# LLVM-MCA-BEGIN loop\n";
    for (const std::string &instruction : loop.instructions)
      text += instruction + "\n";
    text += "# LLVM-MCA-END\n";
  }
  writeFileAtomically(input, {text});
  // Without an object format that wants every label to be defined.
  llvm::Triple triple(target.triple);
  std::string architecture =
      llvm::Triple::getArchTypeName(triple.getArch()).str();
  std::vector<std::string> words{
      program, "-mtriple=" + architecture, "-mcpu=" + modelledCpu(target),
      "-iterations=" + std::to_string(kIterations), "-json"};
  if (!target.features.empty())
    words.push_back("-mattr=" + target.features);
  words.push_back(input);
  std::vector<llvm::StringRef> arguments(words.begin(), words.end());
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(
      program, arguments, std::nullopt,
      {llvm::StringRef(), llvm::StringRef(output), llvm::StringRef(messages)},
      0, 0, &problem);
  constexpr int64_t kMaxReport = int64_t(1) << 30;
  if (status != 0)
    throw EnvironmentError(
        program +
        " failed: " + (status < 0 ? problem : readFile(messages, kMaxReport)));
  return readFile(output, kMaxReport);
}

/// Reads one region of a report. Resources that any FMA of the loop spends
/// time on are the ports that run FMAs.
LoopEstimate estimateOf(const llvm::json::Object &region) {
  const llvm::json::Object *summary = region.getObject("SummaryView");
  const llvm::json::Array *instructions = region.getArray("Instructions");
  const llvm::json::Object *pressure = region.getObject("ResourcePressureView");
  const llvm::json::Array *uses =
      pressure ? pressure->getArray("ResourcePressureInfo") : nullptr;
  std::optional<double> cycles =
      summary ? summary->getNumber("TotalCycles") : std::nullopt;
  if (!instructions || !uses || !cycles)
    throw EnvironmentError("llvm-mca: its report has another form than that of "
                           "LLVM " LACUNA_LLVM_MAJOR);
  std::set<int64_t> ports;
  double spent = 0;
  for (const llvm::json::Value &value : *uses) {
    const llvm::json::Object &use = *value.getAsObject();
    auto index = static_cast<size_t>(*use.getInteger("InstructionIndex"));
    // After the last instruction come the sums.
    if (index >= instructions->size() ||
        !isMultiplyAdd(*(*instructions)[index].getAsString()))
      continue;
    ports.insert(*use.getInteger("ResourceIndex"));
    spent += *use.getNumber("ResourceUsage");
  }
  LoopEstimate estimate;
  estimate.cycles = *cycles / double(kIterations);
  if (!ports.empty())
    estimate.fmaPorts = spent / (double(ports.size()) * estimate.cycles);
  return estimate;
}

} // namespace

std::vector<AssemblyLoop> innermostLoops(const std::string &assembly) {
  Listing listing = listingOf(assembly);
  std::vector<AssemblyLoop> loops;
  size_t latestStart = 0;
  for (size_t end = 0; end < listing.instructions.size(); ++end) {
    auto label = listing.labels.find(branchTarget(listing.instructions[end]));
    if (label == listing.labels.end() || label->second > end)
      continue;
    size_t start = label->second;
    // Around a loop that ended before, or a part of it: not innermost.
    bool outer = !loops.empty() && start <= latestStart;
    latestStart = std::max(latestStart, start);
    if (outer)
      continue;
    AssemblyLoop loop;
    for (size_t i = start; i <= end; ++i) {
      llvm::StringRef instruction = listing.instructions[i];
      loop.multiplyAdds += isMultiplyAdd(instruction) ? 1 : 0;
      loop.stackAccesses += reachesStack(instruction) ? 1 : 0;
      loop.instructions.push_back(instruction.str());
    }
    loops.push_back(std::move(loop));
  }
  return loops;
}

std::vector<AssemblyLoop> heavyLoops(const std::string &assembly) {
  std::vector<AssemblyLoop> loops = innermostLoops(assembly);
  int64_t most = 0;
  for (const AssemblyLoop &loop : loops)
    most = std::max(most, loop.multiplyAdds);
  llvm::erase_if(loops, [&](const AssemblyLoop &loop) {
    return 2 * loop.multiplyAdds < std::max<int64_t>(most, 1);
  });
  return loops;
}

std::string modelledCpu(const Target &target) {
  // LLVM schedules the Cortex-A76 as a Cortex-A57; the Neoverse N1 is its
  // sister.
  return target.cpu == "cortex-a76" ? "neoverse-n1" : target.cpu;
}

std::vector<LoopEstimate> estimateLoops(const std::vector<AssemblyLoop> &loops,
                                        const Target &target) {
  llvm::Expected<llvm::json::Value> report =
      llvm::json::parse(simulate(loops, target));
  if (!report)
    throw EnvironmentError("llvm-mca: " + llvm::toString(report.takeError()));
  const llvm::json::Object *object = report->getAsObject();
  const llvm::json::Array *regions =
      object ? object->getArray("CodeRegions") : nullptr;
  if (!regions || regions->size() != loops.size())
    throw EnvironmentError("llvm-mca: its report does not have one region for "
                           "each loop");
  std::vector<LoopEstimate> estimates;
  for (const llvm::json::Value &region : *regions)
    estimates.push_back(estimateOf(*region.getAsObject()));
  return estimates;
}

} // namespace lacuna
