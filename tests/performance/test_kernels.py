# ===- test_kernels.py - Kernels beside oneDNN --------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Compiled kernels beside dense oneDNN in one run: no layer below its floor.

The floors are the least that training at 90 % sparsity must give on one core;
what is reached is in docs/results.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from lacuna_tool import SKIPPED

# (stride 1, stride 2). Strided layers move four input pixels for each output
# pixel, so memory leaves them less of what sparsity saves.
FORWARD_FLOOR = {
    "block": (3.0, 2.5),
    "pattern": (3.0, 2.3),
    "unstructured": (2.5, 2.0),
}


def bench(scheme):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "rows.json")
        core = max(os.sched_getaffinity(0))
        subprocess.run(
            ["taskset", "-c", str(core), os.environ["LACUNA"], "bench", "kernels",
             "--layers", "resnet-32", "--scheme", scheme, "--sparsity", "0.9",
             "--json", report],
            check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=sys.stderr)
        with open(report, encoding="utf-8") as rows:
            return json.load(rows)


class KernelsBesideOneDnn(unittest.TestCase):
    def test_forward_of_every_3x3_layer(self):
        for scheme, floors in FORWARD_FLOOR.items():
            for row in bench(scheme):
                if row["op"] != "forward" or " k3 " not in row["layer"]:
                    continue
                with self.subTest(scheme=scheme, layer=row["layer"]):
                    if row["speedup"] is None:
                        print("SKIPPED: this build has no oneDNN to compare with "
                              "(Debian: libdnnl-dev)", file=sys.stderr)
                        sys.exit(SKIPPED)
                    floor = floors[1 if " s2 " in row["layer"] else 0]
                    self.assertGreaterEqual(row["speedup"], floor)


if __name__ == "__main__":
    unittest.main()
