#!/usr/bin/env python3
# ===- compare_methods.py - Sparse-training methods side by side --------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Trains one network by several methods and prints a table of the results.

A run is METHOD, METHOD:SCHEME or METHOD:SCHEME:SPARSITY. What stands after "--"
goes to every `lacuna train`:

  compare_methods.py -o runs dense static:block:0.9 mest-em:block:0.9 -- \\
    --model resnet-32 --data cifar10:DIR --epochs 40

Each run is verified before the first is trained. A finished run is not repeated
and a stopped one goes on from its last checkpoint, so a comparison can be stopped
and continued. See docs/benchmarks.md.
"""

import argparse
import collections
import json
import os
import shlex
import subprocess
import sys

# The exit codes of the lacuna tool.
USER_ERROR, ENVIRONMENT_ERROR = 1, 3
INTERRUPTED, TERMINATED = 130, 143

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Methods whose sparsity cannot be asked for.
FINDS_ITS_OWN = ("dense", "dst")

Run = collections.namedtuple("Run", "method scheme sparsity")


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def parse_run(text):
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise argparse.ArgumentTypeError(
            "%s is not METHOD, METHOD:SCHEME or METHOD:SCHEME:SPARSITY" % text
        )
    if parts[0] == "dense" and len(parts) > 1:
        raise argparse.ArgumentTypeError("%s: dense has neither" % text)
    defaults = ["", "unstructured", "" if parts[0] in FINDS_ITS_OWN else "0.9"]
    run = Run(*parts, *defaults[len(parts) :])
    try:
        float(run.sparsity or 0)
    except ValueError:
        raise argparse.ArgumentTypeError("%s: the sparsity is no number" % text)
    return run


def parse_arguments(arguments):
    split = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("runs", nargs="+", type=parse_run, metavar="RUN")
    add("-o", "--output", required=True, metavar="DIR", help="metrics and logs")
    add(
        "--lacuna",
        default=os.path.join(ROOT, "build", "bin", "lacuna"),
        help="path of the tool (build/bin/lacuna)",
    )
    options = parser.parse_args(arguments[:split])
    options.train = arguments[split + 1 :]
    return options


def run_name(run):
    if run.method == "dense":
        return "dense"
    return "-".join(part for part in run if part)


def read_metrics(path):
    """Epochs and summary of a run, or None while it has not finished."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
    except FileNotFoundError:
        return None
    except ValueError:  # A killed run leaves part of a line.
        return None
    if not lines or lines[-1].get("event") != "summary":
        return None
    return [line for line in lines if line["event"] == "epoch"], lines[-1]


def write_command(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read_command(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def reason(log):
    """What the tool said of its failure, as ": WHERE: WHAT", if it said anything."""
    start = "lacuna: error"
    with open(log, encoding="utf-8", errors="replace") as file:
        said = [line for line in file if line.startswith(start)]
    return said[-1][len(start) :].rstrip() if said else ""


class Task:
    """A run with its files in the output folder."""

    def __init__(self, options, run):
        self.run = run
        self.name = run_name(run)
        stem = os.path.join(options.output, self.name)
        self.metrics = stem + ".jsonl"
        self.log = stem + ".log"
        self.checkpoint = stem + ".safetensors"
        self.lacuna = options.lacuna
        words = ["--method", run.method]
        if run.method != "dense":
            words += ["--scheme", run.scheme]
        if run.sparsity:
            words += ["--sparsity", run.sparsity]
        words += options.train
        self.words = words + ["--metrics", self.metrics, "--save", self.checkpoint]
        self.record = stem + ".command"

    def result(self):
        return read_metrics(self.metrics)

    def has_started(self):
        return os.path.exists(self.checkpoint)

    def verify(self):
        """Refuses files of another command, and what the tool refuses."""
        text = shlex.join(self.words) + "\n"
        has_files = self.result() or self.has_started()
        if has_files and read_command(self.record) != text:
            raise Failure(
                USER_ERROR,
                "%s: is from another command; remove it and %s, or choose another "
                "--output" % (self.metrics, self.checkpoint),
            )
        if not has_files:
            write_command(self.record, text)
            self.call(["--dry-run", *self.words], "w")

    def train(self):
        done = self.result()
        if done:
            say("%s: done before" % self.name)
            return done
        if self.has_started():
            say("%s: going on" % self.name)
            self.call(["--resume", self.checkpoint], "a")
        else:
            say("%s: training" % self.name)
            self.call(self.words, "w")
        done = self.result()
        if not done:
            raise Failure(ENVIRONMENT_ERROR, "%s: holds no finished run" % self.metrics)
        return done

    def call(self, words, mode):
        with open(self.log, mode, encoding="utf-8") as log:
            code = call([self.lacuna, "train", *words], log)
        if code in (INTERRUPTED, TERMINATED):
            raise Failure(
                code, "%s: stopped; the same command goes on with it" % self.name
            )
        if code != 0:
            raise Failure(
                code if code > 0 else ENVIRONMENT_ERROR,
                "%s failed (exit code %d)%s (log: %s)"
                % (self.name, code, reason(self.log), self.log),
            )


def say(text):
    print(text, file=sys.stderr, flush=True)


def call(command, log):
    """The exit code of a command, INTERRUPTED if Ctrl-C came while it succeeded."""
    interrupted = False
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    ) as process:
        while process.returncode is None:
            try:
                process.wait()
            except KeyboardInterrupt:
                # The tool got the signal too, and is saving.
                interrupted = True
    return INTERRUPTED if interrupted and process.returncode == 0 else process.returncode


COLUMNS = [
    ("method", lambda run, epochs, end: run.method),
    ("scheme", lambda run, epochs, end: "-" if run.method == "dense" else run.scheme),
    (
        "sparsity",
        lambda run, epochs, end: "0" if run.method == "dense" else run.sparsity or "-",
    ),
    ("best test", lambda run, epochs, end: "%.2f %%" % (100 * end["best_test_accuracy"])),
    (
        "last test",
        lambda run, epochs, end: "%.2f %%" % (100 * end["final_test_accuracy"]),
    ),
    ("train loss", lambda run, epochs, end: "%.3f" % epochs[-1]["train_loss"]),
    (
        "mean density",
        lambda run, epochs, end: "%.2f %%"
        % (100 * sum(epoch["density"] for epoch in epochs) / len(epochs)),
    ),
    (
        "images/s",
        # The first epoch of several includes compiling and warming up.
        lambda run, epochs, end: "%.0f"
        % max(epoch["images_per_second"] for epoch in epochs),
    ),
    ("seconds", lambda run, epochs, end: "%.0f" % sum(e["seconds"] for e in epochs)),
    ("state MB", lambda run, epochs, end: "%.2f" % (end["model_state_bytes"] / 1e6)),
    ("peak RSS MB", lambda run, epochs, end: "%.0f" % (end["peak_rss_bytes"] / 1e6)),
]


def print_table(results):
    rows = [[title for title, _ in COLUMNS]]
    rows += [[cell(run, *done) for _, cell in COLUMNS] for run, done in results]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for number, row in enumerate(rows):
        cells = [text.ljust(width) for text, width in zip(row, widths)]
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def compare(options):
    if not os.path.isfile(options.lacuna):
        raise Failure(
            USER_ERROR,
            "--lacuna: there is no file %s; run scripts/build, or name the tool"
            % options.lacuna,
        )
    if len(set(map(run_name, options.runs))) != len(options.runs):
        raise Failure(USER_ERROR, "a run is named twice")
    try:
        os.makedirs(options.output, exist_ok=True)
        tasks = [Task(options, run) for run in options.runs]
        for task in tasks:
            task.verify()
        results = [(task.run, task.train()) for task in tasks]
    except OSError as error:
        raise Failure(ENVIRONMENT_ERROR, "--output: %s" % error)
    print_table(results)


def main():
    try:
        compare(parse_arguments(sys.argv[1:]))
    except Failure as failure:
        print("compare_methods.py: error: %s" % failure, file=sys.stderr)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
