# ===- test_tune.py - Schedules that are searched, kept and used ---------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""lacuna tune end to end. What is faster depends on the machine; that what was
found is kept, used by all commands, and can be left out does not."""

import glob
import hashlib
import json
import os
import struct
import unittest

from lacuna_tool import ENVIRONMENT_ERROR, USAGE_ERROR, USER_ERROR, ToolTest
from small_layer import LayerTest

LAYER = ("--layers", "8,8,8,3,1", "--scheme", "block")
QUICK = ("--batch", "8", "--seconds-per-kernel", "0.5")
FIELDS = {"kernel", "op", "tried", "improved", "chosen"}
IMPROVED = {"tuned", "chosen_us", "tuned_us"}
CHOICES = ("lanes", "batch_tile", "tile_height", "tile_width", "channel_chunk",
           "panel_rows", "panel_pixels", "body_taps", "item_unroll", "chunk_outer",
           "skip_padding")


class TuneTest(ToolTest):
    def cache(self):
        return ("--cache-dir", self.path("cache"))

    def schedules(self):
        return glob.glob(self.path("cache", "*.schedule"))

    def bench(self, *flags):
        """The names of the kernels that a bench of the layer compiles."""
        folder = self.path("ir%d" % len(os.listdir(self.directory)))
        self.succeed("bench", "kernels", *LAYER, "--rounds", "1", "--batch", "8",
                     "--dump-ir", folder, *self.cache(), *flags)
        return sorted(name[:-len(".5-assembly.s")] for name in os.listdir(folder)
                      if name.endswith(".5-assembly.s"))


class Search(TuneTest):
    def test_what_is_found_is_reported_and_kept(self):
        self.succeed("tune", *LAYER, *QUICK, *self.cache(), "--json",
                     self.path("found.json"))
        found = json.loads(self.read("found.json"))
        kernels = found["kernels"]
        self.assertEqual([kernel["op"] for kernel in kernels],
                         ["forward", "grad-input", "grad-weight"])
        for kernel in kernels:
            self.assertEqual(set(kernel), FIELDS | (IMPROVED if kernel["improved"] else set()))
            self.assertGreater(kernel["tried"], 0)
        improved = [kernel for kernel in kernels if kernel["improved"]]
        self.assertEqual(len(self.schedules()), len(improved))
        for kernel in improved:
            self.assertNotEqual(kernel["tuned"], kernel["chosen"])
            self.assertLess(kernel["tuned_us"], kernel["chosen_us"])
        chosen = sorted(kernel["kernel"] for kernel in kernels)
        self.assertEqual(self.bench("--no-tuned"), chosen)
        self.assertEqual(len(set(self.bench()) - set(chosen)), len(improved))

    def test_operations_of_a_model(self):
        process = self.succeed("tune", "--model", "lenet-300-100", "--op",
                               "grad-input", "--batch", "8", "--seconds-per-kernel",
                               "0", *self.cache())
        lines = process.stdout.splitlines()
        self.assertEqual(len(lines), 3, process.stdout)  # The first layer has none.
        for line in lines[:-1]:
            self.assertIn("linear_grad_input_", line)
        self.assertIn("0 of 2 kernels", lines[-1])


class Use(LayerTest):
    """With an entry written as a search writes it, by docs/kernels.md."""

    def kernels(self):
        return sorted(glob.glob(self.path("cache", "*.kernel")))

    def output(self, *flags):
        self.succeed(*self.flags(*flags))
        count = 2 * 8 * 5 * 5
        return struct.unpack("<%df" % count, self.read("out.npy")[-4 * count:])

    def keep(self, **changes):
        """Makes another schedule the better one; returns where it is kept."""
        [kernel] = self.kernels()
        with open(kernel, "rb") as file:
            size, rest = file.read().split(b"\n", 1)[1].split(b"\n", 1)
        plan = rest[:int(size)].decode()
        choices = plan.splitlines()[-1].split()[1:]
        schedule = {**dict(zip(CHOICES, choices)), **changes}
        text = "lacuna tuned schedule 1\n" + plan
        text += "".join("%s %s\n" % choice for choice in schedule.items())
        text += hashlib.sha256(text.encode()).hexdigest() + "\n"
        name = os.path.basename(kernel).replace(".kernel", ".schedule")
        return self.write(os.path.join("cache", name), text)

    def setUp(self):
        super().setUp()
        self.expected = self.output()

    def assert_expected(self, output):
        for got, expected in zip(output, self.expected):
            self.assertAlmostEqual(got, expected, delta=1e-5)

    def test_run_takes_it_unless_told_not_to(self):
        self.keep(channel_chunk=1)
        self.assertEqual(self.output("--no-tuned"), self.expected)
        self.assertEqual(len(self.kernels()), 1)
        self.assert_expected(self.output())
        self.assertEqual(len(self.kernels()), 2)
        one, two = self.output("--threads", "1"), self.output("--threads", "3")
        self.assertEqual(one, two, "threads changed a bit")

    def test_damage_is_survived(self):
        for changes in {"panel_rows": 3}, {"lanes": 64}, {"tile_height": 0}:
            entry = self.keep(**changes)
            self.assertEqual(self.output(), self.expected)
            self.assertFalse(os.path.exists(entry))
        entry = self.keep(channel_chunk=1)
        with open(entry, "r+b") as file:
            file.truncate(os.path.getsize(entry) - 1)
        self.assertEqual(self.output(), self.expected)
        self.assertFalse(os.path.exists(entry))

    def compiled(self, *flags):
        process = self.succeed("compile", "--descriptor", self.path("d.json"), "-o",
                               self.path("bundle"), "--op", "forward", "--cache-dir",
                               self.path("cache"), *flags)
        manifest = json.loads(self.read(os.path.join("bundle", "manifest.json")))
        chunks = [kernel["schedule"]["channel_chunk"] for kernel in manifest["kernels"]
                  if kernel["level"] == "specialised" and not kernel["fusion"]]
        return process, chunks

    def test_bundles_take_it(self):
        chosen = self.compiled()[1]
        entry = self.keep(channel_chunk=1)
        process, chunks = self.compiled("--no-tuned")
        self.assertEqual(chunks, chosen)
        self.assertNotIn("tuned", process.stdout)
        process, chunks = self.compiled()
        self.assertEqual(chunks, [1])
        self.assertIn("1 with a tuned schedule", process.stdout)
        self.assertEqual(self.compiled("--target", "x86-64-v3")[1], chosen)
        self.write(entry, "damaged")
        process, chunks = self.compiled()
        self.assertEqual(chunks, chosen)
        self.assertIn("warning: 1 tuned schedules were damaged", process.stderr)

    def test_tune_drops_what_no_longer_wins(self):
        process = self.succeed(
            "tune", "--layers", "3,8,5,3,1", "--scheme", "block", "--batch", "2",
            "--sparsity", "0.5", "--op", "forward", "--seconds-per-kernel", "0",
            "--cache-dir", self.path("cache"))
        self.assertIn("0 of 1 kernels", process.stdout)
        entry = self.keep(channel_chunk=1)
        self.succeed(
            "tune", "--layers", "3,8,5,3,1", "--scheme", "block", "--batch", "2",
            "--sparsity", "0.5", "--op", "forward", "--seconds-per-kernel", "0",
            "--cache-dir", self.path("cache"))
        self.assertFalse(os.path.exists(entry))


class Refusals(TuneTest):
    def test_flags(self):
        for code, parts, flags in (
            (USAGE_ERROR, ["--model", "--layers"], ()),
            (USER_ERROR, ["alexnet"], ("--model", "alexnet")),
            (USER_ERROR, ["8,8,8"], ("--layers", "8,8,8")),
            (USAGE_ERROR, ["--layers", "--model"], (*LAYER, "--model", "resnet-32")),
            (USER_ERROR, ["--scheme", "diagonal"], (*LAYER[:2], "--scheme", "diagonal")),
            (USER_ERROR, ["--op", "backward"], (*LAYER, "--op", "backward")),
            (USER_ERROR, ["--batch", "0"], (*LAYER, "--batch", "0")),
            (USER_ERROR, ["--threads", "0"], (*LAYER, "--threads", "0")),
            (USER_ERROR, ["--seconds-per-kernel"], (*LAYER, "--seconds-per-kernel", "-1")),
            (USAGE_ERROR, ["--no-tuned"], (*LAYER, "--no-tuned")),
            (USER_ERROR, ["no-such-cpu"], (*LAYER, "--cpu", "no-such-cpu")),
        ):
            with self.subTest(flags=flags):
                self.refuse(code, parts, "tune", *self.cache(), *flags)

    def test_nowhere_to_keep_schedules(self):
        self.write("cache", "a file")
        self.refuse(ENVIRONMENT_ERROR, ["--cache-dir", self.path("cache")], "tune", *LAYER,
                    *self.cache())

    def test_folders_of_others(self):
        os.mkdir(self.path("cache"), mode=0o700)
        os.chmod(self.path("cache"), 0o777)
        self.refuse(ENVIRONMENT_ERROR, ["--cache-dir", "chmod go-w"], "tune", *LAYER,
                    *self.cache())

    def test_unwritable_report(self):
        self.refuse(ENVIRONMENT_ERROR, ["--json"], "tune", *LAYER, *self.cache(), "--json",
                    self.path("none", "found.json"))


if __name__ == "__main__":
    unittest.main()
