//===- BundleTest.cpp - Bundles written, opened, refused ------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../gradient/Cases.h"
#include "../gradient/KernelRun.h"

#include "lacuna/Compiler/BundleWriter.h"
#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Runtime/CpuFeatures.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"
#include "lacuna/Support/Sha256.h"

#include <filesystem>
#include <unistd.h>

namespace lacuna::testing {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kAny = 1 << 30;

Geometry layer(int64_t stride) {
  return Geometry::conv2d(21, 24, {9, 7}, {3, 3}, {stride, stride}, {1, 1});
}

std::vector<KernelRequest> requestsFor(const Geometry &geometry,
                                       const Structure &structure,
                                       Level level = Level::Specialised) {
  std::vector<KernelRequest> requests;
  for (Operation operation : kAllOperations) {
    Fusion fusion;
    fusion.bias = operation == Operation::Forward;
    requests.push_back({operation, geometry, structure, fusion, level});
  }
  return requests;
}

class BundleTest : public ::testing::Test {
protected:
  BundleTest() {
    const auto *info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::temp_directory_path() /
             ("lacuna-bundle-" + std::to_string(getpid()) + "-" + info->name());
    fs::remove_all(folder);
  }
  ~BundleTest() override { fs::remove_all(folder); }

  std::string path(const std::string &name = "") const {
    return name.empty() ? folder.string() : (folder / name).string();
  }

  BundleManifest write(const std::vector<KernelRequest> &kernels,
                       const Target &target = hostTarget()) {
    BundleRequest request;
    request.target = target;
    request.kernels = withStreamKernels(kernels);
    request.parts = {CodePart::Archive, CodePart::Shared};
    return writeBundle(request, path());
  }
  BundleManifest writeOne() {
    return write(requestsFor(layer(1), Structure::block(4)));
  }

  std::string manifestText() { return readFile(path(kManifestFile), kAny); }
  void replaceManifest(const std::string &text) {
    writeFileAtomically(path(kManifestFile), {text});
  }
  void replaceInManifest(const std::string &from, const std::string &to) {
    std::string text = manifestText();
    size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    replaceManifest(text.replace(at, from.size(), to));
  }

  template <typename Kind> void expectRefused(const std::string &part) {
    try {
      openBundle(path());
      ADD_FAILURE() << "opened, expected: " << part;
    } catch (const Kind &error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
          << error.what();
    }
  }

private:
  fs::path folder;
};

TEST_F(BundleTest, KernelsAreThoseOfTheJit) {
  std::vector<KernelRequest> requests =
      requestsFor(layer(1), Structure::pattern(mestPatterns()));
  for (const KernelRequest &request :
       requestsFor(layer(1), Structure::channel()))
    requests.push_back(request);
  write(requests);
  auto provider = openBundle(path(), {true});
  EXPECT_EQ(provider->lanes(), jitFor().lanes());
  for (const KernelRequest &request : requests) {
    LayerProblem problem({layer(1), request.structure, 19, 0.3, 5});
    auto bundled = provider->get(request);
    auto compiled = jitFor().get(request);
    EXPECT_EQ(bundled->key, compiled->key);
    EXPECT_EQ(runKernel(*bundled, problem), runKernel(*compiled, problem));
  }
  EXPECT_EQ(provider->statistics().fallbacks, 0);
}

#if defined(__x86_64__)

TEST_F(BundleTest, Avx2KernelsRunOnThisMachine) {
  const Structure structures[] = {Structure::dense(), Structure::block(4),
                                  Structure::pattern(mestPatterns())};
  std::vector<KernelRequest> requests;
  for (const Structure &structure : structures)
    for (int64_t stride : {1, 2})
      for (const KernelRequest &request : requestsFor(layer(stride), structure))
        requests.push_back(request);
  write(requests, crossTarget("x86-64-v3", ""));
  auto provider = openBundle(path(), {true});
  ASSERT_EQ(provider->lanes(), 8);
  for (const Structure &structure : structures)
    for (int64_t stride : {1, 2})
      expectTruth(*provider,
                  LayerProblem({layer(stride), structure, 19, 0.3, 11}),
                  Level::Specialised);
}

#endif

TEST_F(BundleTest, StreamKernelsServeEveryOtherStructure) {
  writeOne();
  auto provider = openBundle(path());
  int64_t expected = 0;
  for (const NamedStructure &named : structuresFor(layer(1))) {
    if (named.structure == Structure::block(4))
      continue;
    expectTruth(*provider,
                LayerProblem({layer(1), named.structure, 19, 0.3, 21}),
                Level::Specialised, {Flush::End, Flush::Begin}, Level::Stream);
    expected += 3;
    EXPECT_EQ(provider->statistics().fallbacks, expected) << named.name;
  }
}

TEST_F(BundleTest, StrictRefusesWhatHasNoKernel) {
  writeOne();
  auto provider = openBundle(path(), {true});
  auto other = requestsFor(layer(1), Structure::block(2));
  try {
    provider->get(other[0]);
    FAIL() << "served";
  } catch (const UserError &error) {
    EXPECT_NE(std::string(error.what()).find("strict"), std::string::npos);
  }
}

TEST_F(BundleTest, RefusesLayersItHasNothingFor) {
  writeOne();
  auto provider = openBundle(path());
  EXPECT_THROW(provider->get(requestsFor(layer(2), Structure::block(4))[0]),
               UserError);
}

TEST_F(BundleTest, WritesTheSameBytesEachTime) {
  writeOne();
  std::string manifest = manifestText(),
              code = readFile(path("libkernels.so"), kAny);
  writeOne();
  EXPECT_EQ(manifest, manifestText());
  EXPECT_EQ(code, readFile(path("libkernels.so"), kAny));
}

TEST_F(BundleTest, TextsBesideItLeaveItWhole) {
  writeOne();
  BundleRequest request;
  request.target = hostTarget();
  request.kernels = requestsFor(layer(1), Structure::block(4));
  request.parts = {CodePart::Mlir};
  writeBundle(request, path());
  EXPECT_NO_THROW(openBundle(path()));
}

TEST_F(BundleTest, ReplacesTheFilesOfTheBundleThatWasThere) {
  writeOne();
  // Of an older Lacuna, as far as can be told.
  replaceInManifest("\"abi\": " + std::to_string(LACUNA_KERNEL_ABI_VERSION),
                    "\"abi\": 77");
  writeFileAtomically(path("notes.txt"), {"mine"});
  BundleRequest request;
  request.target = hostTarget();
  request.name = "others";
  request.kernels = requestsFor(layer(1), Structure::block(4));
  request.parts = {CodePart::Object};
  BundleManifest manifest = writeBundle(request, path());
  std::set<std::string> expected{kManifestFile, "notes.txt"}, found;
  for (const auto &[name, file] : manifest.files)
    expected.insert(name);
  for (const auto &entry : fs::directory_iterator(path()))
    found.insert(entry.path().filename().string());
  EXPECT_EQ(found, expected);
}

/// As if the process had been killed while it replaced the files.
TEST_F(BundleTest, NoManifestStandsBesideFilesOfAnother) {
  BundleRequest request;
  request.target = hostTarget();
  request.kernels = requestsFor(layer(1), Structure::block(4));
  request.parts = {CodePart::Mlir, CodePart::Archive};
  std::string text;
  for (const auto &[name, file] : writeBundle(request, path()).files)
    if (fs::path(name).extension() == ".mlir")
      text = name;
  fs::remove(path(text));
  fs::create_directories(path(text) + "/in the way");
  EXPECT_THROW(writeBundle(request, path()), EnvironmentError);
  EXPECT_FALSE(fs::exists(path(kManifestFile)));
}

TEST_F(BundleTest, LeavesOtherManifestsAlone) {
  fs::create_directories(path());
  writeFileAtomically(path("notes.txt"), {"mine"});
  for (const char *text :
       {R"({"name": "site", "version": "1"})", "{",
        R"({"abi": 1, "digest": "", "version": 1,
            "files": {"../notes.txt": {}}})",
        R"({"abi": 1, "digest": "", "version": 1, "files": {"..": {}}})"}) {
    replaceManifest(text);
    try {
      writeOne();
      ADD_FAILURE() << "overwrote " << text;
    } catch (const UserError &error) {
      EXPECT_NE(std::string(error.what()).find("not the manifest of a bundle"),
                std::string::npos)
          << error.what();
    }
    EXPECT_EQ(manifestText(), text);
    EXPECT_FALSE(fs::exists(path("libkernels.a")));
  }
}

TEST_F(BundleTest, SaysThatAnUnfusedNetworkWouldDo) {
  writeOne();
  auto provider = openBundle(path());
  KernelRequest request = requestsFor(layer(1), Structure::block(4))[0];
  request.fusion.statistics = true;
  auto message = [&] {
    try {
      provider->get(request);
    } catch (const UserError &error) {
      return std::string(error.what());
    }
    return std::string("served");
  };
  EXPECT_NE(message().find("or build the network with .fusion(false)"),
            std::string::npos)
      << message();
  request.geometry = layer(2);
  EXPECT_NE(message().find("compile the bundle for this model"),
            std::string::npos)
      << message();
  EXPECT_EQ(message().find("fusion(false)"), std::string::npos) << message();
}

TEST_F(BundleTest, ManifestHoldsWhatWasCompiled) {
  BundleManifest written = writeOne();
  BundleManifest read = parseManifest(manifestText(), "m");
  EXPECT_EQ(formatManifest(read), manifestText());
  EXPECT_EQ(manifestDigest(read), manifestDigest(written));
  ASSERT_EQ(read.kernels.size(), 6u);
  Target target = hostTarget();
  for (const BundledKernel &kernel : read.kernels) {
    KernelPlan plan = planKernel(kernel.request, target);
    EXPECT_EQ(kernel.key, plan.key);
    EXPECT_EQ(kernel.symbol, plan.name);
    EXPECT_EQ(kernel.objectHash, sha256(compileKernel(plan, target, "")));
  }
  for (const auto &[name, file] : read.files) {
    EXPECT_EQ(int64_t(fs::file_size(path(name))), file.bytes);
    EXPECT_EQ(sha256(readFile(path(name), kAny)), file.hash);
  }
}

TEST_F(BundleTest, ReadsManifestsOfThousandsOfKernels) {
  BundleManifest manifest = writeOne();
  for (int i = 0; i < 3000; ++i)
    manifest.kernels.push_back(manifest.kernels[0]);
  std::string text = formatManifest(manifest);
  EXPECT_EQ(parseManifest(text, "m").kernels.size(), 3006u);
  EXPECT_EQ(listedFiles(text, "m").size(), manifest.files.size());
}

TEST_F(BundleTest, RefusesUnknownAbi) {
  writeOne();
  replaceInManifest("\"abi\": " + std::to_string(LACUNA_KERNEL_ABI_VERSION),
                    "\"abi\": 77");
  expectRefused<UserError>("abi: is 77");
}

TEST_F(BundleTest, RefusesUnknownVersion) {
  writeOne();
  replaceInManifest("\n \"version\": 2", "\n \"version\": 9");
  expectRefused<UserError>("version: is 9");
}

TEST_F(BundleTest, RefusesEditedManifests) {
  writeOne();
  std::string whole = manifestText();
  replaceInManifest("\"channel_chunk\": ", "\"channel_chunk\": 1");
  expectRefused<UserError>("digest");
  replaceManifest(whole);
  replaceInManifest("\"body_taps\": ", "\"body_tabs\": ");
  expectRefused<UserError>("body_taps");
  replaceManifest(whole.substr(0, whole.size() / 2));
  expectRefused<UserError>("not valid JSON");
}

TEST_F(BundleTest, RefusesSchedulesThatDoNotFit) {
  writeOne();
  BundleManifest manifest = parseManifest(manifestText(), "m");
  manifest.kernels[0].schedule.panelRows = 5;
  replaceManifest(formatManifest(manifest));
  expectRefused<UserError>("kernels[0].schedule: does not fit the layer");
}

/// Vectors of a tile: two to the power of 64.
TEST_F(BundleTest, RefusesTilesWhoseSizeWrapsAround) {
  writeOne();
  BundleManifest manifest = parseManifest(manifestText(), "m");
  BundledKernel &kernel = manifest.kernels[0];
  kernel.request.geometry =
      Geometry::conv2d(1 << 16, 4, {4, 4}, {3, 3}, {1, 1}, {1, 1});
  kernel.schedule.channelChunk = kernel.schedule.batchTile = 1 << 16;
  kernel.schedule.tileHeight = kernel.schedule.tileWidth = (1 << 16) - 2;
  replaceManifest(formatManifest(manifest));
  expectRefused<UserError>(std::string(kManifestFile) +
                           ": kernels[0].schedule: does not fit the layer");
}

TEST_F(BundleTest, RefusesCpusThatLackAFeature) {
  writeOne();
  BundleManifest manifest = parseManifest(manifestText(), "m");
  manifest.features.push_back("no-such-feature");
  replaceManifest(formatManifest(manifest));
  expectRefused<EnvironmentError>("need no-such-feature");
}

TEST_F(BundleTest, RefusesOtherArchitectures) {
  bool arm = hostArchitecture() == "aarch64";
  write(requestsFor(layer(1), Structure::block(4)),
        crossTarget(arm ? "x86-64-v3" : "cortex-a76", ""));
  expectRefused<UserError>("this program runs on");
}

TEST_F(BundleTest, RefusesTruncatedAndDamagedCode) {
  writeOne();
  std::string code = readFile(path("libkernels.so"), kAny);
  writeFileAtomically(path("libkernels.so"),
                      {std::string_view(code).substr(0, code.size() - 100)});
  expectRefused<UserError>("it is truncated");
  code[code.size() / 2] = static_cast<char>(code[code.size() / 2] ^ 1);
  writeFileAtomically(path("libkernels.so"), {code});
  expectRefused<UserError>("SHA-256");
  fs::remove(path("libkernels.so"));
  expectRefused<UserError>("libkernels.so");
}

TEST_F(BundleTest, RefusesTheCodeOfAnotherBundle) {
  write(requestsFor(layer(2), Structure::block(4)));
  std::string other = readFile(path("libkernels.so"), kAny);
  BundleManifest manifest = writeOne();
  writeFileAtomically(path("libkernels.so"), {other});
  manifest.files["libkernels.so"] = {int64_t(other.size()), sha256(other)};
  replaceManifest(formatManifest(manifest));
  expectRefused<UserError>("manifest of another bundle");
}

TEST_F(BundleTest, RefusesLinkedBundlesOfAnotherAbi) {
  lacuna_bundle bundle = {LACUNA_KERNEL_ABI_VERSION + 1, 0, "", nullptr};
  EXPECT_THROW(linkedBundle(bundle), UserError);
}

TEST_F(BundleTest, SharedObjectsAreForElf) {
  BundleRequest request;
  request.target = crossTarget("apple-m1", "");
  request.kernels = requestsFor(layer(1), Structure::block(4));
  request.parts = {CodePart::Shared};
  EXPECT_THROW(writeBundle(request, path()), UserError);
  request.parts = {CodePart::Archive};
  EXPECT_EQ(writeBundle(request, path()).kernels.size(), 3u);
}

TEST_F(BundleTest, RefusesNamesThatAreNoIdentifiers) {
  BundleRequest request;
  request.target = hostTarget();
  request.name = "../kernels";
  EXPECT_THROW(writeBundle(request, path()), UserError);
}

TEST(Sha256Test, MatchesTheStandardsExamples) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49599"
                        "1b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb41"
                           "0ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(CrossTargetTest, KnownCpusHaveTheirOwnTriples) {
  for (const KnownCpu &known : knownCpus()) {
    Target target = crossTarget(known.name, "");
    EXPECT_EQ(target.triple, known.triple);
    EXPECT_EQ(target.description.l1Bytes, known.l1Bytes);
    EXPECT_FALSE(requiredFeatures(target).empty()) << known.name;
  }
  EXPECT_EQ(crossTarget("cortex-a76", "").description.lanes, 4);
  EXPECT_EQ(crossTarget("neoverse-v1", "").description.lanes, 8);
  EXPECT_EQ(crossTarget("aarch64-linux-gnu", "cortex-a76").canonicalText(),
            crossTarget("cortex-a76", "").canonicalText());
}

TEST(CrossTargetTest, SaysWhichRegistersSveCodeNeeds) {
  auto features = requiredFeatures(crossTarget("neoverse-v1", ""));
  EXPECT_EQ(std::count(features.begin(), features.end(), "sve-256"), 1);
  for (const std::string &feature :
       requiredFeatures(crossTarget("cortex-a76", "")))
    EXPECT_NE(feature.substr(0, 3), "sve");
}

TEST(CrossTargetTest, RefusesMachinesWithoutKernels) {
  EXPECT_THROW(crossTarget("riscv64-linux-gnu", ""), UserError);
  EXPECT_THROW(crossTarget("x86_64-linux-gnu", "no-such-cpu"), UserError);
  EXPECT_THROW(crossTarget("x86_64-linux-gnu", "x86-64-v2"), UserError);
  EXPECT_THROW(crossTarget("cortex-a76", "cortex-a55"), UserError);
}

} // namespace
} // namespace lacuna::testing
