# ===- test_arm_jit.py - The compiler itself on 64-bit ARM, emulated ----------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Trains with the JIT of the ARM build in LACUNA_ARM_BUILD, under qemu-aarch64.

Only when asked for: `scripts/test-arm-jit` builds what it needs.
"""

import json
import os
import sys
import unittest

from device_support import DeviceTest, needs_emulator, require_built
from lacuna_tool import ENVIRONMENT_ERROR, SKIPPED

ARM_BUILD = os.environ.get("LACUNA_ARM_BUILD", "")
QEMU = ["qemu-aarch64", "-L", os.path.join(ARM_BUILD, "sysroot")]
NEON = [*QEMU, "-cpu", "cortex-a76"]
SVE256 = [*QEMU, "-cpu", "max,sve256=on,sve-default-vector-length=32"]


class ArmJitTest(DeviceTest):
    emulator = NEON

    def jit_train(self, *extra, emulator=None):
        """Returns the metrics of the epochs and of the run, and the hash."""
        metrics = self.path("metrics.jsonl")
        process = self.device(
            os.path.join(ARM_BUILD, "bin", "lacuna"),
            *self.training_flags(), "--metrics", metrics, *extra, emulator=emulator
        )
        with open(metrics, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        return lines[:-1], lines[-1], self.hash_of(process)

    def test_the_jit_ends_with_the_weights_of_a_bundle(self):
        epochs, summary, weights = self.jit_train("--cpu", "cortex-a76")
        self.assertLess(epochs[-1]["train_loss"], epochs[0]["train_loss"])
        # Three operations of four layers; the first needs no gradient to its input.
        self.assertEqual(summary["compiles"], 11)
        self.assertGreater(summary["repacks"], 4)
        losses, of_bundle = self.train()
        self.assertEqual(weights, of_bundle)
        for epoch, loss in zip(epochs, losses):
            self.assertAlmostEqual(epoch["train_loss"], loss, delta=1e-4)

    def test_threads_do_not_change_the_weights(self):
        _, _, one = self.jit_train("--threads", 1)
        _, summary, two = self.jit_train("--threads", 2)
        self.assertGreater(summary["compiles"], 0)
        self.assertEqual(one, two)

    def test_sve_kernels_are_compiled_just_in_time(self):
        bundle = self.path("bundle")
        self.succeed(
            "compile", "--model", "lenet-5-caffe", "--scheme", "block",
            "--target", "neoverse-v1", "--emit", "shared", "-o", bundle
        )
        _, summary, weights = self.jit_train("--cpu", "neoverse-v1", emulator=SVE256)
        self.assertEqual(summary["compiles"], 11)
        self.assertEqual(weights, self.train(bundle, emulator=SVE256)[1])

    def test_cpus_without_the_features_are_refused(self):
        refused = self.device(
            os.path.join(ARM_BUILD, "bin", "lacuna"), *self.training_flags(),
            "--cpu", "neoverse-v1", code=ENVIRONMENT_ERROR
        )
        self.assertIn("it lacks sve", refused.stderr)


if __name__ == "__main__":
    if not ARM_BUILD:
        sys.stderr.write(
            "\n*** SKIPPED: the compiler for ARM is built and run on demand only.\n"
            "*** Do both with: scripts/test-arm-jit\n\n"
        )
        sys.exit(SKIPPED)
    needs_emulator()
    require_built("device_training/device_training", "Nothing was cross-compiled.")
    unittest.main()
