//===- CommandLine.h - What all commands do with their flags ----*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H
#define LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H

#include "lacuna/Compiler/ProviderOptions.h"
#include "lacuna/Runtime/DataSet.h"
#include "lacuna/Runtime/Distribution.h"
#include "lacuna/Support/Error.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace lacuna {

/// The command line is wrong, whatever its values are.
class UsageError : public Error {
public:
  explicit UsageError(const std::string &message)
      : Error(ExitCode::UsageError, message) {}
};

/// What kernels are compiled for, and where their stages go.
void addCompilerFlags(CLI::App &app, ProviderOptions &options);

/// Where compiled kernels and tuned schedules are kept.
void addCacheFolderFlag(CLI::App &app, ProviderOptions &options);
/// That, and whether tuned schedules are used.
void addTunedFlags(CLI::App &app, ProviderOptions &options);
/// Those, and how the cache is used.
void addCacheFlags(CLI::App &app, ProviderOptions &options);

//===----------------------------------------------------------------------===//
// Values. One that is refused is a UserError; text where a number is due is a
// UsageError.
//===----------------------------------------------------------------------===//

/// Checks that a number lies between two, both included; NaN does not.
template <typename T> CLI::Validator between(T least, T greatest) {
  std::ostringstream range;
  range << "between " << least << " and " << greatest;
  return CLI::Validator(
      [least, greatest, rule = range.str()](const std::string &text) {
        T value;
        // What is no number is refused where it is converted.
        if (!CLI::detail::lexical_cast(text, value) ||
            (value >= least && value <= greatest))
          return std::string();
        return "is " + text + ", must be " + rule;
      },
      range.str());
}

/// Checks as training does that a number is a sparsity.
CLI::Validator isSparsity();

/// Values that have names.
template <typename T> using Choices = std::map<std::string, T>;

const Choices<Scheme> &allSchemes();
/// Those a sparse layer can have: all but dense.
const Choices<Scheme> &sparseSchemes();
const Choices<Operation> &allOperations();
const Choices<Level> &allLevels();

/// A flag that takes one of these names, which its help and its errors list.
/// `choices` must outlive the app.
template <typename Target, typename T>
CLI::Option *addChoice(CLI::App &app, const std::string &flag, Target &target,
                       const Choices<T> &choices,
                       const std::string &description) {
  return app
      .add_option_function<std::string>(
          flag,
          [&target, &choices](const std::string &name) {
            target = choices.at(name);
          },
          description)
      ->check(CLI::IsMember(choices));
}

/// A flag that takes a list of them, with commas. Replaces what `targets` has.
template <typename T>
CLI::Option *addChoices(CLI::App &app, const std::string &flag,
                        std::vector<T> &targets, const Choices<T> &choices,
                        const std::string &description) {
  return app
      .add_option_function<std::vector<std::string>>(
          flag,
          [&targets, &choices](const std::vector<std::string> &names) {
            targets.clear();
            for (const std::string &name : names)
              targets.push_back(choices.at(name));
          },
          description)
      ->delimiter(',')
      ->check(CLI::IsMember(choices));
}

/// --scheme, any of them, and --sparsity, which `share` describes.
void addStructureFlags(CLI::App &app, Scheme &scheme, double &sparsity,
                       const std::string &share);
/// Refuses a sparsity that nothing would come of, beside a file that has those
/// of the layers.
void verifySparsityCounts(const std::optional<double> &sparsity,
                          const SparsityDistribution &distribution);

/// --seed, which is never negative, described by `choices`.
void addSeedFlag(CLI::App &app, uint64_t &seed, const std::string &choices);

/// What --image-size and --image-cache (MiB) ask for, which are for folders of
/// images alone.
ImageFolderOptions imageFolders(const std::string &data,
                                const std::optional<int64_t> &size,
                                const std::optional<int64_t> &cache = {});

/// How pixels are given to a network, where not as the data set has it.
struct PixelFlags {
  Normalisation own;
  bool raw = false;
};
/// --mean, --deviation and --raw-pixels.
void addPixelFlags(CLI::App &app, PixelFlags &flags);
/// Gives the data set the mean and deviation that these flags ask for.
void applyPixelFlags(const PixelFlags &flags, DataSet &data);

/// --batch and --threads, described by `images` and `threads`.
void addBatchFlag(CLI::App &app, int64_t &batch,
                  const std::string &images = "Images");
void addThreadsFlag(CLI::App &app, ProviderOptions &options,
                    const std::string &threads = "Threads");
/// --op, a list of operations. Empty stands for all.
CLI::Option *addOperationsFlag(CLI::App &app,
                               std::vector<Operation> &operations);
/// Whether such a list has this one.
bool isWanted(Operation operation, const std::vector<Operation> &operations);

/// Whether two paths lead to one file, which need not exist. An empty one leads
/// nowhere.
bool isSameFile(const std::string &a, const std::string &b);

/// "; is NAME meant?" where one of the known names is nearly this word, else
/// nothing.
std::string suggestion(const std::string &word,
                       const std::vector<std::string> &known);

/// Parses the flags, then runs `execute`. Answers calls for help, throws
/// UsageError and UserError on wrong flags. Returns the exit code; what
/// `execute` throws passes through.
int runCommand(CLI::App &app, int argc, char **argv,
               const std::function<void()> &execute);

} // namespace lacuna

#endif // LACUNA_COMPILER_TOOLS_LACUNA_COMMANDLINE_H
