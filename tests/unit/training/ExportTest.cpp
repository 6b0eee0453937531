//===- ExportTest.cpp - Networks that leave and come back -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingTestSupport.h"

#include "lacuna/Runtime/Checkpoint.h"
#include "lacuna/Runtime/Export.h"
#include "lacuna/Support/Crc32.h"
#include "lacuna/Support/Error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <functional>

#include <unistd.h>

using namespace lacuna;
using namespace lacuna::testing;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

class Export : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "lacuna-XXXXXX";
    folder = mkdtemp(pattern.data());
    exported = (folder / "network").string();
    manifestPath = exported + "/" + kExportManifestFile;
    SpotRun run("static", Scheme::Block, 1, shortRun(1));
    std::string saved = (folder / "run.safetensors").string();
    run.trainer.save(saved);
    Checkpoint checkpoint(saved);
    exportNetwork(checkpoint, exported);
    manifest = Json::parse(std::ifstream(manifestPath));
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string &name, const std::string &content) const {
    std::ofstream(exported + "/" + name, std::ios::binary) << content;
  }

  static Json entryOf(const std::string &name, const std::string &content) {
    return {{"name", name},
            {"bytes", content.size()},
            {"crc32", addToCrc32(0, content.data(), content.size())}};
  }

  /// What an import says when model.json is this.
  std::string imported(const std::string &text) const {
    write(kExportManifestFile, text);
    SpotRun run("static", Scheme::Block, 1, shortRun(1));
    try {
      run.trainer.startFrom(exported);
    } catch (const UserError &error) {
      return error.what();
    }
    return "accepted";
  }

  /// Expects a refusal that begins so after a change of model.json.
  void refuse(const std::function<void(Json &)> &change,
              const std::string &start) const {
    Json changed = manifest;
    change(changed);
    EXPECT_EQ(imported(changed.dump()).rfind(start, 0), 0u)
        << imported(changed.dump()) << "\n  must begin with " << start;
  }
  /// The same, of what is said about a field of model.json.
  void refuseField(const std::function<void(Json &)> &change,
                   const std::string &start) const {
    refuse(change, manifestPath + ": " + start);
  }

  fs::path folder;
  std::string exported, manifestPath;
  Json manifest;
};

TEST_F(Export, IsReadAsItWasWritten) {
  EXPECT_EQ(imported(manifest.dump()), "accepted");
  ExportManifest read = readManifest(exported);
  EXPECT_EQ(read.images.mean, spots().mean);
  EXPECT_EQ(read.images.deviation, spots().deviation);
  EXPECT_EQ(read.input.channels, 1);
  EXPECT_EQ(read.input.height, kSize);
  EXPECT_EQ(read.input.width, kSize);
}

TEST_F(Export, RefusesAManifestWithoutAField) {
  for (std::string name : {"version", "model", "data", "epochs", "input",
                           "mean", "deviation", "files"})
    refuseField([&](Json &json) { json.erase(name); }, name + ": is missing");
  for (std::string name : {"name", "bytes", "crc32"})
    refuseField([&](Json &json) { json["files"][1].erase(name); },
                "files[1]." + name + ": is missing");
}

TEST_F(Export, RefusesFieldsOfAnotherTypeOrRange) {
  auto set = [](const char *name, Json value) {
    return [=](Json &json) { json[name] = value; };
  };
  auto setOfFile = [](const char *name, Json value) {
    return [=](Json &json) { json["files"][0][name] = value; };
  };
  refuseField(set("version", "1"), "version: must be an integer");
  refuseField(set("version", 1), "version: is 1, this Lacuna reads version 3");
  refuseField(set("version", 1.0), "version: must be an integer");
  refuseField(set("model", 7), "model: must be a string");
  refuseField(set("data", nullptr), "data: must be a string");
  refuseField(set("epochs", 1.5), "epochs: must be an integer");
  refuseField(set("epochs", -1), "epochs: is -1, must be between");
  refuseField(set("epochs", int64_t(1) << 32), "epochs: is 4294967296");
  refuseField(set("input", {1, 8}), "input: must be channels, height and");
  refuseField(set("input", {1, 8, "8"}), "input[2]: must be an integer");
  refuseField(set("mean", 0.5), "mean: must be an array");
  refuseField(set("mean", {0.5, 0.5}), "mean: has 2 values, must have one for");
  refuseField(set("deviation", {"1"}), "deviation[0]: must be a number");
  refuseField(set("deviation", Json::array()), "deviation: has 0 values, must");
  refuseField(set("deviation", {0}),
              "deviation: is 0.000000, must be positive");
  refuseField(set("deviation", {1e300}), "deviation: is inf, must be positive");
  refuseField(set("files", Json::object()), "files: must be an array");
  refuseField(set("files", {1}), "files[0]: must be an object");
  refuseField(setOfFile("name", 1), "files[0].name: must be a string");
  refuseField(setOfFile("name", "../evil"), "files[0].name: is \"../evil\"");
  refuseField(setOfFile("bytes", true), "files[0].bytes: must be an integer");
  refuseField(setOfFile("bytes", -1), "files[0].bytes: is -1, must be between");
  // As many bits as a checksum has, and the same lower 32.
  uint64_t wrapped =
      manifest["files"][0]["crc32"].get<uint64_t>() + (uint64_t(1) << 32);
  refuseField(setOfFile("crc32", wrapped), "files[0].crc32: is ");
}

TEST_F(Export, RefusesWhatItDoesNotKnow) {
  refuseField([](Json &json) { json["comment"] = "mine"; },
              "comment: is not a field here");
  refuseField([](Json &json) { json["files"][0]["mode"] = 1; },
              "files[0].mode: is not a field here");
  EXPECT_EQ(imported("[]"), manifestPath + ": must be a JSON object");
  std::string twice = manifest.dump();
  twice.insert(1, R"("epochs":1,)");
  EXPECT_EQ(imported(twice), manifestPath + ": epochs: is a duplicate key");
}

TEST_F(Export, RefusesAFileThatIsNamedTwice) {
  size_t count = manifest["files"].size();
  refuseField([](Json &json) { json["files"].push_back(json["files"][0]); },
              "files[" + std::to_string(count) + "].name: is a file that");
}

TEST_F(Export, ReadsNoFileThatWasNotVerified) {
  for (std::string name : {"weights.npz", "fc1.weight.json"}) {
    auto forget = [&](Json &json) {
      Json kept = Json::array();
      for (const Json &entry : json["files"])
        if (entry["name"] != name)
          kept.push_back(entry);
      json["files"] = kept;
    };
    refuse(forget, exported + "/" + name + ": is not among the files of");
  }
}

TEST_F(Export, RefusesFilesOfNoLayer) {
  std::string text = "{}";
  write("fc9.weight.json", text);
  refuse(
      [&](Json &json) {
        json["files"].push_back(entryOf("fc9.weight.json", text));
      },
      exported + "/fc9.weight.json: belongs to no layer of this model");
}

} // namespace
