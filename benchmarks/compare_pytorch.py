#!/usr/bin/env python3
# ===- compare_pytorch.py - A training step in Lacuna and in PyTorch ----------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Times whole training steps, sparse in Lacuna and dense in PyTorch.

The sides take turns, each turn a process of its own. The time of a turn is that
of its fastest step. Pin it: taskset -c 1 benchmarks/compare_pytorch.py ...
See docs/benchmarks.md.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile

# The exit codes of the lacuna tool.
USER_ERROR, ENVIRONMENT_ERROR = 1, 3

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

MODELS = ["lenet-300-100", "lenet-5-caffe", "resnet-20", "resnet-32"]
SCHEMES = ["dense", "unstructured", "block", "pattern"]
LAYOUTS = {"pytorch-nchw": "nchw", "pytorch-channels-last": "channels-last"}


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("is %d, must be at least 1" % value)
    return value


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", choices=MODELS, default="resnet-32")
    add("--scheme", choices=SCHEMES, default="block", help="of Lacuna (block)")
    add("--sparsity", type=float, default=0.9, help="of Lacuna (0.9)")
    add("--batch", type=positive, default=64, help="images a step (64)")
    add("--rounds", type=positive, default=5, help="turns of each side (5)")
    add("--steps", type=positive, default=5, help="steps a turn, after one more (5)")
    add("--threads", type=positive, default=1, help="of each side (1)")
    add(
        "--lacuna",
        default=os.path.join(ROOT, "build", "bin", "lacuna"),
        help="path of the tool (build/bin/lacuna)",
    )
    add("--json", metavar="FILE", help="write the figures as a JSON object")
    return parser.parse_args()


def run(command, environment):
    try:
        process = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
            check=False,
        )
    except OSError as error:
        raise Failure(ENVIRONMENT_ERROR, "cannot run %s: %s" % (command[0], error))
    if process.returncode != 0:
        raise Failure(
            process.returncode if process.returncode > 0 else ENVIRONMENT_ERROR,
            "%s failed (exit code %d):\n%s"
            % (" ".join(command), process.returncode, process.stderr.rstrip()),
        )
    return process.stdout


def run_pytorch(options, layout, environment):
    command = [sys.executable, os.path.join(HERE, "torch_step.py")]
    command += ["--layout", layout]
    for name in ("model", "batch", "steps", "threads"):
        command += ["--" + name, str(getattr(options, name))]
    return json.loads(run(command, environment))


def run_lacuna(options, environment):
    with tempfile.TemporaryDirectory(prefix="lacuna-compare-") as directory:
        report = os.path.join(directory, "step.json")
        command = [options.lacuna, "bench", "step", "--json", report]
        for name in ("model", "scheme", "sparsity", "batch", "steps", "threads"):
            command += ["--" + name, str(getattr(options, name))]
        run(command, environment)
        with open(report, encoding="utf-8") as file:
            return json.load(file)


def summarise(turns, batch):
    times = [turn["step_ms"] for turn in turns]
    median = statistics.median(times)
    return {
        "median_step_ms": median,
        "best_step_ms": min(times),
        "images_per_second": batch / median * 1e3,
        "peak_rss_bytes": max(turn["peak_rss_bytes"] for turn in turns),
        "step_ms": times,
    }


def measure(options):
    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads))
    turns = {side: [] for side in [*LAYOUTS, "lacuna"]}
    for number in range(options.rounds):
        for side, layout in LAYOUTS.items():
            turns[side].append(run_pytorch(options, layout, environment))
        turns["lacuna"].append(run_lacuna(options, environment))
        latest = ", ".join(
            "%s %.1f ms" % (side, done[-1]["step_ms"]) for side, done in turns.items()
        )
        progress = "round %d of %d: %s" % (number + 1, options.rounds, latest)
        print(progress, file=sys.stderr, flush=True)
    sides = {side: summarise(done, options.batch) for side, done in turns.items()}
    better = min(LAYOUTS, key=lambda side: sides[side]["median_step_ms"])
    torch_turn = turns[better][0]
    settings = ("model", "scheme", "sparsity", "batch", "rounds", "steps", "threads")
    return {
        **{name: getattr(options, name) for name in settings},
        "torch": torch_turn["torch"],
        "torch_mkldnn": torch_turn["mkldnn"],
        "torch_import_rss_bytes": max(
            turn["import_rss_bytes"] for side in LAYOUTS for turn in turns[side]
        ),
        "sides": sides,
        "better_layout": better,
        "speedup": sides[better]["median_step_ms"] / sides["lacuna"]["median_step_ms"],
        "speedup_of_best": min(sides[side]["best_step_ms"] for side in LAYOUTS)
        / sides["lacuna"]["best_step_ms"],
    }


def print_report(report):
    print(
        "%s, batch %d, %d thread(s); lacuna %s at sparsity %g; torch %s, dense, "
        "oneDNN %s"
        % (
            report["model"],
            report["batch"],
            report["threads"],
            report["scheme"],
            0 if report["scheme"] == "dense" else report["sparsity"],
            report["torch"],
            "on" if report["torch_mkldnn"] else "off",
        )
    )
    print(
        "%-24s %12s %12s %10s %14s"
        % ("", "median ms", "best ms", "images/s", "peak RSS MB")
    )
    for side, figures in report["sides"].items():
        print(
            "%-24s %12.1f %12.1f %10.0f %14.0f"
            % (
                side,
                figures["median_step_ms"],
                figures["best_step_ms"],
                figures["images_per_second"],
                figures["peak_rss_bytes"] / 1e6,
            )
        )
    print(
        "of PyTorch's peak RSS, %.0f MB are there once torch is imported"
        % (report["torch_import_rss_bytes"] / 1e6)
    )
    print(
        "lacuna is %.2f times as fast as %s by the medians, %.2f by the best steps%s"
        % (
            report["speedup"],
            report["better_layout"],
            report["speedup_of_best"],
            "" if report["speedup"] >= 1 else " (lacuna loses)",
        )
    )


def compare(options):
    if importlib.util.find_spec("torch") is None:
        raise Failure(
            ENVIRONMENT_ERROR,
            "%s has no module torch; install python3-torch, or run another "
            "interpreter" % sys.executable,
        )
    if not os.path.isfile(options.lacuna):
        raise Failure(
            USER_ERROR,
            "--lacuna: there is no file %s; run scripts/build, or name the tool"
            % options.lacuna,
        )
    if not options.json:
        print_report(measure(options))
        return
    # Refused before minutes go into its content.
    try:
        file = open(options.json, "w", encoding="utf-8")
    except OSError as error:
        raise Failure(ENVIRONMENT_ERROR, "--json: cannot write: %s" % error)
    with file:
        report = measure(options)
        json.dump(report, file, indent=2)
        file.write("\n")
    print_report(report)


def main():
    try:
        compare(parse_arguments())
    except Failure as failure:
        print("compare_pytorch.py: error: %s" % failure, file=sys.stderr)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
