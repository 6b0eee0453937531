# ===- test_bad_flags.py - Flags that must be refused -------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import os
import platform
import unittest

from idx_data import write_set
from lacuna_tool import (
    ENVIRONMENT_ERROR,
    SUCCESS,
    USAGE_ERROR,
    USER_ERROR,
    ToolTest,
    lacuna,
)
from small_layer import LayerTest


class BadDriverFlags(ToolTest):
    def test_help_and_version_succeed(self):
        for words in (["--help"], ["--version"], ["run", "--help"], ["train", "--help"]):
            with self.subTest(words=words):
                process = self.succeed(*words)
                self.assertIn("lacuna", process.stdout.lower())
                self.assertEqual(process.stderr, "")

    def test_run_help_shows_a_descriptor(self):
        self.assertIn('"scheme": "block"', self.succeed("run", "--help").stdout)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            process = lacuna("--help", stdout=full)
        self.assertEqual(process.returncode, ENVIRONMENT_ERROR, process.stderr)
        self.assertIn("standard output", process.stderr)

    def test_no_command(self):
        self.refuse(USAGE_ERROR, ["no command", "lacuna --help"])

    def test_unknown_command(self):
        self.refuse(USAGE_ERROR, ["unknown command 'trian'"], "trian")


    def test_no_subcommand(self):
        self.refuse(
            USAGE_ERROR,
            ["needs one of kernels, step, memory", "lacuna bench --help"],
            "bench",
        )

    def test_stages_that_have_nowhere_to_go(self):
        path = self.write("taken", b"")
        self.refuse(
            ENVIRONMENT_ERROR,
            ["--dump-ir: cannot create the folder " + path],
            *("train", "--model", "lenet-5-caffe", "--data", "mnist:nowhere"),
            *("--dump-ir", path)
        )

    def test_arguments_that_no_flag_takes_are_named_in_their_order(self):
        for words in (("train",), ("bench", "kernels")):
            with self.subTest(words=words):
                self.refuse(
                    USAGE_ERROR,
                    ["not expected: --fast 3 --slow", "lacuna %s --help" % " ".join(words)],
                    *words, "--fast", 3, "--slow"
                )

    def test_a_name_that_is_nearly_one_is_guessed(self):
        for meant, words in (
            ("train", ["trian"]),
            ("--model", ["train", "--modle", "lenet-5-caffe"]),
            ("--epochs", ["train", "--epoch=3"]),
            ("--layers", ["bench", "kernels", "--layer", "resnet-32"]),
        ):
            with self.subTest(words=words):
                self.refuse(USAGE_ERROR, ["; is %s meant?" % meant], *words)
        for words in (["serve"], ["train", "--fast"]):
            with self.subTest(words=words):
                self.assertNotIn("meant", self.refuse(USAGE_ERROR, [], *words).stderr)

    def test_a_flag_without_its_value(self):
        self.refuse(USAGE_ERROR, ["--model: has no value"], "train", "--model")

    def test_a_flag_with_more_or_fewer_values_than_it_takes(self):
        self.refuse(
            USAGE_ERROR, ["--epochs: is given 2 times, must be once"],
            "train", "--epochs", 1, "--epochs", 2
        )
        for shape, count in (("1,28", 2), ("1,28,28,3", 4)):
            self.refuse(
                USAGE_ERROR, ["--input: has %d values, must have 3" % count],
                "compile", "--input", shape
            )

    def test_words_where_numbers_are_due(self):
        for command, flag, value, due in (
            ("train", "--sparsity", "0,9", "a number"),
            ("train", "--seed", "1.5", "a whole number"),
            ("train", "--epochs", "1e3", "a whole number"),
            ("compile", "--input", "1,a,28", "numbers"),
        ):
            with self.subTest(flag=flag):
                self.refuse(
                    USAGE_ERROR, ["%s: '%s' must be %s\n" % (flag, value, due)],
                    command, flag, value
                )

    def test_no_model(self):
        data = ("--data", "mnist:nowhere")
        self.refuse(USAGE_ERROR, ["--model is required"], "train", *data)
        self.refuse(USAGE_ERROR, ["--data is required"], "train", "--model", "lenet-5-caffe")
        self.refuse(USAGE_ERROR, ["--model or --layers"], "tune")
        self.refuse(USAGE_ERROR, ["--model or --descriptor"], "compile", "-o", "out")
        # A resumed run has both from its checkpoint.
        self.refuse(USER_ERROR, ["absent"], "train", "--resume", self.path("absent"))
        self.assertNotIn("REQUIRED", self.succeed("train", "--help").stdout)

    def test_every_command_has_the_same_sparsities(self):
        model = ("--model", "lenet-300-100")
        for command in (
            ("train", *model, "--data", "mnist:nowhere"),
            ("compile", *model, "-o", self.path("out")),
            ("tune", *model, "--cache-dir", self.path("cache")),
            ("bench", "kernels"),
            ("bench", "step"),
            ("bench", "memory"),
            ("bench", "mutation"),
            ("bench", "inference"),
        ):
            for value in ("1", "-0.1", "nan"):
                with self.subTest(command=command, value=value):
                    said = "sparsity: is %s, must be at least 0 and below 1" % value
                    self.refuse(USER_ERROR, [said], *command, "--sparsity=" + value)
            with self.subTest(command=command):
                self.refuse(USAGE_ERROR, ["--sparsity", "much"], *command,
                            "--sparsity", "much")


class BadRunFlags(LayerTest):
    def test_unknown_flag(self):
        self.refuse_run(USAGE_ERROR, ["--fast"], "--fast")

    def test_unknown_operation(self):
        flags = [w.replace("forward", "backward") for w in self.flags()]
        self.refuse(USER_ERROR, ["--op", "backward", "grad-input"], *flags)

    def test_unknown_level(self):
        self.refuse_run(USER_ERROR, ["--level", "baked"], "--level", "baked")

    def test_unknown_cpu(self):
        self.refuse_run(USER_ERROR, ["cpu", "pentium-9"], "--cpu", "pentium-9")

    def test_missing_operand(self):
        flags = list(self.flags())
        at = flags.index("--weights")
        del flags[at : at + 2]
        self.refuse(USAGE_ERROR, ["--weights", "forward"], *flags)

    def test_operand_without_use(self):
        self.refuse_run(
            USAGE_ERROR,
            ["--grad-output", "forward"],
            "--grad-output",
            self.path("dy.npy"),
        )

    def test_missing_descriptor(self):
        self.refuse(USAGE_ERROR, ["--descriptor"], "run", "--op", "forward")

    def test_threads(self):
        self.refuse_run(USER_ERROR, ["threads", "0"], "--threads", "0")
        self.refuse_run(USER_ERROR, ["threads", "1000"], "--threads", "1000")
        self.refuse_run(USAGE_ERROR, ["--threads", "two"], "--threads", "two")


# A method that has a use for the flag.
USERS = {
    "drop-fraction": "rigl",
    "update-period": "rigl",
    "stop-fraction": "rigl",
    "alpha": "dst",
    "threshold-limit": "dst",
    "l1": "deepr",
    "noise": "deepr",
    "growth-deviation": "set",
    "samples-per-class": "grasp",
    "rewind-epoch": "lottery",
    "prune-scope": "lottery",
}


class BadTrainFlags(ToolTest):
    def setUp(self):
        super().setUp()
        write_set(self.path("data"), train=64, test=32)

    def flags(self, **changes):
        flags = {
            "model": "lenet-5-caffe",
            "data": "mnist:" + self.path("data"),
            "method": "mest-em",
            "scheme": "block",
            "sparsity": 0.9,
            "epochs": 1,
            "batch": 32,
            "lr": 0.05,
            "metrics": self.path("metrics.jsonl"),
            "cache-dir": self.path("cache"),
        }
        flags.update({name.replace("_", "-"): v for name, v in changes.items()})
        words = ((("--" + n, v) for n, v in flags.items() if v is not None))
        return ("train", *(word for pair in words for word in pair))

    def refuse_value(self, flag, value):
        """Either kind of refusal will do, as long as it names flag and value."""
        flags = {"method": USERS.get(flag, "mest-em"), flag: value}
        if flags["method"] in ("dst", "deepr"):
            flags["scheme"] = "unstructured"
        if flags["method"] == "dst":
            flags["sparsity"] = None
        if flag.startswith("image-"):
            flags["data"] = "images:" + self.path("data")
        if flag == "rate-factor":
            flags["schedule"] = "step"
        process = lacuna(*self.flags(**flags))
        self.assertIn(process.returncode, (USER_ERROR, USAGE_ERROR), process.stderr)
        self.assertIn(flag, process.stderr)
        self.assertIn(str(value), process.stderr)
        self.assertNotIn("bug in Lacuna", process.stderr)

    def test_the_unspoilt_flags_are_accepted(self):
        self.assertEqual(lacuna(*self.flags()).returncode, SUCCESS)

    def test_values_out_of_range(self):
        for flag, values in {
            "sparsity": (1, 1.5, -0.1, "nan"),
            "batch": (0, -1),
            "epochs": (0, -1),
            "threads": (0, 100000),
            "limit-train": (0, 65),
            "limit-test": (0, 33),
            "seed": (-1,),
            "drop-fraction": (0, 1),
            "update-period": (0,),
            "stop-fraction": (-0.5, 2),
            "alpha": (-1, "inf"),
            "threshold-limit": (-1,),
            "l1": (-1,),
            "noise": (-1,),
            "growth-deviation": (-1,),
            "samples-per-class": (1,),
            "rewind-epoch": (-1, 1),
            "lambda": (-1, "nan"),
            "lr": (0, "nan", 1e300),
            "momentum": (-0.1, 1),
            "beta1": (1,),
            "label-smoothing": (-0.1, 1),
            "warmup-epochs": (-1, 2),
            "rate-factor": (0, 1.5),
            "step-period": (0,),
            "image-size": (0, 100000),
            "image-cache": (-1,),
        }.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    self.refuse_value(flag, value)

    def test_unknown_names(self):
        for flag in (
            "model",
            "method",
            "scheme",
            "schedule",
            "optimiser",
            "data",
            "distribution",
            "prune-scope",
        ):
            with self.subTest(flag=flag):
                self.refuse_value(flag, "resnet-33x")

    def test_flags_that_contradict(self):
        for parts, extra in {
            ("nesterov", "momentum"): ("--nesterov", "--momentum", 0),
            ("momentum", "Adam"): ("--optimiser", "adam", "--momentum", 0.5),
            ("nesterov", "sgd"): ("--optimiser", "adam", "--nesterov"),
            ("beta1", "adam"): ("--beta2", 0.9),
            ("milestones", "missing"): ("--schedule", "multi-step"),
            ("milestones", "given"): ("--milestones", 3),
            ("milestones", "1 is out of place"): (
                "--schedule",
                "multi-step",
                "--milestones",
                1,
            ),
            ("step-period", "step"): ("--schedule", "cosine", "--step-period", 1),
            ("rate-factor", "multi-step"): ("--schedule", "cosine", "--rate-factor", 0.5),
            ("image-size", "images:DIR"): ("--image-size", 64),
            ("image-cache", "images:DIR"): ("--image-cache", 64),
            ("save-every", "--save"): ("--save-every", 2),
            ("save-steps", "--save"): ("--save-steps", 10),
        }.items():
            with self.subTest(extra=extra):
                self.refuse(USER_ERROR, parts, *self.flags(), *extra)

    def test_unknown_flag(self):
        self.refuse(USAGE_ERROR, ["--fast"], *self.flags(), "--fast")

    def test_methods_that_need_single_weights(self):
        for method, sparsity in (("dst", None), ("deepr", 0.9)):
            with self.subTest(method=method):
                flags = self.flags(method=method, sparsity=sparsity)
                self.refuse(USER_ERROR, ["scheme", method], *flags)

    def test_flags_that_the_method_has_no_use_for(self):
        plain = {"scheme": None, "sparsity": None}
        for method, flag, value, user in (
            ("mest-em", "alpha", 5e-4, "dst"),
            ("mest-em", "drop-fraction", 0.5, "rigl"),
            ("rigl", "lambda", 0.5, "mest-ems"),
            ("rigl", "rewind-epoch", 0, "lottery"),
            ("static", "prune-scope", "layer", "gradual"),
            ("snip", "initial-mask", "random", "static"),
            ("grasp", "distribution", "erk", "lottery"),
            ("dst", "sparsity", 0.9, "mest-em"),
            ("dense", "sparsity", 0.9, "static"),
            ("dense", "scheme", "block", "static"),
        ):
            with self.subTest(method=method, flag=flag):
                flags = self.flags(**{**plain, "method": method, flag: value})
                words = [flag + ": ", "the method " + method + " has no use", user]
                self.refuse(USER_ERROR, words, *flags)
        for method, flag, user in (
            ("set", "--reference-counts", "mest"),
            ("dense", "--sparsify-all", "dst"),
        ):
            with self.subTest(method=method, flag=flag):
                flags = self.flags(**plain, method=method)
                self.refuse(USER_ERROR, [flag.lstrip("-"), user], *flags, flag)

    def test_two_ways_to_distribute(self):
        self.refuse(
            USER_ERROR,
            ["distribution", "--prune-scope global"],
            *self.flags(method="gradual", prune_scope="global", distribution="erk"),
        )
        path = self.path("layers.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"conv2": 0.9, "fc1": 0.9}')
        words = ["sparsity", "--distribution " + path, "leave one out"]
        self.refuse(USER_ERROR, words, *self.flags(distribution=path))

    def test_data_efficiency_without_its_other_half(self):
        self.refuse(USER_ERROR, ["--remove-images"], *self.flags(phase_one=1))
        self.refuse(USER_ERROR, ["phase-one"], *self.flags(remove_images=5))
        for phase_one, images in ((0, 5), (2, 5), (1, 64), (1, -1)):
            flags = self.flags(phase_one=phase_one, remove_images=images)
            process = lacuna(*flags)
            self.assertEqual(process.returncode, USER_ERROR, process.stderr)

    def test_data_efficiency_of_a_method_that_trains_several_times(self):
        flags = self.flags(method="lottery", phase_one=1, remove_images=5)
        self.refuse(USER_ERROR, ["phase-one", "lottery", "several times"], *flags)

    def test_distribution_files(self):
        for name, text, words in (
            ("a.json", "[", ["a.json", "JSON"]),
            ("b.json", '{"fc1": 0.9}', ["b.json", "conv2"]),
            ("c.yaml", "prune_ratios: {conv2: 0.9, fc1: 1.5}", ["c.yaml", "fc1", "1.5"]),
            ("d.yaml", "prune_ratios: {conv2: 0.9, fc1: 0.9, fc9: 0.5}", ["fc9"]),
        ):
            with self.subTest(name=name):
                with open(self.path(name), "w", encoding="utf-8") as file:
                    file.write(text)
                flags = self.flags(sparsity=None, distribution=self.path(name))
                self.refuse(USER_ERROR, words, *flags)
        self.refuse(
            USER_ERROR, ["absent.json"], *self.flags(distribution=self.path("absent.json"))
        )

    def test_unwritable_checkpoints_are_refused_before_data_is_read(self):
        nowhere = "mnist:" + self.path("nowhere")
        path = self.path("absent/run.safetensors")
        self.refuse(
            ENVIRONMENT_ERROR, [path, "writable"], *self.flags(save=path, data=nowhere)
        )
        folder = self.path("folder")
        os.mkdir(folder)
        self.refuse(
            USER_ERROR, [folder, "is a folder"], *self.flags(save=folder, data=nowhere)
        )

    def test_metrics_replace_nothing_but_metrics(self):
        precious = self.path("precious.safetensors")
        with open(precious, "wb") as file:
            file.write(b"\x08\0\0\0\0\0\0\0{}      ")
        self.refuse(USER_ERROR, [precious, "no metrics"], *self.flags(metrics=precious))
        self.assertEqual(os.path.getsize(precious), 16)
        path = self.path("both")
        flags = self.flags(metrics=self.path("./both"), save=path)
        self.refuse(USER_ERROR, ["metrics", "--save"], *flags)

    def test_unwritable_metrics_are_refused_before_data_is_read(self):
        path = self.path("absent/metrics.jsonl")
        flags = self.flags(metrics=path, data="mnist:" + self.path("nowhere"))
        self.refuse(ENVIRONMENT_ERROR, [path], *flags)

    def test_a_cpu_that_lacks_what_kernels_need_is_refused_before_data_is_read(self):
        if platform.machine() != "x86_64":
            self.skipTest("the names are of x86-64")
        flags = self.flags(cpu="x86-64", data="mnist:" + self.path("nowhere"))
        self.refuse(USER_ERROR, ["cpu", "x86-64", "lacks avx2, fma"], *flags)

    def test_divergence_names_layer_and_step(self):
        process = lacuna(*self.flags(lr=1e20, epochs=3))
        self.assertEqual(process.returncode, USER_ERROR, process.stderr)
        for word in ("epoch", "step", "layer"):
            self.assertIn(word, process.stderr)

    def test_divergence_in_the_last_step(self):
        process = lacuna(*self.flags(lr=1e38, batch=64))
        self.assertEqual(process.returncode, USER_ERROR, process.stderr)
        self.assertIn("on the test images", process.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
