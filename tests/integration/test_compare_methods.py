# ===- test_compare_methods.py - Methods side by side -------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What compare_methods.py runs, repeats, refuses and prints."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

from idx_data import write_set
from lacuna_tool import USER_ERROR, ToolTest

INTERRUPTED = 130
RUNS = ["dense", "static:block:0.8", "mest-em:unstructured", "dst"]


class CompareMethodsTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.data = write_set(self.path("data"))
        self.output = self.path("runs")

    def start(self, *runs, train=(), epochs=2, tool=None):
        words = ["--output", self.output, "--lacuna", tool or os.environ["LACUNA"]]
        words += [*runs, "--", "--model", "lenet-300-100", "--data"]
        words += ["mnist:" + self.data, "--epochs", str(epochs), *train]
        return subprocess.Popen(
            [sys.executable, os.environ["COMPARE_METHODS"], *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")),
            encoding="utf-8",
            start_new_session=True,
        )

    def compare(self, *runs, **settings):
        with self.start(*runs, **settings) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(runs, process.returncode, out, err)

    def wrapped_tool(self, first):
        """The tool, after a command of the shell."""
        tool = self.write("tool", '#!/bin/sh\n%s\nexec "$LACUNA" "$@"\n' % first)
        os.chmod(tool, 0o755)
        return tool

    def succeed(self, *runs, **settings):
        process = self.compare(*runs, **settings)
        self.assertEqual(process.returncode, 0, process.stderr)
        return process

    def refuse(self, code, parts, *runs, **settings):
        process = self.compare(*runs, **settings)
        self.assertEqual(process.returncode, code, process.stderr)
        for part in parts:
            self.assertIn(part, process.stderr)
        self.assertNotIn("Traceback", process.stderr)

    def metrics(self, name):
        return os.path.join(self.output, name + ".jsonl")

    def checkpoint(self, name):
        return os.path.join(self.output, name + ".safetensors")

    def test_table(self):
        table = self.succeed(*RUNS).stdout.splitlines()
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
        titles, rows = rows[0], rows[2:]
        self.assertEqual(
            [row[:3] for row in rows],
            [
                ["dense", "-", "0"],
                ["static", "block", "0.8"],
                ["mest-em", "unstructured", "0.9"],
                ["dst", "unstructured", "-"],
            ],
        )
        for row, name in zip(rows, ["dense", "static-block-0.8"]):
            with open(self.metrics(name), encoding="utf-8") as file:
                summary = json.loads(file.readlines()[-1])
            best = "%.2f %%" % (100 * summary["best_test_accuracy"])
            self.assertEqual(row[titles.index("best test")], best)

    def test_continues(self):
        first = self.succeed("dense").stdout
        with open(self.metrics("static-block-0.8"), "w", encoding="utf-8") as file:
            file.write('{"event":"epoch","epo')
        again = self.succeed("dense", "static:block:0.8")
        self.assertIn("dense: done before", again.stderr)
        self.assertIn("static-block-0.8: training", again.stderr)
        self.assertIn(first.splitlines()[2].split("|")[4], again.stdout)

    def test_refuses_metrics_of_another_command(self):
        self.succeed("dense")
        self.refuse(
            USER_ERROR,
            [self.metrics("dense"), "another command"],
            "dense",
            train=["--seed", "7"],
        )

    def test_stopped_run_goes_on(self):
        self.succeed("static:block:0.8")
        whole = self.metrics("static-block-0.8")
        with open(whole, encoding="utf-8") as file:
            epochs = file.readlines()[:-1]
        # As if it had been killed between its last save and its summary.
        with open(whole, "w", encoding="utf-8") as file:
            file.writelines(epochs[:1])
        again = self.succeed("static:block:0.8")
        self.assertIn("static-block-0.8: going on", again.stderr)
        with open(whole, encoding="utf-8") as file:
            lines = file.readlines()
        # Times included, so nothing was trained again.
        self.assertEqual(lines[:-1], epochs)
        self.refuse(
            USER_ERROR,
            [self.checkpoint("static-block-0.8"), "another command"],
            "static:block:0.8",
            train=["--seed", "7"],
        )

    def test_signals_stop_a_run_that_goes_on(self):
        pid = self.path("pid")
        tool = self.wrapped_tool("echo $$ > " + pid)
        saved = self.checkpoint("static-block-0.8")

        def last_save():
            return os.stat(saved).st_mtime_ns if os.path.exists(saved) else 0

        for number, starts in ((signal.SIGTERM, "training"), (signal.SIGINT, "going on")):
            before = last_save()
            with self.start("static:block:0.8", epochs=100000, tool=tool) as process:
                deadline = time.monotonic() + 60
                while last_save() == before and time.monotonic() < deadline:
                    time.sleep(0.05)
                if number == signal.SIGINT:  # Ctrl-C, which all in a terminal get.
                    os.killpg(process.pid, number)
                else:
                    os.kill(int(self.read("pid")), number)
                said = process.communicate()[1]
            self.assertEqual(process.returncode, 128 + number, said)
            self.assertIn("static-block-0.8: " + starts, said)
            self.assertIn("stopped; the same command goes on with it", said)
            self.assertNotIn("Traceback", said)

    def test_an_interruption_of_what_ends_well_stops_the_comparison(self):
        tool = self.wrapped_tool("sleep 0.2; kill -INT $PPID")
        said = "dense: stopped"
        self.refuse(INTERRUPTED, [said], "dense", tool=tool)
        self.assertFalse(os.path.exists(self.checkpoint("dense")))

    def test_verifies_all_runs_before_it_trains_one(self):
        self.refuse(USER_ERROR, ["rigll-unstructured-0.9 failed", "unknown"], "dense", "rigll")
        self.assertFalse(os.path.exists(self.checkpoint("dense")))

    def test_failed_run_names_its_log(self):
        self.refuse(
            USER_ERROR,
            ["static-block-0.8 failed", "lr: is -1, must be", "static-block-0.8.log"],
            "static:block:0.8",
            train=["--lr", "-1"],
        )

    def test_bad_runs(self):
        argparse_error = 2
        for run in ["static:", "a:b:c:d", "static:block:half", "dense:block"]:
            with self.subTest(run=run):
                self.refuse(argparse_error, [run], run)
        self.refuse(USER_ERROR, ["named twice"], "dense", "dense")


if __name__ == "__main__":
    unittest.main()
