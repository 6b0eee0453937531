# ===- test_import.py - Weights from PyTorch -----------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Imports networks of PyTorch, and compares what both sides make of images."""

import json
import os
import unittest

from idx_data import FILES, SIZE, write_set
from lacuna_tool import USAGE_ERROR, USER_ERROR, ToolTest, require_module

numpy = require_module("numpy")
torch = require_module("torch")

# pylint: disable=wrong-import-position
import torch_models

# What Lacuna calls otherwise than PyTorch, after a batch norm's name.
NORM_NAMES = {
    "gamma": "weight", "beta": "bias", "running_mean": "running_mean",
    "running_variance": "running_var",
}


class ImportTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.data = "mnist:" + write_set(self.path("data"), train=128, test=64)
        self.archive = self.path("weights.npz")
        self.folder = self.path("network")
        torch.manual_seed(1)

    def peer(self, model):
        """A network of PyTorch whose batch norms have something to say."""
        network = torch_models.make_model(model, SIZE)
        if model == "resnet-32":  # One grey channel.
            network.conv1 = torch.nn.Conv2d(1, 32, 3, 1, 1, bias=False)
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
                torch.nn.init.normal_(layer.bias, 0, 0.2)
                torch.nn.init.normal_(layer.running_mean, 0, 0.2)
                torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)
        return network.eval()

    def save(self, network):
        arrays = {k: v.numpy() for k, v in network.state_dict().items()}
        numpy.savez(self.archive, **arrays)

    def flags(self, model="lenet-300-100", **changes):
        settings = {"model": model, "data": self.data, **changes}
        words = [
            w for k, v in settings.items() for w in ("--" + k.replace("_", "-"), v)
        ]
        return ("import", self.archive, "-o", self.folder, *words)

    def arrays(self, folder=None):
        with numpy.load(os.path.join(folder or self.folder, "weights.npz")) as file:
            return {name: file[name] for name in file.files}

    def active(self, layer):
        """The active units of a layer."""
        path = os.path.join(self.folder, layer + ".weight.json")
        with open(path, encoding="utf-8") as file:
            return json.load(file)["active"]

    def load_back(self, network):
        """Gives PyTorch's network what was imported, by its own names."""
        arrays = self.arrays()
        state = network.state_dict()
        for name, values in arrays.items():
            layer, part = name.rsplit(".", 1)
            own = layer + "." + NORM_NAMES.get(part, part)
            self.assertEqual(tuple(state[own].shape), values.shape)
            state[own] = torch.from_numpy(values)
        network.load_state_dict(state)

    def check_loss(self, network):
        """The loss of `lacuna evaluate` is PyTorch's."""
        with open(os.path.join(self.folder, "model.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        names = [self.path("data", name) for name in FILES["test"]]
        pixels = numpy.fromfile(names[0], numpy.uint8)[16:].reshape(-1, 1, SIZE, SIZE)
        labels = numpy.fromfile(names[1], numpy.uint8)[8:]
        images = (pixels / 255.0 - manifest["mean"][0]) / manifest["deviation"][0]
        with torch.no_grad():
            logits = network(torch.from_numpy(images.astype(numpy.float32)))
        loss = torch.nn.functional.cross_entropy(
            logits, torch.from_numpy(labels.astype(numpy.int64))
        ).item()
        report = self.path("evaluation.json")
        self.succeed(
            "evaluate", self.folder, "--data", self.data, "--json", report,
            "--cache-dir", self.path("cache"),
        )
        with open(report, encoding="utf-8") as file:
            found = json.load(file)
        self.assertEqual(found["images"], len(labels))
        self.assertLess(abs(found["loss"] - loss), 1e-4 * max(1, loss))
        self.assertEqual(
            found["correct"], (logits.argmax(1).numpy() == labels).sum()
        )
        return found

    def test_the_loss_is_pytorchs(self):
        for model in ("lenet-300-100", "resnet-32", "lstm-a"):
            network = self.peer(model)
            for changes in (
                {"scheme": "dense"},
                {"scheme": "pattern", "sparsity": 0.8},
                {"scheme": "unstructured", "sparsity": 0.9, "raw_pixels": None},
            ):
                with self.subTest(model=model, **changes):
                    self.save(network)
                    raw = "raw_pixels" in changes
                    words = {k: v for k, v in changes.items() if v is not None}
                    self.succeed(
                        *self.flags(model, **words), *["--raw-pixels"] * raw
                    )
                    if "sparsity" in changes:
                        self.load_back(network)
                    density = self.check_loss(network)["density"]
                    self.assertAlmostEqual(
                        density, 1 - changes.get("sparsity", 0), delta=0.01
                    )

    def test_the_largest_weights_stay(self):
        network = self.peer("lenet-300-100")
        self.save(network)
        before = network.fc1.weight.detach().numpy()
        self.succeed(*self.flags(scheme="unstructured", sparsity=0.9))
        after = self.arrays()["fc1.weight"]
        kept = after != 0
        self.assertEqual(kept.sum(), before.size // 10)
        self.assertTrue((after[kept] == before[kept]).all())
        self.assertGreaterEqual(abs(before[kept]).min(), abs(before[~kept]).max())
        self.assertTrue((self.arrays()["classifier.weight"] != 0).all())

    def test_what_is_zero_is_inactive(self):
        network = self.peer("lenet-300-100")
        with torch.no_grad():
            network.fc1.weight[torch.rand(300, 784) < 0.7] = 0
            network.fc2.weight[8:] = 0
        self.save(network)
        weight = network.fc1.weight.detach().numpy()
        self.succeed(*self.flags(scheme="unstructured"))
        self.assertEqual(self.active("fc1"), list(numpy.flatnonzero(weight)))
        self.check_loss(network)
        self.succeed(*self.flags(scheme="block"))
        blocks = weight.reshape(75, 4, 784).any(axis=1)
        self.assertEqual(self.active("fc1"), list(numpy.flatnonzero(blocks)))
        self.check_loss(network)
        self.succeed(*self.flags(scheme="channel"))
        self.assertEqual(self.active("fc2"), list(range(8)))
        self.check_loss(network)

    def test_weights_that_no_pattern_holds(self):
        network = self.peer("resnet-32")
        self.save(network)
        words = self.flags("resnet-32", scheme="pattern")
        self.refuse(
            USER_ERROR, [self.archive, "stage1.block1.conv1.weight", "pattern"], *words
        )
        # What was left by patterns comes back by itself.
        self.succeed(*words, "--sparsity", "0.9")
        self.load_back(network)
        pruned = self.arrays()
        self.save(network)
        self.succeed(*words)
        for name, values in self.arrays().items():
            numpy.testing.assert_array_equal(values, pruned[name], name)

    def test_training_starts_from_it(self):
        network = self.peer("lenet-300-100")
        self.save(network)
        run = (
            "train", "--model", "lenet-300-100", "--data", self.data, "--method",
            "static", "--scheme", "block", "--sparsity", 0.9, "--epochs", 1, "--seed",
            7, "--lr", 1e-30, "--quiet", "--cache-dir", self.path("cache"),
            "--save", self.path("run.safetensors"),
        )
        back = self.path("back")
        for mask in ("magnitude", "random"):
            with self.subTest(mask=mask):
                self.succeed(*self.flags(sparsity=0.9, initial_mask=mask, seed=7))
                self.succeed(*run, "--init", self.folder)
                self.succeed("export", self.path("run.safetensors"), "-o", back)
                imported = self.arrays()
                for name, values in self.arrays(back).items():
                    numpy.testing.assert_array_equal(values, imported[name], name)
        self.succeed(*self.flags(sparsity=0.9), "--raw-pixels")
        warned = self.succeed(*run, "--init", self.folder).stderr
        self.assertIn("another mean and deviation", warned)
        raw = self.succeed(*run, "--init", self.folder, "--raw-pixels").stderr
        self.assertNotIn("warning: " + self.folder, raw)
        # The random mask is the one that the run itself would have drawn.
        self.succeed(*self.flags(sparsity=0.9, initial_mask="random", seed=7))
        drawn = self.active("fc1")
        self.succeed(*run)
        self.succeed("export", self.path("run.safetensors"), "-o", self.folder)
        self.assertEqual(self.active("fc1"), drawn)

    def test_training_keeps_a_mask_from_elsewhere(self):
        network = self.peer("lenet-300-100")
        with torch.no_grad():
            network.fc1.weight[torch.rand(300, 784) < 0.77] = 0
            network.fc2.weight[torch.rand(100, 300) < 0.61] = 0
        self.save(network)
        self.succeed(*self.flags(scheme="unstructured"))
        # As docs/checkpoint.md has it.
        layers = json.loads(self.succeed("inspect", self.folder, "--json").stdout)
        distribution = self.write_json("layers.json", {
            layer["name"].rsplit(".", 1)[0]: layer["sparsity"]
            for layer in layers["layers"] if layer["scheme"] != "dense"
        })
        masks = self.active("fc1"), self.active("fc2")
        self.succeed(
            "train", "--model", "lenet-300-100", "--data", self.data, "--method",
            "static", "--scheme", "unstructured", "--distribution", distribution,
            "--epochs", 1, "--quiet", "--cache-dir", self.path("cache"),
            "--init", self.folder, "--save", self.path("run.safetensors"),
        )
        self.succeed("export", self.path("run.safetensors"), "-o", self.folder)
        self.assertEqual((self.active("fc1"), self.active("fc2")), masks)

    def test_pixels_as_pytorch_was_given_them(self):
        network = self.peer("lenet-300-100")
        self.save(network)
        own = ("--mean", 0.5, "--deviation", 0.25)
        self.succeed(*self.flags(sparsity=0.9), *own)
        manifest = json.loads(self.read("network/model.json"))
        self.assertEqual((manifest["mean"], manifest["deviation"]), ([0.5], [0.25]))
        self.load_back(network)
        self.check_loss(network)
        run = (
            "train", "--model", "lenet-300-100", "--data", self.data, "--sparsity", 0.9,
            "--quiet", "--dry-run", "--init", self.folder, "--cache-dir",
            self.path("cache"),
        )
        self.assertNotIn(self.folder, self.succeed(*run, *own).stderr)
        warned = self.succeed(*run).stderr
        self.assertIn("another mean and deviation", warned)
        self.assertIn("--mean and --deviation", warned)

    def test_it_freezes(self):
        self.save(self.peer("lenet-300-100"))
        self.succeed(*self.flags(sparsity=0.9))
        self.succeed("freeze", self.folder, "-o", self.path("frozen"), "--name", "net")
        self.assertIn("NET_MEAN", self.read("frozen/net.h").decode())

    def test_names(self):
        listed = self.succeed(
            "import", "--names", "--model", "lenet-300-100", "--data", self.data
        ).stdout.splitlines()
        self.assertEqual(listed[:2], ["fc1.weight (300, 784)", "fc1.bias (300,)"])
        self.save(self.peer("lenet-300-100"))
        self.succeed(*self.flags())
        self.assertEqual(
            {line.split(" ")[0] for line in listed}, set(self.arrays())
        )

    def test_archives_that_do_not_fit(self):
        def refuse(parts, words=(), **changes):
            arrays = {"fc1.weight": fc1, "fc2.weight": fc2, **rest, **changes}
            arrays = {k: v for k, v in arrays.items() if v is not None}
            numpy.savez(self.archive, **arrays)
            self.refuse(USER_ERROR, [self.archive, *parts], *self.flags(), *words)
            self.assertEqual(self.read("network/model.json"), manifest)

        self.save(self.peer("lenet-300-100"))
        self.succeed(*self.flags())
        manifest = self.read("network/model.json")
        rest = self.arrays()
        fc1, fc2 = rest.pop("fc1.weight"), rest.pop("fc2.weight")
        refuse(["lacks fc2.weight;", "--names"], **{"fc2.weight": None})
        refuse(
            ["lacks fc1.weight, fc2.weight", "has 0.weight, which lenet-300-100"],
            **{"fc1.weight": None, "fc2.weight": None, "0.weight": fc1}
        )
        refuse(["fc1.weight", "(784, 300)", "(300, 784)"], **{"fc1.weight": fc1.T.copy()})
        fc1[3, 4] = numpy.nan
        refuse(["fc1.weight", "element 2356", "not finite"])
        refuse(["fc1.weight", "float32"], **{"fc1.weight": fc1.astype(numpy.float64)})
        torch.save({"fc1.weight": torch.zeros(300, 784)}, self.archive)
        self.refuse(USER_ERROR, [self.archive, "numpy.savez"], *self.flags())
        self.write("weights.npz", "no archive")
        self.refuse(USER_ERROR, [self.archive], *self.flags())
        network = self.peer("resnet-32")
        network.bn1.running_var[3] = -1
        self.save(network)
        words = [self.archive, "bn1.running_var: element 3", "at least 0"]
        self.refuse(USER_ERROR, words, *self.flags("resnet-32"))

    def test_flags_that_do_not_fit(self):
        self.save(self.peer("lenet-300-100"))
        layers = self.write_json("layers.json", {"fc1": 0.9, "fc2": 0.9})
        for parts, changes in (
            (["sparsity", "dense"], {"scheme": "dense", "sparsity": 0.5}),
            (["initial-mask", "--sparsity"], {"initial_mask": "random"}),
            (["initial-mask", "best"], {"initial_mask": "best", "sparsity": 0.5}),
            (["model", "lenet-6"], {"model": "lenet-6"}),
            (["seed", "-1"], {"seed": -1}),
            (["image-size", "images:DIR"], {"image_size": 64}),
            (
                ["sparsity", "--distribution " + layers, "leave one out"],
                {"sparsity": 0.5, "distribution": layers},
            ),
            (["mean: has 2 values", "1 channels"], {"mean": "0,1", "deviation": "1,1"}),
            (["deviation: is 0.0", "positive"], {"mean": 0, "deviation": 0}),
        ):
            self.refuse(USER_ERROR, parts, *self.flags(**changes))
        for parts, words in (
            (["--mean", "--deviation"], ("--mean", 0)),
            (["--mean", "--deviation"], ("--deviation", 1)),
            (["--raw-pixels"], ("--mean", 0, "--deviation", 1, "--raw-pixels")),
        ):
            self.refuse(USAGE_ERROR, parts, *self.flags(), *words)
        data = ("--model", "lenet-300-100", "--data", self.data)
        for words in (("import", *data), ("import", self.archive, *data)):
            self.refuse(USAGE_ERROR, ["--output"], *words)
        self.refuse(USAGE_ERROR, ["--names"], *self.flags(), "--names")

    def test_an_archive_is_no_folder(self):
        self.save(self.peer("lenet-300-100"))
        run = ("train", "--model", "lenet-300-100", "--data", self.data, "--no-disk-cache")
        process = self.refuse(
            USER_ERROR, [self.archive, "lacuna import"], *run, "--init", self.archive
        )
        self.assertNotIn("compiling", process.stderr)
        for words in (
            ("evaluate", self.archive, "--data", self.data),
            ("freeze", self.archive, "-o", self.path("frozen")),
        ):
            self.refuse(USER_ERROR, [self.archive, "lacuna import"], *words)
        words = ["neither a checkpoint nor a descriptor"]
        self.refuse(USER_ERROR, words, "inspect", self.archive)
        words = [self.archive, "no checkpoint"]
        self.refuse(USER_ERROR, words, *run, "--save", self.archive)

    def test_folders_of_no_model(self):
        words = ("evaluate", self.path("data"), "--data", self.data)
        self.refuse(USER_ERROR, ["model.json"], *words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
