# ===- test_evaluate.py - Networks of checkpoints on images -------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Evaluates checkpoints, and compares with what training said of them."""

import json
import os
import unittest

from checkpoint_run import CheckpointTest
from lacuna_tool import USAGE_ERROR, USER_ERROR

CIFAR_FILE_BYTES = 10000 * (1 + 3 * 32 * 32)


class EvaluateTest(CheckpointTest):
    def train(self, **changes):
        settings = {"save": self.saved, "epochs": 2, "lr": 0.05, **changes}
        raw = settings.pop("raw_pixels", False)
        words = self.flags("run", **settings) + ["--raw-pixels"] * raw
        self.succeed(*words)
        with open(self.path("run.jsonl"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def evaluate(self, *words):
        report = self.path("evaluation.json")
        self.succeed(
            "evaluate",
            self.saved,
            *("--data", "mnist:" + self.data, "--json", report),
            *("--cache-dir", self.path("cache")),
            *words,
        )
        with open(report, encoding="utf-8") as f:
            return json.load(f)

    def test_says_what_training_said(self):
        for changes in (
            {"epochs": 4},
            {"model": "lenet-300-100", "scheme": "unstructured"},
            {"model": "lstm-a", "scheme": "block"},
        ):
            with self.subTest(**changes):
                summary = self.train(**changes)[-1]
                found = self.evaluate()
                self.assertEqual(found["images"], 128)
                if "epochs" in changes:  # Not a guess: wrong images would show.
                    self.assertGreater(found["accuracy"], 0.3)
                self.assertEqual(
                    found["correct"] / 128, summary["final_test_accuracy"]
                )
                self.assertEqual(found["accuracy"], found["correct"] / 128)
                self.assertEqual(found["part"], "test")

    def test_pixels_are_those_of_the_run(self):
        losses = []
        for raw in (False, True):
            # Too small a rate to change a weight: what is left is the loss.
            lines = self.train(method="static", epochs=1, lr=1e-12, raw_pixels=raw)
            trained = next(line for line in lines if line["event"] == "epoch")
            found = self.evaluate("--part", "train")
            self.assertAlmostEqual(found["loss"], trained["train_loss"], places=5)
            losses.append(found["loss"])
        self.assertGreater(abs(losses[0] - losses[1]), 1e-4)

    def test_any_batch_and_threads_say_the_same(self):
        self.train(epochs=4)
        found = self.evaluate()
        for words in (("--batch", "50"), ("--threads", "2")):
            other = self.evaluate(*words)
            self.assertEqual(other["correct"], found["correct"])
            self.assertAlmostEqual(other["loss"], found["loss"], places=5)
        self.assertEqual(self.evaluate("--part", "train")["images"], 768)

    def test_data_that_does_not_fit(self):
        self.train(epochs=1)
        folder = self.path("cifar")
        os.mkdir(folder)
        for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
            with open(os.path.join(folder, name), "wb") as f:
                f.truncate(CIFAR_FILE_BYTES)
        words = ("evaluate", self.saved, "--data", "cifar10:" + folder)
        self.refuse(USER_ERROR, ["data:", "3x32x32", "1x28x28"], *words)

    def test_bad_input(self):
        absent = self.path("absent.safetensors")
        data = ("--data", "mnist:" + self.data)
        self.refuse(USER_ERROR, [absent], "evaluate", absent, *data)
        self.write("text.safetensors", "no checkpoint")
        text = self.path("text.safetensors")
        self.refuse(USER_ERROR, [text], "evaluate", text, *data)
        self.refuse(USAGE_ERROR, ["--data"], "evaluate", absent)
        words = ("evaluate", absent, *data, "--part", "validation")
        self.refuse(USER_ERROR, ["--part", "validation"], *words)


if __name__ == "__main__":
    unittest.main()
