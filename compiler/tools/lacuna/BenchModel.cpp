//===- BenchModel.cpp - lacuna bench kernels --model-only -----------------===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchModel.h"

#include "lacuna/Compiler/KernelCompiler.h"
#include "lacuna/Compiler/ThroughputModel.h"
#include "lacuna/Runtime/Network.h"
#include "lacuna/Support/Error.h"

#include <cstdio>

namespace lacuna {

namespace {

using benchmarks::LayerShape;

/// The heavy loops of a kernel, added up: all bodies weigh the same, however
/// often the stream sends work to each.
struct KernelEstimate {
  std::string kernel;
  int64_t loops = 0, instructions = 0, multiplyAdds = 0, stackAccesses = 0;
  int64_t lanes = 0;
  double cycles = 0;
  double portCycles = 0; ///< Cycles, weighted by the share of FMA ports busy.

  double fmaPorts() const { return portCycles / cycles; }
  /// Of one weight with one pixel of one image.
  double cyclesPerMultiplyAdd() const {
    return cycles / double(multiplyAdds * lanes);
  }
};

KernelEstimate estimateKernel(const LayerShape &shape, Operation operation,
                              Scheme scheme, const Target &target) {
  KernelPlan plan = planKernel(
      {operation, shape.geometry, structureFor(scheme, shape.geometry)},
      target);
  std::vector<AssemblyLoop> loops =
      heavyLoops(compileKernel(plan, target, "", KernelOutput::Assembly));
  if (loops.empty())
    throw InternalError("the kernel " + plan.name +
                        " has no loop with a multiply-add");
  std::vector<LoopEstimate> estimates = estimateLoops(loops, target);
  KernelEstimate sum;
  sum.kernel = plan.name;
  sum.lanes = plan.schedule.lanes;
  for (size_t i = 0; i < loops.size(); ++i) {
    ++sum.loops;
    sum.instructions += static_cast<int64_t>(loops[i].instructions.size());
    sum.multiplyAdds += loops[i].multiplyAdds;
    sum.stackAccesses += loops[i].stackAccesses;
    sum.cycles += estimates[i].cycles;
    sum.portCycles += estimates[i].fmaPorts * estimates[i].cycles;
  }
  return sum;
}

nlohmann::ordered_json row(const LayerShape &shape, Operation operation,
                           Scheme scheme, const Target &target,
                           const KernelEstimate &estimate,
                           const KernelEstimate &dense) {
  double loops = double(estimate.loops);
  return {{"layer", shape.name},
          {"op", operationName(operation)},
          {"scheme", schemeName(scheme)},
          {"cpu", target.cpu},
          {"modelled_cpu", modelledCpu(target)},
          {"kernel", estimate.kernel},
          {"loops", estimate.loops},
          {"cycles_per_iteration", estimate.cycles / loops},
          {"instructions_per_iteration", double(estimate.instructions) / loops},
          {"fmas_per_iteration", double(estimate.multiplyAdds) / loops},
          {"stack_accesses", estimate.stackAccesses},
          {"share_of_fma_ports", estimate.fmaPorts()},
          {"cycles_per_multiply_add", estimate.cyclesPerMultiplyAdd()},
          {"dense_cycles_per_multiply_add", dense.cyclesPerMultiplyAdd()},
          {"ratio_to_dense",
           estimate.cyclesPerMultiplyAdd() / dense.cyclesPerMultiplyAdd()}};
}

} // namespace

nlohmann::ordered_json modelKernels(const std::vector<LayerShape> &shapes,
                                    Scheme scheme,
                                    const std::vector<std::string> &targets) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  std::printf("%s, estimates of inner loops by llvm-mca; nothing was run\n"
              "%-12s %-20s %-11s %7s %5s %6s %6s %9s %9s\n",
              std::string(schemeName(scheme)).c_str(), "cpu", "layer", "op",
              "cycles", "FMAs", "instr", "ports", "cycles/MA", "to dense");
  for (const std::string &name : targets) {
    Target target = crossTarget(name, "");
    for (const LayerShape &shape : shapes)
      for (Operation operation : kAllOperations) {
        KernelEstimate dense =
            estimateKernel(shape, operation, Scheme::Dense, target);
        KernelEstimate estimate =
            scheme == Scheme::Dense
                ? dense
                : estimateKernel(shape, operation, scheme, target);
        rows.push_back(row(shape, operation, scheme, target, estimate, dense));
        const nlohmann::ordered_json &made = rows.back();
        auto number = [&](const char *field) {
          return made[field].get<double>();
        };
        std::printf(
            "%-12s %-20s %-11s %7.1f %5.0f %6.0f %6.2f %9.4f %9.2f\n",
            target.cpu.c_str(), shape.name.c_str(),
            std::string(operationName(operation)).c_str(),
            number("cycles_per_iteration"), number("fmas_per_iteration"),
            number("instructions_per_iteration"), number("share_of_fma_ports"),
            number("cycles_per_multiply_add"), number("ratio_to_dense"));
        std::fflush(stdout);
      }
  }
  return rows;
}

} // namespace lacuna
