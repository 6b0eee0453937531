# ===- test_checkpoint.py - Runs that are killed and resumed ------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Kills training runs at random moments, resumes them, and expects the bits and the
metrics of a run that was left alone."""

import json
import os
import platform
import random
import signal
import subprocess
import time
import unittest

from checkpoint_run import CheckpointTest
from lacuna_tool import USER_ERROR

TIMES = ("images_per_second", "seconds")


class CheckpointRuns(CheckpointTest):
    def epochs(self, name):
        """The lines of a metrics file without times."""
        with open(self.path(name + ".jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([line["event"] for line in lines[-1:]], ["summary"])
        return [
            {key: v for key, v in line.items() if key not in TIMES}
            for line in lines[:-1]
        ]

    def kill_after(self, seconds, arguments):
        """Whether the run was still going."""
        process = subprocess.Popen(
            [os.environ["LACUNA"], *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True

    def test_killed_at_random_moments(self):
        whole = self.succeed(*self.flags("whole"))
        generator = random.Random(5)
        start = time.monotonic()
        self.succeed(*self.flags("again"))
        length = time.monotonic() - start
        kills = 0
        for _ in range(25):
            known = os.path.exists(self.saved)
            arguments = (
                ["train", "--resume", self.saved, "--threads", generator.choice((1, 2))]
                if known
                else self.flags("killed", save=self.saved, save_steps=1)
            )
            kills += self.kill_after(generator.uniform(0.2, 0.8) * length, arguments)
            for name in (self.saved, self.saved + ".previous"):
                if os.path.exists(name):
                    with open(name, "rb") as file:
                        self.assertEqual(file.read(9)[8:], b"{")
        self.assertGreater(kills, 2)
        resumed = self.succeed("train", "--resume", self.saved)
        self.assertEqual(resumed.stdout, whole.stdout)
        self.assertEqual(self.epochs("killed"), self.epochs("whole"))
        left = sorted(n for n in os.listdir(self.directory) if "safetensors" in n)
        self.assertEqual(left, ["run.safetensors", "run.safetensors.previous"])

    def start_training(self, **how):
        """Has trained for an epoch, or ended; saves only when a signal says so."""
        metrics = self.path("stopped.jsonl")
        flags = self.flags("stopped", save=self.saved, save_every=0)
        process = subprocess.Popen(
            [os.environ["LACUNA"], *map(str, flags)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **how,
        )
        while process.poll() is None and not (
            os.path.exists(metrics) and os.path.getsize(metrics) > 0
        ):
            time.sleep(0.01)
        return process

    def test_a_signal_saves_and_stops(self):
        whole = self.succeed(*self.flags("whole"))
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                for name in (self.saved, self.path("stopped.jsonl")):
                    if os.path.exists(name):
                        os.unlink(name)
                process = self.start_training()
                process.send_signal(number)
                _, errors = process.communicate()
                self.assertEqual(process.returncode, 128 + number, errors)
                self.assertIn("lacuna train --resume " + self.saved, errors)
                resumed = self.succeed("train", "--resume", self.saved)
                self.assertEqual(resumed.stdout, whole.stdout)
                self.assertEqual(self.epochs("stopped"), self.epochs("whole"))

    def test_a_new_run_says_whose_checkpoint_it_replaces(self):
        def flags(name, epochs):
            return self.flags(name, save=self.saved, epochs=epochs, method="static")

        self.succeed(*flags("first", 1))
        self.assertEqual(self.succeed(*flags("second", 1)).stderr, "")
        process = subprocess.Popen(
            [os.environ["LACUNA"], *map(str, flags("long", 10000))],
            stderr=subprocess.DEVNULL,
        )
        metrics = self.path("long.jsonl")
        while not (os.path.exists(metrics) and os.path.getsize(metrics) > 0):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.terminate()
        process.wait()
        self.assertRegex(
            self.succeed(*flags("third", 1)).stderr,
            "^warning: %s is of a run that has done [0-9]+ of 10000 epochs.*"
            "lacuna train --resume" % self.saved,
        )

    def test_what_is_no_checkpoint_is_not_replaced(self):
        other = self.write("weights.npy", b"\x93NUMPY of another program")
        said = ["save: " + other, "is no checkpoint"]
        self.refuse(USER_ERROR, said, *self.flags("run", save=other, epochs=1))
        self.assertEqual(self.read("weights.npy"), b"\x93NUMPY of another program")

    def test_an_ignored_signal_stays_ignored(self):
        # As a shell starts what runs in the background of a script.
        process = self.start_training(
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
        )
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate()
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, errors)
        self.assertTrue(os.path.exists(self.saved))

    def test_every_scheme_resumes_from_the_previous_file(self):
        for scheme in ("unstructured", "block", "pattern"):
            with self.subTest(scheme=scheme):
                flags = {"scheme": scheme, "epochs": 3}
                whole = self.succeed(*self.flags("whole", **flags))
                save = self.flags("saved", save=self.saved, save_steps=20, **flags)
                self.succeed(*save)
                # The last but one is of the middle of the last epoch.
                previous = self.saved + ".previous"
                found = json.loads(self.succeed("inspect", previous, "--json").stdout)
                self.assertEqual(
                    (found["trainer.epoch"], found["trainer.step"]), ("2", "40")
                )
                resumed = self.succeed(
                    "train", "--resume", previous, "--threads", 2,
                    "--metrics", self.path("resumed.jsonl"),
                )
                self.assertEqual(resumed.stdout, whole.stdout)
                self.assertEqual(self.epochs("resumed"), self.epochs("whole"))
                self.assertFalse(os.path.exists(previous + ".previous"))

    @unittest.skipUnless(platform.machine() == "x86_64", "two names of x86")
    def test_flags_keep_the_values_that_they_were_given(self):
        self.succeed(*self.flags("run", save=self.saved, epochs=1), "--nesterov=false")
        self.succeed("train", "--resume", self.saved)

    def test_another_cpu_of_the_same_vectors_goes_on(self):
        flags = {"epochs": 2, "save_steps": 20, "cpu": "haswell"}
        self.succeed(*self.flags("saved", save=self.saved, **flags))
        previous = self.saved + ".previous"
        self.succeed("train", "--resume", previous, "--cpu", "x86-64-v3")


if __name__ == "__main__":
    unittest.main(verbosity=2)
