//===- CommandLine.cpp - What all commands do with their flags ------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "lacuna/Runtime/Method.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <filesystem>

namespace lacuna {

void addCompilerFlags(CLI::App &app, ProviderOptions &options) {
  app.add_option("--cpu", options.cpu,
                 "Compile for this CPU, as LLVM names it; default this one");
  app.add_option("--dump-ir", options.dumpIrDirectory,
                 "Write the IR of each compiled kernel to this folder");
}

void addCacheFolderFlag(CLI::App &app, ProviderOptions &options) {
  app.add_option("--cache-dir", options.cacheDirectory,
                 "Folder of the kernel cache");
}

void addTunedFlags(CLI::App &app, ProviderOptions &options) {
  addCacheFolderFlag(app, options);
  app.add_flag("--no-tuned", options.noTuned,
               "Use the compiler's schedules, not those `lacuna tune` found");
}

void addCacheFlags(CLI::App &app, ProviderOptions &options) {
  addTunedFlags(app, options);
  app.add_option_function<int64_t>(
         "--cache-limit",
         [&options](int64_t megabytes) {
           options.cacheLimitBytes = megabytes << 20;
         },
         "Largest size of that folder in MiB; default 1024")
      ->check(between(int64_t(1), int64_t(1) << 30));
  app.add_flag("--no-disk-cache", options.noDiskCache,
               "Neither read nor write the kernel cache on disk");
}

CLI::Validator isSparsity() {
  return CLI::Validator(
      [](const std::string &text) {
        double value;
        // What is no number is refused where it is converted.
        if (CLI::detail::lexical_cast(text, value))
          verifySparsity(value);
        return std::string();
      },
      "in [0, 1)");
}

template <typename T, size_t N, typename Name>
static Choices<T> named(const T (&values)[N], Name nameOf) {
  Choices<T> choices;
  for (T value : values)
    choices.emplace(nameOf(value), value);
  return choices;
}

const Choices<Scheme> &allSchemes() {
  static const Choices<Scheme> choices = named(kAllSchemes, schemeName);
  return choices;
}

const Choices<Scheme> &sparseSchemes() {
  static const Choices<Scheme> choices = [] {
    Choices<Scheme> sparse = allSchemes();
    sparse.erase(std::string(schemeName(Scheme::Dense)));
    return sparse;
  }();
  return choices;
}

const Choices<Operation> &allOperations() {
  static const Choices<Operation> choices =
      named(kAllOperations, operationName);
  return choices;
}

const Choices<Level> &allLevels() {
  static const Choices<Level> choices = named(kAllLevels, levelName);
  return choices;
}

void addStructureFlags(CLI::App &app, Scheme &scheme, double &sparsity,
                       const std::string &share) {
  addChoice(app, "--scheme", scheme, allSchemes(), "The sparsity scheme")
      ->default_str(std::string(schemeName(scheme)));
  app.add_option("--sparsity", sparsity, share)
      ->check(isSparsity())
      ->capture_default_str();
}

void verifySparsityCounts(const std::optional<double> &sparsity,
                          const SparsityDistribution &distribution) {
  if (sparsity && !distribution.source.empty())
    throw UserError("sparsity: the layers have those that --distribution " +
                    distribution.source + " gives them; leave one out");
}

void addSeedFlag(CLI::App &app, uint64_t &seed, const std::string &choices) {
  app.add_option("--seed", seed, choices)
      ->check([](const std::string &text) {
        return text.find('-') == std::string::npos ? std::string()
                                                   : text + " is negative";
      })
      ->capture_default_str();
}

ImageFolderOptions imageFolders(const std::string &data,
                                const std::optional<int64_t> &size,
                                const std::optional<int64_t> &cache) {
  constexpr int64_t kMaxCache = int64_t(1) << 30;
  if ((size || cache) && data.rfind("images:", 0) != 0)
    throw UserError("image-size, image-cache: are for --data images:DIR only");
  ImageFolderOptions options;
  options.imageSize = size.value_or(options.imageSize);
  if (cache) {
    if (*cache < 0 || *cache > kMaxCache)
      throw UserError("image-cache: is " + std::to_string(*cache) +
                      ", must be between 0 and " + std::to_string(kMaxCache) +
                      " MiB");
    options.cacheBytes = *cache << 20;
  }
  options.verify();
  return options;
}

void addPixelFlags(CLI::App &app, PixelFlags &flags) {
  CLI::Option *raw =
      app.add_flag("--raw-pixels", flags.raw,
                   "Inputs are pixels / 255: no mean, no deviation");
  CLI::Option *mean =
      app.add_option("--mean", flags.own.mean,
                     "What is taken from pixels / 255, for each channel, such "
                     "as 0.5,0.5,0.5; default that of the data set");
  CLI::Option *deviation = app.add_option("--deviation", flags.own.deviation,
                                          "What they are then divided by");
  mean->delimiter(',')->needs(deviation)->excludes(raw);
  deviation->delimiter(',')->needs(mean)->excludes(raw);
}

void applyPixelFlags(const PixelFlags &flags, DataSet &data) {
  if (flags.raw) {
    data.mean.assign(data.mean.size(), 0);
    data.deviation.assign(data.deviation.size(), 1);
  } else if (!flags.own.mean.empty()) {
    flags.own.verify(data.train.channels);
    data.mean = flags.own.mean;
    data.deviation = flags.own.deviation;
  }
}

void addBatchFlag(CLI::App &app, int64_t &batch, const std::string &images) {
  app.add_option("--batch", batch, images)
      ->check(between(1, 65536))
      ->capture_default_str();
}

void addThreadsFlag(CLI::App &app, ProviderOptions &options,
                    const std::string &threads) {
  app.add_option("--threads", options.threads, threads)
      ->check(between(1, 256))
      ->capture_default_str();
}

CLI::Option *addOperationsFlag(CLI::App &app,
                               std::vector<Operation> &operations) {
  return addChoices(app, "--op", operations, allOperations(),
                    "A list of operations, with commas; default all");
}

bool isWanted(Operation operation, const std::vector<Operation> &operations) {
  return operations.empty() || std::find(operations.begin(), operations.end(),
                                         operation) != operations.end();
}

bool isSameFile(const std::string &a, const std::string &b) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  return !a.empty() && !b.empty() &&
         fs::weakly_canonical(fs::absolute(a), ignored) ==
             fs::weakly_canonical(fs::absolute(b), ignored);
}

std::string suggestion(const std::string &word,
                       const std::vector<std::string> &known) {
  // Two letters in the wrong order are two edits; longer words have room for
  // more.
  size_t fewest = std::max<size_t>(2, word.size() / 4) + 1;
  std::string nearest;
  for (const std::string &name : known) {
    size_t edits = llvm::StringRef(word).edit_distance(name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : "; is " + nearest + " meant?";
}

/// The words nobody asked for, in the order of the command line, which the
/// parser's own text reverses.
static std::string unexpected(const CLI::App &app, const CLI::App &parsed) {
  std::vector<std::string> words = app.remaining(true), flags;
  for (const CLI::Option *option : parsed.get_options())
    flags.push_back(option->get_name());
  std::string first = words.front().substr(0, words.front().find('='));
  return "not expected: " + CLI::detail::join(words, " ") +
         suggestion(first, flags);
}

/// A number of values that a flag does not take. The parser's text begins with
/// the flag's name.
static std::string wrongCount(const CLI::App &parsed, std::string text) {
  std::string name = text.substr(0, text.find(':'));
  const CLI::Option *option = parsed.get_option_no_throw(name);
  if (!option)
    return text;
  size_t given = option->results().size();
  if (given == 0)
    return name + ": has no value";
  if (option->get_items_expected_max() == 1)
    return name + ": is given " + std::to_string(given) +
           " times, must be once";
  return name + ": has " + std::to_string(given) + " values, must have " +
         std::to_string(option->get_items_expected_max());
}

/// A word where a number is due. The parser's text ends with "NAME = VALUES".
static std::string wrongType(const CLI::App &parsed, std::string text) {
  for (const CLI::Option *option : parsed.get_options()) {
    std::string values = CLI::detail::join(option->results());
    if (option->results().empty() ||
        !llvm::StringRef(text).ends_with(": " + option->get_name() + " = " +
                                         values))
      continue;
    bool isWhole = option->get_type_name().find("INT") != std::string::npos;
    return option->get_name() + ": '" + values + "' must be " +
           (option->get_items_expected_max() > 1 ? "numbers"
            : isWhole                            ? "a whole number"
                                                 : "a number");
  }
  return text;
}

static std::string subcommandsOf(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::App *subcommand : app.get_subcommands({}))
    names.push_back(subcommand->get_name());
  return CLI::detail::join(names, ", ");
}

/// What is wrong with a command line, and where the flags are listed.
static std::string usageMessage(const CLI::App &app,
                                const CLI::ParseError &error) {
  std::string command = app.get_name();
  const CLI::App *parsed = &app;
  for (const CLI::App *subcommand : app.get_subcommands()) {
    command += " " + subcommand->get_name();
    parsed = subcommand;
  }
  std::string message = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
  case CLI::ExitCodes::ExtrasError:
    message = unexpected(app, *parsed);
    break;
  case CLI::ExitCodes::RequiredError:
    if (parsed == &app && !app.get_subcommands({}).empty())
      message = "needs one of " + subcommandsOf(app);
    break;
  case CLI::ExitCodes::ArgumentMismatch:
    message = wrongCount(*parsed, message);
    break;
  case CLI::ExitCodes::ConversionError:
    message = wrongType(*parsed, message);
    break;
  default:
    break;
  }
  return message + "\nRun " + command + " --help for the flags.";
}

int runCommand(CLI::App &app, int argc, char **argv,
               const std::function<void()> &execute) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) {
    app.exit(help);
    return static_cast<int>(ExitCode::Success);
  } catch (const CLI::ValidationError &error) {
    throw UserError(error.what());
  } catch (const CLI::ParseError &error) {
    throw UsageError(usageMessage(app, error));
  }
  execute();
  return static_cast<int>(ExitCode::Success);
}

} // namespace lacuna
