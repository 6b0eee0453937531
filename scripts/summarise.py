# ===- summarise.py - Training runs side by side ------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Prints a table from the metrics files that `lacuna train --metrics` writes.

Usage: summarise.py NAME=FILE.jsonl ...
"""

import json
import sys


def read_run(path):
    """The epochs and the summary of one run."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    if not lines or lines[-1]["event"] != "summary":
        sys.exit("%s: the run did not finish" % path)
    return lines[:-1], lines[-1]


def rows(epochs, summary):
    # The first epoch of several includes compiling and warming up.
    steady = epochs[1:] or epochs
    speed = sum(e["images_per_second"] for e in steady) / len(steady)
    return {
        "test accuracy, best": "%.2f %%" % (100 * summary["best_test_accuracy"]),
        "test accuracy, last": "%.2f %%" % (100 * summary["final_test_accuracy"]),
        "density of sparse layers": "%.2f %%" % (100 * epochs[-1]["density"]),
        "active parameters": "{:,}".format(summary["parameters_active"]),
        "images a second": "{:,.0f}".format(speed),
        "kernels compiled": "{:,}".format(summary["compiles"]),
        "kernel cache hits": "{:,}".format(summary["cache_hits"]),
        "repacks": "{:,}".format(summary["repacks"]),
        "seconds compiling": "%.2f" % summary["compile_seconds"],
        "bytes of model state": "{:,}".format(summary["model_state_bytes"]),
    }


def main(arguments):
    if not arguments or not all("=" in argument for argument in arguments):
        sys.exit(__doc__.strip())
    named = [argument.split("=", 1) for argument in arguments]
    columns = [rows(*read_run(path)) for _, path in named]
    print("%-26s" % "" + "".join("%14s" % name for name, _ in named))
    for title in columns[0]:
        print("%-26s" % title + "".join("%14s" % column[title] for column in columns))


if __name__ == "__main__":
    main(sys.argv[1:])
