//===- InterpreterProvider.h - Kernels as plain loops --------- -*- C++ -*-===//
//
// Part of the Lacuna project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A provider for tests of the runtime: its kernels walk the streams that
// StreamLayout promises with scalar loops, so layers, methods and training can
// be tested without a compiler.
//
//===----------------------------------------------------------------------===//

#ifndef LACUNA_TESTS_SUPPORT_INTERPRETERPROVIDER_H
#define LACUNA_TESTS_SUPPORT_INTERPRETERPROVIDER_H

#include "lacuna/Runtime/KernelProvider.h"

#include <map>
#include <mutex>

namespace lacuna::testing {

class InterpreterProvider : public KernelProvider {
public:
  explicit InterpreterProvider(int64_t lanes) : vectorLanes(lanes) {}

  int64_t lanes() const override { return vectorLanes; }
  std::shared_ptr<const Kernel> get(const KernelRequest &request) override;
  ProviderStatistics statistics() const override;

private:
  int64_t vectorLanes;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Kernel>> kernels;
  ProviderStatistics counts;
};

} // namespace lacuna::testing

#endif // LACUNA_TESTS_SUPPORT_INTERPRETERPROVIDER_H
