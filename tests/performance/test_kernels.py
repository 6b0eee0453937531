# ===- test_kernels.py - Kernels beside oneDNN --------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiled kernels beside dense oneDNN in one run: no layer below its floor.

The floors are what all operations must give on one core at 90 % sparsity,
somewhat under what was measured, to tell a loss from noise; what is reached is
in docs/results.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from lacuna_tool import SKIPPED
from machine import floor

# 3x3, 3x3 with stride 2, 1x1 with stride 2. Strided layers move four input
# pixels for each output pixel, so memory leaves them less of what sparsity saves,
# and neighbours on a shared machine take more of it.
FLOORS = {
    "block": floor(avx2=(4.5, 4.0, 1.5), avx512=(4.0, 3.5, 2.0)),
    "pattern": floor(avx2=(4.8, 3.0, 1.5), avx512=(5.0, 3.5, 2.0)),
    "unstructured": floor(avx2=(4.2, 3.0, 1.5), avx512=(4.0, 3.5, 2.0)),
}

# Of ResNet-50 and WRN-16-8: a plane beyond the caches, many channels, an odd plane, a
# stride. Their tiles are chosen in other ways than those of 3x3 layers.
POINTWISE = ("64,64,56,1,1", "256,1024,14,1,1", "512,2048,7,1,1", "128,256,32,1,2",
             "512,1024,28,1,2")
POINTWISE_FLOOR = floor(avx2=2.5, avx512=2.5)


def bench(layers, scheme):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "rows.json")
        core = max(os.sched_getaffinity(0))
        subprocess.run(
            ["taskset", "-c", str(core), os.environ["LACUNA"], "bench", "kernels",
             "--layers", layers, "--scheme", scheme, "--sparsity", "0.9",
             "--no-tuned", "--json", report],
            check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=sys.stderr)
        with open(report, encoding="utf-8") as rows:
            return json.load(rows)


class KernelsBesideOneDnn(unittest.TestCase):
    def reach(self, row, least):
        if row["speedup"] is None:
            print("SKIPPED: this build has no oneDNN to compare with "
                  "(Debian: libdnnl-dev)", file=sys.stderr)
            sys.exit(SKIPPED)
        self.assertGreaterEqual(row["speedup"], least)

    def beat(self, scheme):
        three, strided, one = FLOORS[scheme]
        for row in bench("resnet-32", scheme):
            layer = row["layer"]
            with self.subTest(scheme=scheme, layer=layer, op=row["op"]):
                self.reach(row, one if " k1 " in layer else strided if " s2 " in layer else three)
        for layer in POINTWISE:
            for row in bench(layer, scheme):
                with self.subTest(scheme=scheme, layer=layer, op=row["op"]):
                    self.reach(row, POINTWISE_FLOOR)

    def test_block(self):
        self.beat("block")

    def test_pattern(self):
        self.beat("pattern")

    def test_unstructured(self):
        self.beat("unstructured")


if __name__ == "__main__":
    unittest.main()
