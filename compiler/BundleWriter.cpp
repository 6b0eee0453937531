//===- BundleWriter.cpp - Kernels compiled offline ------------------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "lacuna/Compiler/BundleWriter.h"

#include "Emission.h"
#include "Libraries.h"
#include "ParallelFor.h"

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Support/Error.h"
#include "lacuna/Support/Sha256.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"

namespace lacuna {

namespace {

/// The object that defines NAME_bundle.
std::string tableObject(const BundleManifest &manifest, const Target &target) {
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target);
  llvm::LLVMContext context;
  llvm::Module module(manifest.name, context);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *i32 = llvm::Type::getInt32Ty(context);
  auto global = [&](llvm::Constant *value, llvm::StringRef name,
                    llvm::GlobalValue::LinkageTypes linkage) {
    return new llvm::GlobalVariable(module, value->getType(), true, linkage,
                                    value, name);
  };
  auto text = [&](const std::string &content) {
    return global(llvm::ConstantDataArray::getString(context, content), "text",
                  llvm::GlobalValue::PrivateLinkage);
  };

  auto *entryType = llvm::StructType::get(pointer, pointer);
  auto *kernelType =
      llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                              {pointer, llvm::Type::getInt64Ty(context),
                               llvm::Type::getInt64Ty(context)},
                              false);
  std::set<std::string> listed;
  llvm::SmallVector<llvm::Constant *> entries;
  for (const BundledKernel &kernel : manifest.kernels)
    if (listed.insert(kernel.symbol).second) {
      auto *function =
          llvm::Function::Create(kernelType, llvm::GlobalValue::ExternalLinkage,
                                 kernel.symbol, module);
      entries.push_back(llvm::ConstantStruct::get(
          entryType, {text(kernel.symbol), function}));
    }
  auto *kernels =
      global(llvm::ConstantArray::get(
                 llvm::ArrayType::get(entryType, entries.size()), entries),
             "entries", llvm::GlobalValue::PrivateLinkage);
  global(llvm::ConstantStruct::get(
             llvm::StructType::get(i32, i32, pointer, pointer),
             {llvm::ConstantInt::get(i32, manifest.abiVersion),
              llvm::ConstantInt::get(i32, entries.size()),
              text(formatManifest(manifest)), kernels}),
         manifest.name + "_bundle", llvm::GlobalValue::ExternalLinkage);
  return emit(module, *machine, llvm::CodeGenFileType::ObjectFile);
}

std::string headerText(const BundleManifest &manifest) {
  std::string guard = "LACUNA_BUNDLE_" + manifest.name + "_H";
  std::string text =
      "/* Kernels of the bundle " + manifest.name + " for " + manifest.triple +
      ", " + manifest.cpu + ", written by lacuna compile. */\n#ifndef " +
      guard + "\n#define " + guard +
      "\n\n#include \"lacuna/Kernel/BundleAbi.h\"\n\n#if "
      "LACUNA_KERNEL_ABI_VERSION != " +
      std::to_string(manifest.abiVersion) +
      "\n#error \"these kernels are for another version of the kernel "
      "ABI\"\n#endif\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n/* For "
      "lacuna::linkedBundle(). */\nextern const lacuna_bundle " +
      manifest.name + "_bundle;\n\n";
  std::set<std::string> listed;
  for (const BundledKernel &kernel : manifest.kernels)
    if (listed.insert(kernel.symbol).second)
      text += "void " + kernel.symbol +
              "(const lacuna_kernel_operands *operands, int64_t begin,\n    "
              "int64_t end);\n";
  return text + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

/// The kernels of a request, planned; equal plans are compiled once.
struct PlannedKernels {
  std::vector<KernelPlan> plans; ///< Of each request.
  std::vector<size_t> distinct;  ///< Plans, each key once.
};

PlannedKernels planAll(const BundleRequest &request) {
  PlannedKernels planned;
  std::set<std::string> keys;
  for (const KernelRequest &kernel : request.kernels) {
    planned.plans.push_back(planKernel(kernel, request.target));
    if (keys.insert(planned.plans.back().key).second)
      planned.distinct.push_back(planned.plans.size() - 1);
  }
  return planned;
}

std::map<std::string, std::string> compileAll(const PlannedKernels &planned,
                                              const BundleRequest &request,
                                              KernelOutput output) {
  std::vector<std::string> results(planned.distinct.size());
  parallelFor(request.threads, results.size(), [&](size_t i) {
    results[i] = compileKernel(planned.plans[planned.distinct[i]],
                               request.target, "", output);
  });
  std::map<std::string, std::string> byName;
  for (size_t i = 0; i < results.size(); ++i)
    byName[planned.plans[planned.distinct[i]].name] = std::move(results[i]);
  return byName;
}

BundleManifest describe(const BundleRequest &request,
                        const PlannedKernels &planned,
                        const std::map<std::string, std::string> &objects) {
  BundleManifest manifest;
  manifest.name = request.name;
  manifest.compiler = "Lacuna " LACUNA_VERSION ", LLVM " LLVM_VERSION_STRING;
  manifest.triple = request.target.triple;
  manifest.cpu = request.target.cpu;
  manifest.lanes = request.target.description.lanes;
  manifest.features = requiredFeatures(request.target);
  for (const KernelPlan &plan : planned.plans) {
    auto object = objects.find(plan.name);
    manifest.kernels.push_back(
        {plan.request, plan.schedule, plan.name, plan.key,
         object != objects.end() ? sha256(object->second) : std::string()});
  }
  return manifest;
}

bool isLibrary(CodePart part) {
  return part == CodePart::Object || part == CodePart::Archive ||
         part == CodePart::Shared;
}

} // namespace

std::vector<KernelRequest>
withStreamKernels(const std::vector<KernelRequest> &requests) {
  std::vector<KernelRequest> all;
  std::set<std::string> listed;
  auto add = [&](const KernelRequest &request) {
    if (listed.insert(requestText(request)).second)
      all.push_back(request);
  };
  for (const KernelRequest &request : requests)
    add(request);
  for (KernelRequest request : requests) {
    request.structure = Structure::unstructured();
    request.level = Level::Stream;
    add(request);
  }
  return all;
}

BundleManifest writeBundle(const BundleRequest &request,
                           const std::string &directory) {
  if (!isIdentifier(request.name))
    throw UserError("name: '" + request.name +
                    "' must be an identifier of C: it becomes part of names");
  checkParts(request.parts, request.target);
  PlannedKernels planned = planAll(request);
  OutputFolder folder(directory);
  bool libraries =
      std::any_of(request.parts.begin(), request.parts.end(), isLibrary);
  std::vector<std::string> replaced;
  if (libraries)
    replaced = folder.bundledFiles();
  // All is compiled before the bundle that is there goes, and that is gone
  // before a file of it is replaced.
  std::map<std::string, std::string> texts, objects;
  for (const TextPart &text : textParts(request.parts))
    for (auto &[name, content] : compileAll(planned, request, text.output))
      texts[name + text.extension] = std::move(content);
  if (libraries)
    objects = compileAll(planned, request, KernelOutput::Object);
  BundleManifest manifest = describe(request, planned, objects);
  if (libraries)
    folder.withdrawBundle(replaced);
  for (const auto &[name, content] : texts)
    folder.write(name, content);
  if (!libraries)
    return manifest;

  std::vector<NamedObject> members;
  for (auto &[name, bytes] : objects)
    members.push_back({name + ".o", std::move(bytes)});
  members.push_back(
      {request.name + "_bundle.o", tableObject(manifest, request.target)});
  writeLibraries(members, request.name, request.parts, request.target, folder);
  folder.write(request.name + ".h", headerText(manifest));
  manifest.files = folder.files();
  folder.write(kManifestFile, formatManifest(manifest));
  return manifest;
}

} // namespace lacuna
