# ===- test_custom_model.py - The example of a network of your own -------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""examples/custom_model trains, and is as short as it claims to be."""

import os
import re
import subprocess
import unittest

from idx_data import write_set
from lacuna_tool import SUCCESS, USAGE_ERROR, USER_ERROR, ToolTest

MOST_LINES = 40


class CustomModelTest(ToolTest):
    def run_example(self, *words):
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        return subprocess.run(
            [os.environ["CUSTOM_MODEL"], *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            check=False,
        )

    def test_it_learns(self):
        process = self.run_example("mnist:" + write_set(self.path("data")), "4")
        self.assertEqual(process.returncode, SUCCESS, process.stderr)
        said = re.match(
            r"test accuracy ([0-9.]+) %, ([0-9]+) of ([0-9]+) parameters",
            process.stdout,
        )
        self.assertGreater(float(said[1]), 90)
        self.assertLess(int(said[2]), int(said[3]))

    def test_errors(self):
        self.assertEqual(self.run_example().returncode, USAGE_ERROR)
        self.assertEqual(self.run_example("mnist:/nowhere", "x").returncode, USAGE_ERROR)
        process = self.run_example("mnist:/nowhere", "1")
        self.assertEqual(process.returncode, USER_ERROR)
        self.assertIn("/nowhere", process.stderr)

    def test_it_is_short(self):
        with open(os.environ["CUSTOM_MODEL_SOURCE"], encoding="utf-8") as file:
            text = file.read()
        part = text.split("// [the model and its training]\n")[1].split("// [end]")[0]
        lines = [line for line in part.splitlines() if line.strip()]
        self.assertLess(len(lines), MOST_LINES)


if __name__ == "__main__":
    unittest.main(verbosity=2)
