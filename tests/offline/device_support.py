# ===- device_support.py - Programs of this machine and of an emulated one ----===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Runs what build_projects.py has built in the folder DEVICE_BUILD."""

import json
import os
import re
import shutil
import subprocess
import sys

from idx_data import write_set
from lacuna_tool import SKIPPED, SUCCESS, ToolTest

TRAINING = {"epochs": 3, "images": 96, "test_images": 32}
FUSIONS = {
    "bias", "normalise", "statistics", "accumulate", "norm_gradient", "norm_residual"
}
LAYERS = {
    "strided": {"stride": [2, 2]},
    "plain": {"stride": [1, 1]},
}
STRUCTURES = {
    "dense": {"scheme": "dense"},
    "unstructured": {"scheme": "unstructured", "active": []},
    "channel": {"scheme": "channel", "active": []},
    "block2": {"scheme": "block", "block_rows": 2, "active": []},
    "block4": {"scheme": "block", "block_rows": 4, "active": []},
    "block8": {"scheme": "block", "block_rows": 8, "active": []},
    "mest": {
        "scheme": "pattern", "patterns": "mest-8", "active": [], "pattern_ids": []
    },
    "connectivity": {
        "scheme": "pattern", "patterns": "connectivity", "active": [],
        "pattern_ids": [],
    },
}


def require_built(program, hint):
    """Ends the whole test as skipped, for all to see, without the program."""
    path = os.path.join(os.environ["DEVICE_BUILD"], program)
    if not os.path.exists(path):
        sys.stderr.write(
            "\n*** SKIPPED: %s is not built.\n*** %s\n\n" % (path, hint)
        )
        sys.exit(SKIPPED)


class DeviceTest(ToolTest):
    """Tests of programs, under an emulator or none."""

    emulator = []

    def built(self, *names):
        return os.path.join(os.environ["DEVICE_BUILD"], *names)

    def device(self, *words, emulator=None, code=SUCCESS):
        command = [*(self.emulator if emulator is None else emulator), *words]
        process = subprocess.run(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=500,
            check=False,
        )
        self.assertEqual(process.returncode, code, process.stderr)
        return process

    def train(self, *extra, **options):
        """Returns the losses of the epochs, and the hash of the weights."""
        data = write_set(self.path("data"))
        process = self.device(
            self.built("device_training", "device_training"),
            "mnist:" + data,
            TRAINING["epochs"],
            TRAINING["images"],
            TRAINING["test_images"],
            *extra,
            **options
        )
        losses = [float(x) for x in re.findall(r"loss ([0-9.]+)", process.stdout)]
        self.assertEqual(len(losses), TRAINING["epochs"], process.stdout)
        # Three layers a mutation, and all four at first.
        repacks = int(re.search(r"(\d+) repacks, (\d+) layers", process.stdout)[1])
        self.assertGreater(repacks, 4, process.stdout)
        self.assertIn(" 0 layers on stream kernels", process.stdout)
        return losses, self.hash_of(process)

    def check_inference(self):
        """The C program is right about as many images as the run's last test."""
        data = self.built("digits")
        process = self.device(
            self.built("inference", "inference"),
            os.path.join(data, "t10k-images-idx3-ubyte"),
            os.path.join(data, "t10k-labels-idx1-ubyte"),
        )
        right, count = map(int, re.findall(r"\d+", process.stdout))
        with open(self.built("digits.jsonl"), encoding="utf-8") as file:
            summary = json.loads(file.readlines()[-1])
        self.assertEqual(count, 128)
        self.assertEqual(right / count, summary["final_test_accuracy"])

    def training_flags(self):
        """What `lacuna train` is told to do as the device program does."""
        return (
            "train", "--model", "lenet-5-caffe",
            "--data", "mnist:" + write_set(self.path("data")),
            "--method", "mest-ems", "--scheme", "block", "--sparsity", 0.9,
            "--epochs", TRAINING["epochs"],
            "--limit-train", TRAINING["images"],
            "--limit-test", TRAINING["test_images"],
            "--no-disk-cache", "--quiet", "--weights-hash",
        )

    def hash_of(self, process):
        """The hash of the weights that a training printed."""
        return re.search(r"\b[0-9a-f]{16}\b", process.stdout)[0]

    def jit_hash(self, *extra):
        """The hash that `lacuna train` ends with."""
        return self.hash_of(self.succeed(*self.training_flags(), *extra))

    def descriptors(self):
        """Files of every scheme and stride."""
        paths = []
        for layer, geometry in LAYERS.items():
            for name, structure in STRUCTURES.items():
                paths.append(self.write_json(
                    "%s-%s.json" % (name, layer),
                    {
                        "version": 1, "op": "conv2d", "dtype": "f32",
                        "geometry": {
                            "in_channels": 21, "out_channels": 24, "height": 9,
                            "width": 7, "kernel": [3, 3], "padding": [1, 1],
                            **geometry,
                        },
                        **structure,
                    },
                ))
        for name in ("unstructured", "block4", "dense"):
            paths.append(self.write_json(
                name + "-linear.json",
                {
                    "version": 1, "op": "linear", "dtype": "f32",
                    "geometry": {"in_features": 150, "out_features": 24},
                    **STRUCTURES[name],
                },
            ))
        return paths

    def check_kernels(self, target, emulator=None):
        """Every scheme, operation and stride; every fusion."""
        words = [w for path in self.descriptors() for w in ("--descriptor", path)]
        kernels = self.check_bundle(words, target, emulator)
        # Three operations of each, a bias, and streams of three layers.
        self.assertEqual(len(kernels), 4 * (2 * len(STRUCTURES) + 3) + 12)
        words = [
            "--model", "resnet-20", "--scheme", "pattern", "--input", "3,8,8",
            "--no-stream-kernels",
        ]
        kernels = self.check_bundle(words, target, emulator)
        self.assertEqual({name for k in kernels for name in k["fusion"]}, FUSIONS)

    def check_bundle(self, words, target, emulator):
        """Runs every kernel of a bundle; returns what its manifest says of them."""
        bundle = self.path("bundle")
        self.succeed(
            "compile", *words, "--target", target, "--emit", "shared",
            "-o", bundle, "--threads", 2
        )
        with open(os.path.join(bundle, "manifest.json"), encoding="utf-8") as file:
            kernels = json.load(file)["kernels"]
        process = self.device(
            self.built("device_check", "device_check"), bundle, emulator=emulator
        )
        self.assertIn("%d kernels of %s agree" % (len(kernels), target), process.stdout)
        return kernels


def needs_emulator():
    if not shutil.which("qemu-aarch64"):
        sys.stderr.write(
            "\n*** SKIPPED: no qemu-aarch64, so nothing is run as on ARM.\n"
            "*** Install it with: scripts/install-dependencies test\n\n"
        )
        sys.exit(SKIPPED)
