# ===- test_custom_examples.py - Networks and methods of one's own -------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""examples/custom_model and examples/custom_method train, fail as tools do, and
are what docs/cpp.md shows."""

import os
import re
import subprocess
import unittest

from idx_data import write_set
from lacuna_tool import SUCCESS, USAGE_ERROR, USER_ERROR, ToolTest

MOST_LINES = 40


def source(example):
    path = os.path.join(os.environ["LACUNA_SOURCE"], "examples", example, "main.cpp")
    with open(path, encoding="utf-8") as file:
        return file.read()


def part(example, name):
    """What stands between two markers of an example."""
    return source(example).split("// [%s]\n" % name)[1].split("// [end]")[0]


class ExampleTest(ToolTest):
    def run_example(self, example, *words):
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        return subprocess.run(
            [os.path.join(os.environ["EXAMPLES"], example, example), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            check=False,
        )


class CustomModelTest(ExampleTest):
    def accuracy(self, *words):
        process = self.run_example("custom_model", *words)
        self.assertEqual(process.returncode, SUCCESS, process.stderr)
        said = re.match(
            r"test accuracy ([0-9.]+) %, ([0-9]+) of ([0-9]+) parameters",
            process.stdout,
        )
        self.assertLess(int(said[2]), int(said[3]))
        return float(said[1])

    def test_it_learns(self):
        data = "mnist:" + write_set(self.path("data"))
        self.assertGreater(self.accuracy(data, "4"), 90)

    def test_it_learns_what_the_page_says(self):
        self.assertGreater(self.accuracy("fashion-mnist", "1"), 60)

    def test_errors(self):
        self.assertEqual(self.run_example("custom_model").returncode, USAGE_ERROR)
        process = self.run_example("custom_model", "mnist:/nowhere", "x")
        self.assertEqual(process.returncode, USAGE_ERROR)
        process = self.run_example("custom_model", "mnist:/nowhere", "1")
        self.assertEqual(process.returncode, USER_ERROR)
        self.assertIn("/nowhere", process.stderr)

    def test_it_is_short(self):
        lines = part("custom_model", "the model and its training").splitlines()
        self.assertLess(len([line for line in lines if line.strip()]), MOST_LINES)


class CustomMethodTest(ExampleTest):
    def test_it_learns_and_loads_what_it_saved(self):
        checkpoint = self.path("mine.safetensors")
        data = "mnist:" + write_set(self.path("data"))
        process = self.run_example("custom_method", data, "8", checkpoint)
        self.assertEqual(process.returncode, SUCCESS, process.stderr)
        said = re.search(r"trained ([0-9.]+) %, loaded ([0-9.]+) %", process.stdout)
        self.assertGreater(float(said[1]), 90)
        self.assertEqual(said[1], said[2])
        shown = self.succeed("inspect", checkpoint).stdout
        self.assertRegex(shown, r"method.name +drop-quarter")
        self.assertRegex(shown, r"fc1.weight .* 0\.9000")
        said = [checkpoint, "was not saved by lacuna train"]
        self.refuse(USER_ERROR, said, "train", "--resume", checkpoint)

    def test_errors(self):
        process = self.run_example("custom_method", "mnist:/nowhere", "1", "x")
        self.assertEqual(process.returncode, USER_ERROR)
        self.assertIn("/nowhere", process.stderr)


class PageTest(unittest.TestCase):
    def test_it_shows_the_examples(self):
        page = os.path.join(os.environ["LACUNA_SOURCE"], "docs", "cpp.md")
        with open(page, encoding="utf-8") as file:
            blocks = re.findall(r"```cpp\n(.*?)```", file.read(), re.DOTALL)
        for example, name in (
            ("custom_model", "the model and its training"),
            ("custom_method", "method"),
            ("custom_method", "inference"),
        ):
            self.assertIn(part(example, name), blocks)


if __name__ == "__main__":
    unittest.main(verbosity=2)
