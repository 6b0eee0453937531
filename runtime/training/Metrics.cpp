//===- Metrics.cpp - The record of a training run -------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Metrics.h"

#include "lacuna/Support/Error.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace lacuna {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLineStart = R"({"event":)";

[[noreturn]] void fail(const std::string &path, const char *what) {
  throw EnvironmentError(path + ": " + what + ": " + std::strerror(errno) +
                         "; choose another --metrics path");
}

} // namespace

MetricsWriter::MetricsWriter(const std::string &path) : path(path) {
  if (path.empty())
    return;
  file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC,
              S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (file < 0)
    fail(path, "cannot be written");
  verifyReplaceable();
}

/// What is there already is replaced, if it is an earlier run's metrics.
void MetricsWriter::verifyReplaceable() {
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size == 0)
    return;
  // A killed run may have left its first line in part.
  std::string start(kLineStart.size(), '\0');
  std::ifstream old(path);
  bool isReadable = bool(old);
  old.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(old.gcount()));
  if (!isReadable || kLineStart.substr(0, start.size()) != start) {
    close(std::exchange(file, -1));
    throw UserError("metrics: " + path + " exists and " +
                    (isReadable ? "holds no metrics"
                                : "cannot be read to see if it holds metrics") +
                    "; give another file");
  }
}

MetricsWriter::~MetricsWriter() {
  if (file >= 0)
    close(file);
}

void MetricsWriter::visitState(StateVisitor &state) {
  constexpr int64_t kMaxBytes = int64_t(1) << 30;
  state.list("metrics", lines, kMaxBytes);
  if (state.loading() && !lines.empty())
    append({reinterpret_cast<const char *>(lines.data()), lines.size()});
}

void MetricsWriter::writeLine(std::string line) {
  line += '\n';
  lines.insert(lines.end(), line.begin(), line.end());
  append(line);
}

void MetricsWriter::append(std::string_view text) {
  if (file < 0)
    return;
  // Only regular files can be cut; a pipe or /dev/stdout has nothing to cut.
  if (!hasLines && ftruncate(file, 0) != 0 && errno != EINVAL)
    fail(path, "cannot be emptied");
  hasLines = true;
  while (!text.empty()) {
    ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      fail(path, "cannot be written");
    if (written > 0)
      text.remove_prefix(static_cast<size_t>(written));
  }
}

void MetricsWriter::write(const EpochReport &report) {
  Json line;
  line["event"] = "epoch";
  line["epoch"] = report.epoch;
  line["train_loss"] = report.trainLoss;
  line["train_accuracy"] = report.trainAccuracy;
  line["test_accuracy"] = report.testAccuracy;
  line["density"] = report.density;
  line["images_per_second"] = report.imagesPerSecond;
  line["seconds"] = report.seconds;
  line["train_images"] = report.trainImages;
  writeLine(line.dump());
}

void MetricsWriter::write(const TrainingSummary &summary) {
  Json line;
  line["event"] = "summary";
  line["best_test_accuracy"] = summary.bestTestAccuracy;
  line["final_test_accuracy"] = summary.finalTestAccuracy;
  line["parameters_total"] = summary.parametersTotal;
  line["parameters_active"] = summary.parametersActive;
  line["compiles"] = summary.kernels.compiles;
  line["cache_hits"] = summary.kernels.memoryHits + summary.kernels.diskHits;
  line["tuned_kernels"] = summary.kernels.tuned;
  line["stream_fallbacks"] = summary.kernels.fallbacks;
  line["repacks"] = summary.repacks;
  line["compile_seconds"] = summary.kernels.compileSeconds;
  line["stall_seconds"] = summary.stallSeconds;
  line["model_state_bytes"] = summary.modelStateBytes;
  line["peak_rss_bytes"] = summary.peakResidentBytes;
  Json peaks;
  for (size_t kind = 0; kind < kMemoryKinds; ++kind)
    peaks[std::string(memoryKindName(MemoryKind(kind)))] =
        summary.memory.peak[kind];
  line["peak_bytes"] = peaks;
  if (summary.unforgettable)
    line["unforgettable_images"] = *summary.unforgettable;
  writeLine(line.dump());
}

} // namespace lacuna
