# ===- test_model.py - What lacuna bench kernels --model-only estimates -------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Inner loops for ARM by llvm-mca: the report's form, and the share of the FMA
ports that Lacuna promises."""

import json
import os
import unittest
from unittest import mock

from lacuna_tool import ENVIRONMENT_ERROR, USAGE_ERROR, USER_ERROR, ToolTest

MODEL = ("bench", "kernels", "--model-only")
LAYER = ("--layers", "64,64,16,3,1")
OPERATIONS = ["forward", "grad-input", "grad-weight"]
FIELDS = {
    "layer", "op", "scheme", "cpu", "modelled_cpu", "kernel", "loops",
    "cycles_per_iteration", "instructions_per_iteration", "fmas_per_iteration",
    "stack_accesses", "share_of_fma_ports", "cycles_per_multiply_add",
    "dense_cycles_per_multiply_add", "ratio_to_dense",
}
LEAST_SHARE = 0.7


class ModelTest(ToolTest):
    def rows(self, *flags):
        path = self.path("report.json")
        process = self.succeed(*MODEL, *flags, "--json", path)
        self.assertIn("nothing was run", process.stdout)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_inner_loops_keep_the_fma_ports_busy(self):
        for scheme, layer in (
            ("block", "64,64,16,3,1"),
            ("pattern", "64,64,16,3,1"),
            ("pattern", "128,128,8,3,1"),
        ):
            rows = self.rows(
                "--layers", layer, "--scheme", scheme,
                "--target", "neoverse-n1,neoverse-v1",
            )
            self.assertEqual([row["op"] for row in rows], 2 * OPERATIONS)
            for row in rows:
                with self.subTest(cpu=row["cpu"], kernel=row["kernel"]):
                    self.assertEqual(set(row), FIELDS)
                    self.assertGreaterEqual(row["share_of_fma_ports"], LEAST_SHARE)
                    self.assertLessEqual(row["share_of_fma_ports"], 1.01)
                    self.assertEqual(row["stack_accesses"], 0)

    def test_figures_agree_with_each_other(self):
        for row in self.rows(*LAYER, "--scheme", "pattern", "--target", "apple-m1"):
            lanes = 4
            self.assertEqual(row["loops"], 8)
            self.assertAlmostEqual(
                row["cycles_per_multiply_add"],
                row["cycles_per_iteration"] / row["fmas_per_iteration"] / lanes,
            )
            self.assertAlmostEqual(
                row["ratio_to_dense"],
                row["cycles_per_multiply_add"] / row["dense_cycles_per_multiply_add"],
            )

    def test_dense_is_as_fast_as_dense(self):
        for row in self.rows(*LAYER, "--scheme", "dense", "--target", "cortex-a76"):
            self.assertEqual(row["ratio_to_dense"], 1)
            self.assertEqual(row["cpu"], "cortex-a76")
            self.assertEqual(row["modelled_cpu"], "neoverse-n1")

    def test_refusals(self):
        self.refuse(USAGE_ERROR, ["--model-only"],
                    "bench", "kernels", "--target", "neoverse-n1")
        self.refuse(USAGE_ERROR, ["--sweep"], *MODEL, "--sweep")
        self.refuse(USER_ERROR, ["no-such-cpu"], *MODEL, "--target", "no-such-cpu")
        with mock.patch.dict(os.environ, PATH=self.path("empty")):
            self.refuse(ENVIRONMENT_ERROR, ["llvm-mca", "apt install"],
                        *MODEL, *LAYER, "--target", "neoverse-n1")


if __name__ == "__main__":
    unittest.main()
