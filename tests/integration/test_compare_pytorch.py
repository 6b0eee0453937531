# ===- test_compare_pytorch.py - The benchmark beside PyTorch -----------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The report's form and what must hold on any machine; no figure is judged."""

import json
import os
import subprocess
import sys
import unittest

from lacuna_tool import ENVIRONMENT_ERROR, USER_ERROR, ToolTest, require_module

require_module("torch")

SIDES = {"pytorch-nchw", "pytorch-channels-last", "lacuna"}
SIDE_FIELDS = {
    "median_step_ms",
    "best_step_ms",
    "images_per_second",
    "peak_rss_bytes",
    "step_ms",
}


class ComparePytorchTest(ToolTest):
    def compare(self, *flags):
        words = ["--model", "lenet-300-100", "--batch", "4", "--rounds", "2"]
        words += ["--steps", "1", "--lacuna", os.environ["LACUNA"], *flags]
        return subprocess.run(
            [sys.executable, os.environ["COMPARE_PYTORCH"], *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")),
            encoding="utf-8",
            check=False,
        )

    def refuse_flags(self, code, parts, *flags):
        process = self.compare(*flags)
        self.assertEqual(process.returncode, code, process.stderr)
        for part in parts:
            self.assertIn(part, process.stderr)
        self.assertNotIn("Traceback", process.stderr)

    def test_report(self):
        path = self.path("report.json")
        process = self.compare("--json", path)
        self.assertEqual(process.returncode, 0, process.stderr)
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        sides = report["sides"]
        self.assertEqual(set(sides), SIDES)
        for side, figures in sides.items():
            self.assertIn(side, process.stdout)
            self.assertEqual(set(figures), SIDE_FIELDS)
            self.assertEqual(len(figures["step_ms"]), 2)
            self.assertEqual(figures["best_step_ms"], min(figures["step_ms"]))
            self.assertGreaterEqual(figures["median_step_ms"], figures["best_step_ms"])
            self.assertGreater(figures["best_step_ms"], 0)
        better = min(
            sides[side]["median_step_ms"] for side in SIDES if side != "lacuna"
        )
        self.assertEqual(sides[report["better_layout"]]["median_step_ms"], better)
        self.assertAlmostEqual(
            report["speedup"], better / sides["lacuna"]["median_step_ms"]
        )
        # What importing alone takes is part of each peak.
        imported = report["torch_import_rss_bytes"]
        self.assertGreater(imported, 0)
        self.assertLess(imported, sides["pytorch-nchw"]["peak_rss_bytes"])

    def test_missing_tool(self):
        path = self.path("absent")
        self.refuse_flags(USER_ERROR, ["--lacuna", path], "--lacuna", path)

    def test_unwritable_report(self):
        path = self.path("absent", "report.json")
        self.refuse_flags(ENVIRONMENT_ERROR, ["--json", path], "--json", path)

    def test_a_refusal_of_the_tool_is_shown(self):
        self.refuse_flags(
            USER_ERROR, ["bench step", "sparsity", "1.5"], "--sparsity", "1.5")


if __name__ == "__main__":
    unittest.main(verbosity=2)
