//===- RunCommand.cpp - lacuna run: one operation on array files ----------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunCommand.h"

#include "CommandLine.h"
#include "KernelRun.h"

#include "lacuna/Support/Error.h"
#include "lacuna/Support/Files.h"
#include "lacuna/Support/Npy.h"

#include <CLI/CLI.hpp>

namespace lacuna {

namespace {

constexpr char kDescription[] =
    "Runs one operation of a sparse layer on .npy files and writes the "
    "result.\n"
    "Inactive weights are not read, and are zero in a weight gradient.";

constexpr char kFooter[] = R"(
A descriptor (docs/descriptor.md) names the layer and its active weights:

  {
    "version": 1,
    "op": "conv2d",
    "dtype": "f32",
    "geometry": {
      "in_channels": 16, "out_channels": 32, "height": 14, "width": 14,
      "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]
    },
    "scheme": "block",
    "block_rows": 4,
    "active": [0, 17, 301]
  }

Arrays are float32 in C order:
  input        [images, in_channels, height, width]  or [images, in_features]
  weights      [out_channels, in_channels, kh, kw]   or [out_features, in_features]
  grad-output  as the layer's output

What each operation needs:
  forward      --input --weights
  grad-input   --weights --grad-output
  grad-weight  --input --grad-output

Example:
  lacuna run --descriptor d.json --op forward --input x.npy --weights w.npy \
             --output y.npy
)";

struct RunFlags {
  std::string descriptor;
  Operation operation = Operation::Forward;
  std::string input;
  std::string weights;
  std::string gradient;
  std::string output;
  Level level = Level::Specialised;
  ProviderOptions provider;
};

void defineFlags(CLI::App &app, RunFlags &flags) {
  app.add_option("--descriptor", flags.descriptor, "The layer, as JSON")
      ->required();
  addChoice(app, "--op", flags.operation, allOperations(), "The operation")
      ->required();
  app.add_option("--input", flags.input, "The layer's input (.npy)");
  app.add_option("--weights", flags.weights, "The layer's weights (.npy)");
  app.add_option("--grad-output", flags.gradient,
                 "The gradient of the layer's output (.npy)");
  app.add_option("--output", flags.output, "Where the result goes (.npy)")
      ->required();
  addChoice(app, "--level", flags.level, allLevels(),
            "How far code is specialised")
      ->default_str(levelName(flags.level));
  app.add_option("--threads", flags.provider.threads, "Threads")
      ->capture_default_str();
  addCompilerFlags(app, flags.provider);
  addCacheFlags(app, flags.provider);
}

enum class Operand { Input, Weights, Gradient };

bool reads(Operation operation, Operand operand) {
  switch (operand) {
  case Operand::Input:
    return operation != Operation::GradInput;
  case Operand::Weights:
    return operation != Operation::GradWeight;
  case Operand::Gradient:
    return operation != Operation::Forward;
  }
  throw InternalError("unknown operand");
}

/// An operand that is needed must be given; one that is not must be left out,
/// as it would be ignored without a word.
void verifyOperand(const CLI::App &app, const std::string &flag, bool needed,
                   Operation operation) {
  bool given = app.count(flag) > 0;
  std::string name(operationName(operation));
  if (needed && !given)
    throw CLI::RequiredError(flag + " (for --op " + name + ")");
  if (!needed && given)
    throw CLI::ParseError(flag + ": is not used by --op " + name,
                          CLI::ExitCodes::ExcludesError);
}

void verifyOperands(const CLI::App &app, Operation operation) {
  verifyOperand(app, "--input", reads(operation, Operand::Input), operation);
  verifyOperand(app, "--weights", reads(operation, Operand::Weights),
                operation);
  verifyOperand(app, "--grad-output", reads(operation, Operand::Gradient),
                operation);
}

/// The shape of one image.
std::vector<int64_t> imageShape(const Geometry &geometry, int64_t channels,
                                const Extent2d &plane) {
  if (geometry.kind == LayerKind::Linear)
    return {channels};
  return {channels, plane.height, plane.width};
}

std::vector<int64_t> inputShape(const Geometry &geometry) {
  return imageShape(geometry, geometry.inChannels, geometry.input);
}

std::vector<int64_t> outputShape(const Geometry &geometry) {
  return imageShape(geometry, geometry.outChannels, geometry.output());
}

std::vector<int64_t> batchOf(int64_t images, std::vector<int64_t> shape) {
  shape.insert(shape.begin(), images);
  return shape;
}

[[noreturn]] void failShape(const std::string &path, const NpyArray &array,
                            const std::string &wanted) {
  throw UserError(path + ": shape: is " + formatShape(array.shape) +
                  ", must be " + wanted);
}

/// Reads activations. The first array of a run decides the number of images.
std::vector<float> readActivations(const std::string &path,
                                   const std::vector<int64_t> &shape,
                                   int64_t &images) {
  NpyArray array = readNpy(path);
  bool decides = images == 0;
  if (decides && !array.shape.empty())
    images = array.shape.front();
  if (images < 1 || array.shape != batchOf(images, shape)) {
    std::string wanted = formatShape(batchOf(images, shape));
    if (decides)
      wanted = "images x " + formatShape(shape) + " with at least one image";
    failShape(path, array, wanted);
  }
  return std::move(array.data);
}

std::vector<float> readWeights(const std::string &path,
                               const Geometry &geometry) {
  NpyArray weights = readNpy(path);
  if (weights.shape != geometry.weightShape())
    failShape(path, weights, formatShape(geometry.weightShape()));
  return std::move(weights.data);
}

/// Before any work: results must not replace what they are made of.
void verifyOutput(const RunFlags &flags) {
  for (const std::string &read :
       {flags.descriptor, flags.input, flags.weights, flags.gradient})
    if (isSameFile(flags.output, read))
      throw UserError("output: " + flags.output +
                      " is read by this command; give another file");
  verifyWritable(flags.output);
}

RunArrays readArrays(const RunFlags &flags, const Geometry &geometry) {
  RunArrays arrays;
  if (reads(flags.operation, Operand::Weights))
    arrays.weights = readWeights(flags.weights, geometry);
  if (reads(flags.operation, Operand::Input))
    arrays.input =
        readActivations(flags.input, inputShape(geometry), arrays.images);
  if (reads(flags.operation, Operand::Gradient))
    arrays.gradient =
        readActivations(flags.gradient, outputShape(geometry), arrays.images);
  return arrays;
}

std::vector<int64_t> resultShape(Operation operation, const Geometry &geometry,
                                 int64_t images) {
  switch (operation) {
  case Operation::Forward:
    return batchOf(images, outputShape(geometry));
  case Operation::GradInput:
    return batchOf(images, inputShape(geometry));
  case Operation::GradWeight:
    return geometry.weightShape();
  }
  throw InternalError("unknown operation");
}

void execute(const RunFlags &flags, const ProviderFactory &makeProvider) {
  verifyOutput(flags);
  ThreadPool pool(flags.provider.threads);
  Descriptor descriptor = loadDescriptor(flags.descriptor);
  RunArrays arrays = readArrays(flags, descriptor.geometry);
  std::unique_ptr<KernelProvider> provider = makeProvider(flags.provider);
  std::shared_ptr<const Kernel> kernel = provider->get({flags.operation,
                                                        descriptor.geometry,
                                                        descriptor.structure,
                                                        {},
                                                        flags.level});
  NpyArray result;
  result.shape =
      resultShape(flags.operation, descriptor.geometry, arrays.images);
  result.data = runKernel(pool, *kernel, descriptor.active, arrays);
  writeNpy(flags.output, result);
}

} // namespace

int runRun(int argc, char **argv, const ProviderFactory &makeProvider) {
  CLI::App app(kDescription, "lacuna run");
  app.footer(kFooter);
  RunFlags flags;
  defineFlags(app, flags);
  // As part of parsing, so that a missing operand is answered like any flag.
  app.final_callback([&] { verifyOperands(app, flags.operation); });
  return runCommand(app, argc, argv, [&] { execute(flags, makeProvider); });
}

} // namespace lacuna
