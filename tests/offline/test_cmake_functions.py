# ===- test_cmake_functions.py - What lacuna_add_kernels passes on -------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""cmake/LacunaKernels.cmake gives its arguments to the lacuna program."""

import json
import os
import subprocess
import unittest

from lacuna_tool import SUCCESS, ToolTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(Functions LANGUAGES NONE)
set(LACUNA_PROGRAM %s)
include(%s/cmake/LacunaKernels.cmake)
%s
"""


class CMakeFunctionsTest(ToolTest):
    def build(self, call, target):
        self.write(
            "CMakeLists.txt", PROJECT % (os.environ["LACUNA"], ROOT, call)
        )
        made = self.run_cmake("-S", self.directory, "-B", self.path("b"), "-G", "Ninja")
        self.assertEqual(made.returncode, SUCCESS, made.stdout)
        return self.run_cmake("--build", self.path("b"), "--target", target)

    def run_cmake(self, *words):
        return subprocess.run(
            ["cmake", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )

    def test_a_sparsity_of_zero_means_dense(self):
        call = "lacuna_add_kernels(k MODEL lenet-300-100 SPARSITY 0 TARGET ${NOTHING})"
        built = self.build(call, "k-kernels")
        self.assertEqual(built.returncode, SUCCESS, built.stdout)
        kernels = json.loads(self.read("b/k-kernels/manifest.json"))["kernels"]
        schemes = {
            kernel["layer"]["scheme"]
            for kernel in kernels
            if kernel["level"] == "specialised"
        }
        self.assertEqual(schemes, {"dense"})

    def test_a_batch_of_zero_is_refused(self):
        self.write("run.safetensors", "")
        call = "lacuna_add_network(n CHECKPOINT run.safetensors BATCH 0)"
        built = self.build(call, "n-network")
        self.assertNotEqual(built.returncode, SUCCESS)
        self.assertIn("--batch 0", built.stdout)


if __name__ == "__main__":
    unittest.main()
