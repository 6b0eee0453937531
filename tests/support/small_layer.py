# ===- small_layer.py - A valid layer to spoil --------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""A small convolution with all its files. Tests spoil one thing at a time."""

import copy

from lacuna_tool import ToolTest
from npy_bytes import npy

INPUT, WEIGHTS, OUTPUT = (2, 3, 5, 5), (8, 3, 3, 3), (2, 8, 5, 5)

DESCRIPTOR = {
    "version": 1,
    "op": "conv2d",
    "dtype": "f32",
    "geometry": {
        "in_channels": 3,
        "out_channels": 8,
        "height": 5,
        "width": 5,
        "kernel": [3, 3],
        "stride": [1, 1],
        "padding": [1, 1],
    },
    "scheme": "block",
    "block_rows": 4,
    "active": [0, 13, 40],
}

PREVIOUS = b"the result of an earlier run"


class LayerTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.descriptor = copy.deepcopy(DESCRIPTOR)
        self.write("x.npy", npy(INPUT))
        self.write("w.npy", npy(WEIGHTS))
        self.write("dy.npy", npy(OUTPUT))
        self.write("out.npy", PREVIOUS)
        self.write_json("d.json", self.descriptor)

    def flags(self, *extra, operation="forward", output="out.npy"):
        operands = {
            "forward": ("--input", "x.npy", "--weights", "w.npy"),
            "grad-input": ("--grad-output", "dy.npy", "--weights", "w.npy"),
            "grad-weight": ("--input", "x.npy", "--grad-output", "dy.npy"),
        }[operation]
        paths = [
            word if word.startswith("--") else self.path(word) for word in operands
        ]
        return (
            "run",
            "--descriptor",
            self.path("d.json"),
            "--op",
            operation,
            *paths,
            "--output",
            self.path(output),
            "--cache-dir",
            self.path("cache"),
            *extra,
        )

    def refuse_run(self, code, parts, *extra, operation="forward"):
        """Expects a refusal that leaves the earlier result alone."""
        self.refuse(code, parts, *self.flags(*extra, operation=operation))
        self.assertEqual(self.read("out.npy"), PREVIOUS)
