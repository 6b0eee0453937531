# ===- test_train.py - Training runs, seen from outside -----------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Trains LeNet-5-Caffe on a small synthetic set and checks what the tool says:
metrics, determinism over threads, the kernel cache, mutations without compiles.
"""

import json
import os
import re
import unittest

from idx_data import write_set
from lacuna_tool import ToolTest

LENET_PARAMETERS = 431080
DENSE = {"method": "dense", "scheme": None, "sparsity": None}
ALL_BUT_DST = ("set", "rigl", "snfs", "dsr", "deepr", "snip", "grasp", "lottery",
               "gradual")

EPOCH_FIELDS = {
    "epoch": int,
    "train_loss": float,
    "train_accuracy": float,
    "test_accuracy": float,
    "density": float,
    "images_per_second": float,
    "seconds": float,
    "train_images": int,
}
SUMMARY_FIELDS = {
    "best_test_accuracy": float,
    "final_test_accuracy": float,
    "parameters_total": int,
    "parameters_active": int,
    "compiles": int,
    "cache_hits": int,
    "tuned_kernels": int,
    "stream_fallbacks": int,
    "repacks": int,
    "compile_seconds": float,
    "stall_seconds": float,
    "model_state_bytes": int,
    "peak_rss_bytes": int,
    "peak_bytes": dict,
}


class TrainTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.data = write_set(self.path("data"))
        self.runs = 0

    def train(self, *extra, data=None, cache=None, **flags):
        """Returns (epochs, summary, hash of the weights)."""
        self.runs += 1
        metrics = self.path("metrics-%d.jsonl" % self.runs)
        settings = {
            "model": "lenet-5-caffe",
            "data": "mnist:" + (data or self.data),
            "method": "mest-em",
            "scheme": "block",
            "sparsity": 0.9,
            "epochs": 2,
            "batch": 50,
            "lr": 0.05,
            "seed": 7,
            "threads": 1,
            "metrics": metrics,
            "cache-dir": cache or self.path("cache-%d" % self.runs),
        }
        settings.update({name.replace("_", "-"): v for name, v in flags.items()})
        words = [
            w
            for name, v in settings.items()
            if v is not None
            for w in ("--" + name, v)
        ]
        process = self.succeed("train", *words, "--weights-hash", *extra)
        self.said = process.stderr
        with open(metrics, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        hashes = re.findall(r"\b[0-9a-f]{16}\b", process.stdout)
        self.assertEqual(len(hashes), 1, process.stdout)
        return lines[:-1], lines[-1], hashes[0]

    def check_fields(self, line, event, fields):
        self.assertEqual(line["event"], event)
        self.assertEqual(set(line), {"event", *fields})
        for name, kind in fields.items():
            wanted = (int, float) if kind is float else kind
            self.assertIsInstance(line[name], wanted, name)

    def test_metrics_contract(self):
        epochs, summary, _ = self.train(epochs=3)
        self.assertEqual([line["epoch"] for line in epochs], [1, 2, 3])
        for line in epochs:
            self.check_fields(line, "epoch", EPOCH_FIELDS)
            self.assertAlmostEqual(line["density"], 0.1, delta=0.002)
            for name in ("train_accuracy", "test_accuracy"):
                self.assertTrue(0 <= line[name] <= 1, name)
        self.check_fields(summary, "summary", SUMMARY_FIELDS)
        accuracies = [line["test_accuracy"] for line in epochs]
        self.assertEqual(summary["best_test_accuracy"], max(accuracies))
        self.assertEqual(summary["final_test_accuracy"], accuracies[-1])
        self.assertEqual(summary["parameters_total"], LENET_PARAMETERS)
        self.assertLess(summary["parameters_active"], 0.2 * LENET_PARAMETERS)
        self.assertGreater(summary["compiles"], 0)

    def test_it_learns(self):
        for scheme in ("unstructured", "block", "pattern"):
            with self.subTest(scheme=scheme):
                epochs, summary, _ = self.train(scheme=scheme, epochs=6)
                self.assertLess(epochs[-1]["train_loss"], epochs[0]["train_loss"])
                self.assertGreater(summary["best_test_accuracy"], 0.9)

    def test_every_method_trains(self):
        only_single_weights = ("deepr", "dst")
        for method in (*ALL_BUT_DST, "dst"):
            for scheme in ("unstructured", "block", "pattern", "channel"):
                if method in only_single_weights and scheme != "unstructured":
                    continue
                with self.subTest(method=method, scheme=scheme):
                    flags = {
                        flag: value
                        for flag, value, users in (
                            ("sparsity", 0.75, ALL_BUT_DST),
                            ("drop_fraction", 0.5, ("set", "rigl", "snfs", "dsr",
                                                    "lottery")),
                            ("update_period", 3, ("set", "rigl", "dsr", "gradual")),
                        )
                        if method in users
                    }
                    epochs, summary, _ = self.train(
                        method=method, scheme=scheme, cache=self.path("methods"),
                        **{"sparsity": None, **flags}
                    )
                    self.assertLess(epochs[-1]["train_loss"], epochs[0]["train_loss"])
                    if method != "dst":
                        self.assertAlmostEqual(epochs[-1]["density"], 0.25, delta=0.01)
                    dense = method in ("rigl", "snfs", "dst")
                    peak = summary["peak_bytes"]["dense_gradients"]
                    self.assertEqual(peak > 0, dense)

    def test_data_efficiency_trains_on_fewer_images(self):
        epochs, summary, _ = self.train("--data-efficiency", epochs=4)
        images = [line["train_images"] for line in epochs]
        self.assertEqual(images[0], images[1])
        self.assertEqual(images[2], images[0] - round(0.24 * images[0]))
        self.assertEqual(images[3], images[2])
        self.assertIn("unforgettable_images", summary)

    def test_profiles_set_each_layers_sparsity(self):
        path = self.path("profile.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("prune_ratios:\n  conv2.weight: 0.5\n  fc1.weight: 0.95\n")
        epochs, _, _ = self.train(sparsity=None, distribution=path, epochs=1)
        self.assertAlmostEqual(
            epochs[0]["density"], (0.5 * 25000 + 0.05 * 400000) / 425000, places=4
        )

    def test_compressed_data_trains_the_same(self):
        packed = write_set(self.path("packed"), compress=True)
        self.assertEqual(self.train()[2], self.train(data=packed)[2])

    def test_threads_do_not_change_a_bit(self):
        for method in ("mest-em", "mest-ems", "static", "dense"):
            with self.subTest(method=method):
                flags = DENSE if method == "dense" else {"method": method}
                one = self.train(threads=1, **flags)[2]
                two = self.train(threads=2, **flags)[2]
                self.assertEqual(one, two)

    def test_the_seed_changes_the_weights(self):
        self.assertNotEqual(self.train(seed=7)[2], self.train(seed=8)[2])

    def test_mutations_repack_and_do_not_compile(self):
        _, short, _ = self.train(epochs=1)
        _, long, _ = self.train(epochs=6)
        self.assertEqual(long["compiles"], short["compiles"])
        self.assertGreater(long["repacks"], short["repacks"])

    def test_a_second_run_compiles_nothing(self):
        _, first, first_hash = self.train(cache=self.path("shared"))
        _, second, second_hash = self.train(cache=self.path("shared"))
        self.assertGreater(first["compiles"], 0)
        self.assertEqual(second["compiles"], 0)
        self.assertGreater(second["cache_hits"], 0)
        self.assertEqual(first_hash, second_hash)

    def test_a_cold_start_says_that_it_compiles(self):
        for extra, cache in (((), "a"), (("--quiet",), "b")):
            _, summary, _ = self.train(*extra, cache=self.path(cache))
            line = "compiling %d kernels\n" % summary["compiles"]
            self.assertEqual(line in self.said, not extra, self.said)
        self.train(cache=self.path("a"))
        self.assertNotIn("compiling", self.said)

    def test_a_run_too_short_to_mutate_is_warned_of(self):
        flags = {"method": "rigl", "cache": self.path("shared")}
        self.train(**flags)
        self.assertEqual(self.said.count("warning: rigl mutates every 100 steps"), 1)
        self.assertIn("--update-period", self.said)
        self.train(update_period=5, **flags)
        self.assertNotIn("warning", self.said)

    def test_kernels_for_another_cpu_learn_too(self):
        cache = self.path("shared")
        self.train(cache=cache)
        epochs, summary, _ = self.train("--cpu", "x86-64-v3", cache=cache)
        # What is cached for this machine serves no other.
        self.assertGreater(summary["compiles"], 0)
        self.assertLess(epochs[-1]["train_loss"], epochs[0]["train_loss"])

    def test_fusion_changes_kernels_and_hardly_the_result(self):
        settings = {"model": "resnet-20", "epochs": 1, "cache": self.path("shared")}
        fused, _, _ = self.train(**settings)
        apart, summary, _ = self.train("--no-fusion", **settings)
        self.assertGreater(summary["compiles"], 0)
        self.assertAlmostEqual(
            fused[0]["train_loss"], apart[0]["train_loss"], delta=0.05
        )

    def test_flags_change_what_is_trained(self):
        # Rounding of blocks happens to agree with the authors' here.
        _, plain, plain_hash = self.train(scheme="pattern")
        for flag in (
            ["--raw-pixels"],
            ["--initial-mask", "magnitude"],
            ["--sparsify-all"],
            ["--reference-counts"],
        ):
            with self.subTest(flag=flag):
                _, summary, weights_hash = self.train(*flag, scheme="pattern")
                self.assertNotEqual(weights_hash, plain_hash)
                if flag == ["--sparsify-all"]:
                    self.assertLess(
                        summary["parameters_active"], plain["parameters_active"]
                    )

    def test_frozen_biases_stay_zero(self):
        settings = {"model": "resnet-20", "epochs": 1, "cache": self.path("shared")}
        free = self.train(**settings)[2]
        self.assertNotEqual(self.train("--freeze-zero-biases", **settings)[2], free)

    def test_a_dry_run_compiles_and_trains_nothing(self):
        cache, saved = self.path("warmed"), self.path("dry.safetensors")
        self.succeed(
            *("train", "--dry-run", "--model", "lenet-5-caffe", "--batch", "50"),
            *("--data", "mnist:" + self.data, "--sparsity", "0.9"),
            *("--cache-dir", cache, "--save", saved),
        )
        self.assertFalse(os.path.exists(saved))
        self.assertEqual(self.train(cache=cache, epochs=1)[1]["compiles"], 0)

    def test_saves_every_so_many_epochs(self):
        for every, saved_twice in ((1, True), (3, False)):
            with self.subTest(every=every):
                path = self.path("every-%d.safetensors" % every)
                self.train("--save", path, "--save-every", str(every), epochs=3)
                self.assertTrue(os.path.exists(path))
                previous = [n for n in os.listdir(os.path.dirname(path)) if "prev" in n]
                kept = any(n.startswith(os.path.basename(path)) for n in previous)
                self.assertEqual(kept, saved_twice)

    def test_dumps_every_stage(self):
        stages = self.path("stages")
        _, summary, _ = self.train("--dump-ir", stages, epochs=1)
        assembly = [name for name in os.listdir(stages) if name.endswith(".s")]
        self.assertEqual(len(assembly), summary["compiles"])

    def test_sparse_state_is_smaller_than_dense(self):
        _, sparse, _ = self.train(epochs=1)
        _, dense, _ = self.train(epochs=1, **DENSE)
        self.assertEqual(dense["parameters_active"], LENET_PARAMETERS)
        self.assertLess(sparse["model_state_bytes"], 0.5 * dense["model_state_bytes"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
