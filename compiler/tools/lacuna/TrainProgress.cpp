//===- TrainProgress.cpp - What a user sees while training ----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainProgress.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace lacuna {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
/// Returns to the start of the line and erases it.
constexpr char kRestartLine[] = "\r\x1b[K";

bool canRedraw() {
  const char *terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) && terminal &&
         std::string_view(terminal) != "dumb" && !std::getenv("NO_COLOR");
}

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
std::string format(const char *pattern, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

} // namespace

void reportCompiling(int64_t kernels) {
  std::fprintf(stderr, "compiling %lld %s\n", static_cast<long long>(kernels),
               kernels == 1 ? "kernel" : "kernels");
}

TrainProgress::TrainProgress(int epochs)
    : redraws(canRedraw()), epochs(epochs) {}

void TrainProgress::show(const StepReport &report) {
  auto now = std::chrono::steady_clock::now();
  if (!redraws || now - latest < kRedrawInterval)
    return;
  latest = now;
  std::string line = format("%sepoch %d/%d  step %lld/%lld  loss %.4f  "
                            "accuracy %.2f%%  %.0f images/s",
                            kRestartLine, report.epoch, epochs,
                            static_cast<long long>(report.step),
                            static_cast<long long>(report.steps), report.loss,
                            100 * report.accuracy, report.imagesPerSecond);
  std::fputs(line.c_str(), stderr);
}

void TrainProgress::show(const EpochReport &report) {
  std::string line = format(
      "%sepoch %d/%d  loss %.4f  train %.2f%%  test %.2f%%  density "
      "%.4f  %.0f images/s  %.1f s\n",
      redraws ? kRestartLine : "", report.epoch, epochs, report.trainLoss,
      100 * report.trainAccuracy, 100 * report.testAccuracy, report.density,
      report.imagesPerSecond, report.seconds);
  std::fputs(line.c_str(), stderr);
}

std::string formatSummary(const TrainingSummary &summary, double density) {
  constexpr double kMebi = 1024.0 * 1024.0;
  std::string text;
  text +=
      format("test accuracy     %.2f %% (best %.2f %%)\n",
             100 * summary.finalTestAccuracy, 100 * summary.bestTestAccuracy);
  text += format("parameters        %lld active of %lld\n",
                 static_cast<long long>(summary.parametersActive),
                 static_cast<long long>(summary.parametersTotal));
  text += format("density           %.4f of the sparse layers\n", density);
  text += format("kernels compiled  %lld in %.2f s\n",
                 static_cast<long long>(summary.kernels.compiles),
                 summary.kernels.compileSeconds);
  text += format("cache hits        %lld memory, %lld disk\n",
                 static_cast<long long>(summary.kernels.memoryHits),
                 static_cast<long long>(summary.kernels.diskHits));
  if (summary.kernels.tuned > 0)
    text += format("tuned schedules   %lld\n",
                   static_cast<long long>(summary.kernels.tuned));
  if (summary.kernels.diskFailures > 0)
    text += format("cache failures    %lld, of the folder or its entries\n",
                   static_cast<long long>(summary.kernels.diskFailures));
  if (summary.kernels.fallbacks > 0)
    text += format("stream kernels    %lld, slower than specialised ones\n",
                   static_cast<long long>(summary.kernels.fallbacks));
  text += format("repacks           %lld, stalled %.2f s\n",
                 static_cast<long long>(summary.repacks), summary.stallSeconds);
  text += format("model state       %.2f MiB\n",
                 double(summary.modelStateBytes) / kMebi);
  text += format("peak memory       %.1f MiB\n",
                 double(summary.peakResidentBytes) / kMebi);
  return text;
}

} // namespace lacuna
