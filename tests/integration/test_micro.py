# ===- test_micro.py - The single pieces that are timed ------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Every piece runs and gets a time; no figure is judged."""

import json
import os
import subprocess
import unittest

SCHEMES = ("dense", "unstructured", "block", "pattern")
OPERATIONS = ("forward", "grad-input", "grad-weight")
NAMES = {
    *("%s/%s/%s" % (kind, scheme, operation) for kind in ("kernel", "pack")
      for scheme in SCHEMES for operation in OPERATIONS),
    *("select/" + scheme for scheme in SCHEMES[1:]),
    "batch-norm/statistics", "batch-norm/forward", "batch-norm/reduce",
    "batch-norm/backward", "pool/max", "pool/max-backward", "pool/average", "augment",
}


def micro(*flags):
    return subprocess.run(
        [os.environ["LACUNA_MICRO"], "--benchmark_min_time=0.001", *flags],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)


class Micro(unittest.TestCase):
    def test_every_piece(self):
        process = micro("--benchmark_format=json")
        self.assertEqual(process.returncode, 0, process.stderr)
        rows = json.loads(process.stdout)["benchmarks"]
        self.assertEqual({row["name"] for row in rows}, NAMES)
        for row in rows:
            self.assertNotIn("error_occurred", row)
            self.assertGreater(row["real_time"], 0, row["name"])

    def test_unknown_flag(self):
        process = micro("--no-such-flag")
        self.assertEqual(process.returncode, 2)
        self.assertIn("no-such-flag", process.stderr)


if __name__ == "__main__":
    unittest.main()
