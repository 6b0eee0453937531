# ===- test_step.py - A whole training step, and what precedes it -------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""ResNet-32 at 90 %: the step beside PyTorch's, the start, a mutation.

What is reached is in docs/results.md.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

from machine import floor

# Of CIFAR-10 at batch 64.
STEPS_OF_AN_EPOCH = 782
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CORES = sorted(os.sched_getaffinity(0))


def measure(command, cores, **environment):
    """Runs a command that writes a report with --json, on some cores."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        pinned = ["taskset", "-c", ",".join(str(core) for core in cores)]
        subprocess.run([*pinned, *command, "--json", report], check=True,
                       env={**os.environ, **environment}, stdout=sys.stderr)
        with open(report, encoding="utf-8") as file:
            return json.load(file)


def step(cores, *flags, **environment):
    command = [os.environ["LACUNA"], "bench", "step", "--model", "resnet-32",
               "--threads", str(len(cores)), *flags]
    return measure(command, cores, **environment)


class Start(unittest.TestCase):
    def test_cold_and_warm(self):
        cores = CORES[-2:]
        with tempfile.TemporaryDirectory() as cache:
            flags = ("--scheme", "block", "--steps", "1")
            cold = step(cores, *flags, XDG_CACHE_HOME=cache)
            warm = step(cores, *flags, XDG_CACHE_HOME=cache)
        self.assertEqual(cold["kernels_loaded"], 0)
        self.assertLess(cold["prepare_ms"], 10000)
        self.assertEqual(warm["kernels_compiled"], 0)
        self.assertLess(warm["prepare_ms"], 500)


class Mutation(unittest.TestCase):
    def test_stalls_little_of_an_epoch(self):
        for scheme in ("block", "pattern", "unstructured"):
            with self.subTest(scheme=scheme):
                report = step(CORES[-1:], "--scheme", scheme, "--steps", "5")
                stall = report["mutation_ms"] + report["repack_ms"]
                epoch = STEPS_OF_AN_EPOCH * report["step_ms"]
                self.assertLess(stall, 0.05 * epoch)


class Threads(unittest.TestCase):
    @unittest.skipIf(len(CORES) < 2, "one core")
    def test_two_cores_beside_one(self):
        # Turns, so that a change of the machine's speed meets both.
        one, two = [], []
        for _ in range(3):
            one.append(step(CORES[-1:], "--steps", "8")["step_ms"])
            two.append(step(CORES[-2:], "--steps", "8")["step_ms"])
        self.assertGreater(min(one) / min(two), 1.6)


@unittest.skipUnless(importlib.util.find_spec("torch"), "no python3-torch")
class BesidePyTorch(unittest.TestCase):
    def beat(self, scheme, least):
        report = measure(
            [sys.executable, os.path.join(SOURCE, "benchmarks", "compare_pytorch.py"),
             "--model", "resnet-32", "--scheme", scheme, "--rounds", "2",
             "--lacuna", os.environ["LACUNA"]],
            CORES[-1:])
        sides = report["sides"]
        dense = sides[report["better_layout"]]["peak_rss_bytes"]
        self.assertLess(sides["lacuna"]["peak_rss_bytes"], dense / 2)
        self.assertGreater(report["speedup_of_best"], least)

    def test_block(self):
        self.beat("block", floor(avx2=5.5, avx512=4.5))

    def test_pattern(self):
        self.beat("pattern", floor(avx2=5.5, avx512=4.5))

    def test_unstructured(self):
        self.beat("unstructured", floor(avx2=4.8, avx512=3.5))


if __name__ == "__main__":
    unittest.main()
