//===- Metrics.h - The record of a training run --------------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_RUNTIME_METRICS_H
#define LACUNA_RUNTIME_METRICS_H

#include "lacuna/Runtime/Trainer.h"

#include <string>

namespace lacuna {

/// Writes one JSON object a line (docs/methods.md). Each line reaches the file
/// when it is written, so a run that stops keeps what it has.
class MetricsWriter {
public:
  /// Opens the file so that a path that cannot be written is refused before
  /// any work is done; what it held stays until the first line. Throws
  /// EnvironmentError, and UserError where a file is no metrics.
  /// Without a path it only keeps what is written, for visitState().
  explicit MetricsWriter(const std::string &path);
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter &) = delete;
  MetricsWriter &operator=(const MetricsWriter &) = delete;

  void write(const EpochReport &report);
  void write(const TrainingSummary &summary);

  /// Visits the lines so far. Loading them rewrites the file, so that each
  /// epoch of a resumed run is in it once, whatever it held.
  void visitState(StateVisitor &state);

private:
  void verifyReplaceable();
  void writeLine(std::string line);
  void append(std::string_view text);

  std::string path;
  int file = -1; ///< None without a path.
  bool hasLines = false;
  std::vector<uint8_t> lines;
};

} // namespace lacuna

#endif // LACUNA_RUNTIME_METRICS_H
