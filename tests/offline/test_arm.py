# ===- test_arm.py - Kernels and training on 64-bit ARM, emulated -------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What was cross-compiled, under qemu-aarch64."""

import os
import unittest

from build_projects import ROOT
from device_support import DeviceTest, needs_emulator, require_built
from lacuna_tool import ENVIRONMENT_ERROR, USER_ERROR

QEMU = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]
NEON = [*QEMU, "-cpu", "cortex-a76"]
# The one register length that kernels for neoverse-v1 are compiled for.
SVE256 = [*QEMU, "-cpu", "max,sve256=on,sve-default-vector-length=32"]
# Sums are taken in another order on another number of lanes; after three epochs
# the losses still agree this well.
LOSS_TOLERANCE = 2e-3


class ArmTest(DeviceTest):
    emulator = NEON

    def test_neon_kernels_agree(self):
        self.check_kernels("cortex-a76")

    def test_sve_kernels_agree(self):
        self.check_kernels("neoverse-v1", SVE256)

    def test_cpus_without_the_features_are_refused(self):
        bundle = self.path("v1")
        self.succeed(
            "compile", "--model", "lenet-300-100", "--target", "neoverse-v1",
            "--emit", "shared", "-o", bundle
        )
        check = self.built("device_check", "device_check")
        refused = self.device(check, bundle, code=ENVIRONMENT_ERROR)
        self.assertIn("need sve", refused.stderr)
        shorter = [*QEMU, "-cpu", "max,sve128=on,sve-default-vector-length=16"]
        refused = self.device(check, bundle, emulator=shorter, code=ENVIRONMENT_ERROR)
        self.assertIn("need sve-256", refused.stderr)

    def test_bundles_of_other_architectures_are_refused(self):
        bundle = self.path("x86")
        self.succeed(
            "compile", "--model", "lenet-300-100", "--target", "x86-64-v3",
            "--emit", "shared", "-o", bundle
        )
        refused = self.device(
            self.built("device_check", "device_check"), bundle, code=USER_ERROR
        )
        self.assertIn("runs on aarch64", refused.stderr)

    def test_training_mutates_and_repacks_on_the_device(self):
        linked = self.train()
        bundle = self.built("device_training", "lenet_kernels-kernels")
        self.assertEqual(self.train(bundle), linked)
        native = os.environ.get("NATIVE_BUILD", "")
        program = os.path.join(native, "device_training", "device_training")
        self.assertTrue(os.path.exists(program), program)
        os.environ["DEVICE_BUILD"], arm = native, os.environ["DEVICE_BUILD"]
        try:
            losses, _ = self.train(emulator=[])
        finally:
            os.environ["DEVICE_BUILD"] = arm
        wider = self.path("v1")
        self.succeed(
            "compile", "--model", "lenet-5-caffe", "--scheme", "block",
            "--target", "neoverse-v1", "--emit", "shared", "-o", wider
        )
        sve, _ = self.train(wider, emulator=SVE256)
        for neon, eight, native in zip(linked[0], sve, losses):
            self.assertAlmostEqual(neon, native, delta=LOSS_TOLERANCE)
            self.assertAlmostEqual(eight, native, delta=LOSS_TOLERANCE)

    def test_frozen_network_is_as_accurate_as_the_run(self):
        self.check_inference()

    def test_linked_kernels_run(self):
        conv = os.path.join(ROOT, "examples", "link_runtime", "conv.json")
        process = self.device(self.built("link_runtime", "link_runtime"), conv)
        self.assertIn("4 lanes", process.stdout)


if __name__ == "__main__":
    needs_emulator()
    require_built("device_check/device_check", "Nothing was cross-compiled.")
    unittest.main()
