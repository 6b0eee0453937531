//===- NetworkWriter.cpp - A frozen network as files ----------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/NetworkCompiler.h"

#include "Libraries.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <fstream>

namespace lacuna {

namespace {

constexpr char kHeaderMark[] = "written by lacuna freeze.";

/// Files that a network of this name may consist of, if its header says that
/// they were written here: another choice of parts leaves none of them behind.
std::vector<std::string> earlierFiles(const std::string &directory,
                                      const std::string &name) {
  std::string line;
  std::ifstream header(directory + "/" + name + ".h");
  if (!std::getline(header, line) ||
      line.find(kHeaderMark) == std::string::npos)
    return {};
  return {name + ".mlir", name + ".ll",        name + ".s",
          name + ".o",    "lib" + name + ".a", "lib" + name + ".so"};
}

std::string listOf(const std::vector<float> &numbers) {
  std::string text;
  for (float number : numbers) {
    // Not printf, which writes the point as the program's locale does.
    char digits[32];
    std::to_chars_result end =
        std::to_chars(digits, digits + sizeof(digits), number);
    std::string word(digits, end.ptr);
    // A float of C has a point or an exponent.
    if (word.find_first_of(".e") == std::string::npos)
      word += ".0";
    text += (text.empty() ? "" : ", ") + word + "f";
  }
  return "{" + text + "}";
}

std::string headerText(const NetworkRequest &request,
                       const CompiledNetwork &compiled) {
  std::string prefix = llvm::StringRef(request.name).upper();
  const ImageShape &image = request.network.input;
  auto define = [&](const std::string &name, const std::string &value) {
    return "#define " + prefix + "_" + name + " " + value + "\n";
  };
  auto number = [](int64_t value) { return std::to_string(value); };
  std::string text = "/* " + request.network.name + " for " +
                     request.target.triple + ", " + request.target.cpu + ", " +
                     kHeaderMark + " */\n#ifndef LACUNA_" + prefix +
                     "_H\n#define LACUNA_" + prefix + "_H\n\n";
  text += define("BATCH", number(request.batch));
  text += define("CHANNELS", number(image.channels));
  text += define("HEIGHT", number(image.height));
  text += define("WIDTH", number(image.width));
  text += define("CLASSES", number(compiled.outputFloats));
  text += "/* Floats of all images of a call, and of all logits. */\n";
  text += define("INPUT_FLOATS", number(request.batch * compiled.inputFloats));
  text +=
      define("OUTPUT_FLOATS", number(request.batch * compiled.outputFloats));
  text += define("SCRATCH_BYTES", number(compiled.scratchBytes));
  if (!request.mean.empty()) {
    text += "/* Of each channel: a pixel p of 0 to 255 is given as\n"
            "   (p / 255 - MEAN) / DEVIATION. */\n";
    text += define("MEAN", listOf(request.mean));
    text += define("DEVIATION", listOf(request.deviation));
  }
  text +=
      "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
      "/* images: [BATCH][CHANNELS][HEIGHT][WIDTH], normalised as in "
      "training.\n   logits: [BATCH][CLASSES]. scratch: SCRATCH_BYTES, best "
      "aligned to 64, with\n   any contents, for this call alone; the three "
      "must not overlap. Returns 0, or 1\n   when a pointer is null. "
      "Allocates nothing, keeps no state; calls with scratch of\n   their "
      "own may run at the same time. */\nint " +
      request.name +
      "_run(const float *images, float *logits, void *scratch);\n\n#ifdef "
      "__cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

} // namespace

CompiledNetwork writeNetwork(const NetworkRequest &request,
                             const CodeParts &parts,
                             const std::string &directory) {
  checkParts(parts, request.target);
  // Compiled before the folder is touched.
  CompiledNetwork compiled = compileNetwork(request);
  std::vector<std::string> earlier = earlierFiles(directory, request.name);
  OutputFolder folder(directory);
  for (const TextPart &text : textParts(parts))
    folder.write(request.name + text.extension,
                 compileNetwork(request, text.output).code);
  writeLibraries({{request.name + ".o", compiled.code}}, request.name, parts,
                 request.target, folder);
  folder.write(request.name + ".h", headerText(request, compiled));
  folder.removeOthers(earlier);
  return compiled;
}

} // namespace lacuna
