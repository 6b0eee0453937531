# ===- test_bench.py - What lacuna bench reports ------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The reports' form and what must hold on any machine; no figure is judged."""

import json
import os
import unittest
from unittest import mock

from lacuna_tool import ENVIRONMENT_ERROR, USAGE_ERROR, USER_ERROR, ToolTest

TINY = ("bench", "kernels", "--layers", "8,8,8,3,1", "--rounds", "2", "--batch", "4")
STEP = ("bench", "step", "--model", "lenet-5-caffe", "--batch", "4", "--steps", "1")

OPERATIONS = ["forward", "grad-input", "grad-weight"]
KERNEL_FIELDS = {
    "layer",
    "op",
    "sparsity",
    "lacuna_us",
    "onednn_us",
    "speedup",
    "share_of_fma_peak",
    "pack_us",
    "compile_ms",
}
STEP_FIELDS = {
    "model",
    "scheme",
    "sparsity",
    "batch",
    "threads",
    "step_ms",
    "images_per_second",
    "split_ms",
    "prepare_ms",
    "kernels_compiled",
    "kernels_loaded",
    "kernels_tuned",
    "mutation_ms",
    "repack_ms",
    "least_bytes_moved",
    "gflops",
    "fma_peak_gflops",
    "peak_bytes_by_kind", "peak_rss_bytes",
}


class BenchTest(ToolTest):
    def setUp(self):
        super().setUp()
        # The step benchmark uses the kernel cache of the user.
        environment = mock.patch.dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        environment.start()
        self.addCleanup(environment.stop)

    def report(self, *flags):
        path = self.path("report.json")
        process = self.succeed(*flags, "--json", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file), process.stdout

    def assert_positive(self, values, names):
        for name in names:
            self.assertGreater(values[name], 0, name)


class KernelsTest(BenchTest):
    def test_rows(self):
        for scheme in ("dense", "unstructured", "block", "pattern"):
            with self.subTest(scheme=scheme):
                rows, said = self.report(*TINY, "--scheme", scheme)
                self.assertEqual([row["op"] for row in rows], OPERATIONS)
                for row in rows:
                    self.check_row(row, 0 if scheme == "dense" else 0.9)
                    self.assertIn(row["layer"], said)

    def check_row(self, row, sparsity):
        self.assertEqual(set(row), KERNEL_FIELDS)
        self.assertEqual(row["layer"], "8->8 k3 s1 @8")
        self.assertEqual(row["sparsity"], sparsity)
        self.assert_positive(
            row, ("lacuna_us", "share_of_fma_peak", "pack_us", "compile_ms")
        )
        # The dense peer may not be installed; it is then absent, not zero.
        if row["onednn_us"] is None:
            self.assertIsNone(row["speedup"])
        else:
            ratio = row["onednn_us"] / row["lacuna_us"]
            self.assertAlmostEqual(row["speedup"] / ratio, 1, places=6)

    def test_a_sweep_goes_up(self):
        rows, _ = self.report(*TINY, "--scheme", "unstructured", "--sweep")
        swept = {
            op: [row["sparsity"] for row in rows if row["op"] == op]
            for op in OPERATIONS
        }
        for sparsities in swept.values():
            self.assertGreater(len(sparsities), 2)
            self.assertEqual(sparsities, sorted(set(sparsities)))

    def test_layers_must_be_known(self):
        for layers in ("vgg-20", "8,8,8,3", "8,8,8,3,1,1", "8,8,x,3,1", ""):
            with self.subTest(layers=layers):
                self.refuse(
                    USER_ERROR, ["--layers"], "bench", "kernels", "--layers", layers
                )

    def test_layers_must_be_valid(self):
        flags = ("bench", "kernels", "--layers", "0,8,8,3,1")
        self.refuse(USER_ERROR, ["in_channels", "0"], *flags)

    def test_flags_out_of_range(self):
        for flag, value in {
            "--rounds": 0,
            "--sparsity": 1.5,
            "--threads": 0,
            "--batch": 0,
            "--scheme": "random",
        }.items():
            with self.subTest(flag=flag):
                self.refuse(
                    USAGE_ERROR, [flag, str(value)], "bench", "kernels", flag, value
                )

    def test_unwritable_report(self):
        path = self.path("absent", "report.json")
        self.refuse(ENVIRONMENT_ERROR, ["--json", path], *TINY, "--json", path)


class StepTest(BenchTest):
    def test_fields(self):
        for scheme in ("dense", "block"):
            with self.subTest(scheme=scheme):
                report, said = self.report(*STEP, "--scheme", scheme)
                self.assertEqual(set(report), STEP_FIELDS)
                self.assertEqual(report["model"], "lenet-5-caffe")
                self.assertEqual(report["scheme"], scheme)
                self.assertEqual((report["batch"], report["threads"]), (4, 1))
                self.assert_positive(
                    report,
                    (
                        "step_ms",
                        "images_per_second",
                        "least_bytes_moved",
                        "gflops",
                        "fma_peak_gflops",
                        "peak_rss_bytes",
                    ),
                )
                self.assertAlmostEqual(
                    report["images_per_second"] * report["step_ms"], 4000, places=3
                )
                self.assertIn("lenet-5-caffe", said)

    def test_parts_make_up_the_step(self):
        report, _ = self.report(*STEP)
        parts = report["split_ms"]
        self.assertLessEqual(set(OPERATIONS), set(parts))
        for name, milliseconds in parts.items():
            self.assertGreaterEqual(milliseconds, 0, name)
        self.assertAlmostEqual(sum(parts.values()) / report["step_ms"], 1, places=6)

    def test_no_steps(self):
        self.refuse(USAGE_ERROR, ["--steps", "0"], "bench", "step", "--steps", 0)

    def test_unknown_model(self):
        self.refuse(
            USER_ERROR, ["model", "resnet-33"], "bench", "step", "--model", "resnet-33"
        )

    def test_unwritable_report(self):
        path = self.path("absent", "report.json")
        self.refuse(ENVIRONMENT_ERROR, ["--json", path], *STEP, "--json", path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
