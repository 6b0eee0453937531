//===- MetricsTest.cpp - The record of a training run ---------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Runtime/Metrics.h"

#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace lacuna;

namespace {

std::vector<std::string> linesOf(const std::string &path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

class Metrics : public ::testing::Test {
protected:
  std::string path =
      ::testing::TempDir() + "lacuna-metrics-" +
      ::testing::UnitTest::GetInstance()->current_test_info()->name() +
      ".jsonl";
  void TearDown() override { std::remove(path.c_str()); }
};

TEST_F(Metrics, WritesOneObjectALine) {
  MetricsWriter writer(path);
  writer.write(EpochReport{1, 2.5, 0.25, 0.5, 0.1, 1000, 3.5});
  // Already in the file while the writer lives.
  ASSERT_EQ(linesOf(path).size(), 1u);
  TrainingSummary summary;
  summary.parametersTotal = 431080;
  summary.kernels.memoryHits = 3;
  summary.kernels.diskHits = 4;
  summary.kernels.fallbacks = 5;
  writer.write(summary);
  std::vector<std::string> lines = linesOf(path);
  ASSERT_EQ(lines.size(), 2u);
  nlohmann::json epoch = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(epoch, (nlohmann::json{{"event", "epoch"},
                                   {"epoch", 1},
                                   {"train_loss", 2.5},
                                   {"train_accuracy", 0.25},
                                   {"test_accuracy", 0.5},
                                   {"density", 0.1},
                                   {"images_per_second", 1000.0},
                                   {"seconds", 3.5},
                                   {"train_images", 0}}));
  nlohmann::json last = nlohmann::json::parse(lines[1]);
  EXPECT_EQ(last["event"], "summary");
  EXPECT_EQ(last["parameters_total"], 431080);
  EXPECT_EQ(last["cache_hits"], 7);
  EXPECT_EQ(last["stream_fallbacks"], 5);
  for (const char *field :
       {"best_test_accuracy", "final_test_accuracy", "parameters_active",
        "compiles", "tuned_kernels", "repacks", "compile_seconds",
        "stall_seconds", "model_state_bytes", "peak_rss_bytes", "peak_bytes"})
    EXPECT_TRUE(last.contains(field)) << field;
}

TEST_F(Metrics, KeepsAnOldRecordUntilTheFirstLine) {
  {
    MetricsWriter writer(path);
    for (int epoch : {1, 2, 3}) {
      EpochReport report;
      report.epoch = epoch;
      writer.write(report);
    }
  }
  {
    MetricsWriter writer(path);
    EXPECT_EQ(linesOf(path).size(), 3u);
  }
  EXPECT_EQ(linesOf(path).size(), 3u);
  MetricsWriter writer(path);
  writer.write(EpochReport{});
  EXPECT_EQ(linesOf(path).size(), 1u);
}

TEST_F(Metrics, ReplacesALineThatWasCutShort) {
  std::ofstream(path) << R"({"eve)";
  MetricsWriter writer(path);
  writer.write(EpochReport{});
  EXPECT_EQ(linesOf(path).size(), 1u);
}

TEST_F(Metrics, RefusesToReplaceAnythingElse) {
  std::ofstream(path) << "precious\n";
  EXPECT_THROW(MetricsWriter writer(path), UserError);
  EXPECT_EQ(linesOf(path), std::vector<std::string>{"precious"});
}

TEST_F(Metrics, RefusesToReplaceWhatItCannotRead) {
  std::ofstream(path) << R"({"event":"epoch"})" << "\n";
  ASSERT_EQ(chmod(path.c_str(), S_IWUSR | S_IWGRP | S_IWOTH), 0);
  // Nothing is unreadable to root.
  constexpr uid_t kNobody = 65534;
  bool isRoot = geteuid() == 0;
  if (isRoot)
    ASSERT_EQ(seteuid(kNobody), 0);
  EXPECT_THROW(MetricsWriter writer(path), UserError);
  if (isRoot)
    ASSERT_EQ(seteuid(0), 0);
  chmod(path.c_str(), S_IRUSR | S_IWUSR);
  EXPECT_EQ(linesOf(path).size(), 1u);
}

TEST_F(Metrics, RefusesAPathThatCannotBeWritten) {
  std::string absent = path + "/absent/metrics.jsonl";
  try {
    MetricsWriter writer(absent);
    FAIL() << "accepted";
  } catch (const EnvironmentError &error) {
    EXPECT_NE(std::string(error.what()).find(absent), std::string::npos);
  }
}

} // namespace
