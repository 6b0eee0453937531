# ===- test_export.py - Networks that leave and come back ---------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Exports trained networks, reads them with NumPy, and trains on from them."""

import json
import os
import shutil
import unittest

from checkpoint_run import CheckpointTest
from lacuna_tool import USER_ERROR, require_module

numpy = require_module("numpy")


class ExportTest(CheckpointTest):
    def setUp(self):
        super().setUp()
        self.folder = self.path("export")

    def export(self, **changes):
        process = self.succeed(*self.flags("run", save=self.saved, **changes))
        self.succeed("export", self.saved, "-o", self.folder)
        return process

    def descriptor(self, name):
        with open(os.path.join(self.folder, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def test_numpy_reads_what_the_descriptors_say(self):
        for scheme in ("unstructured", "block", "pattern"):
            with self.subTest(scheme=scheme):
                self.export(scheme=scheme, epochs=2)
                arrays = numpy.load(os.path.join(self.folder, "weights.npz"))
                self.assertEqual(
                    sorted(arrays.files),
                    sorted(
                        layer + part
                        for layer in ("conv1", "conv2", "fc1", "classifier")
                        for part in (".weight", ".bias")
                    ),
                )
                self.assertEqual(arrays["conv2.weight"].shape, (50, 20, 5, 5))
                self.assertEqual(arrays["fc1.weight"].shape, (500, 800))
                weight = arrays["fc1.weight"]
                self.assertAlmostEqual(
                    numpy.count_nonzero(weight) / weight.size, 0.1, delta=0.01
                )
                text = self.descriptor("fc1.weight")
                if scheme == "unstructured":
                    self.assertLessEqual(
                        set(numpy.flatnonzero(weight)), set(text["active"])
                    )
                else:
                    self.assertEqual(text["block_rows"], 4)
                    rows, columns = weight.shape
                    blocks = weight.reshape(rows // 4, 4, columns).any(axis=1)
                    self.assertLessEqual(
                        set(numpy.flatnonzero(blocks)), set(text["active"])
                    )

    def test_batch_norm_comes_along(self):
        # Random images in the format of CIFAR-10, which no model must learn.
        generator = numpy.random.default_rng(1)
        os.makedirs(self.path("cifar"))
        for name in ["data_batch_%d.bin" % i for i in range(1, 6)] + ["test_batch.bin"]:
            records = generator.integers(0, 256, (10000, 3073), dtype=numpy.uint8)
            records[:, 0] %= 10
            records.tofile(self.path("cifar", name))
        flags = self.flags(
            "run", model="resnet-20", data="cifar10:" + self.path("cifar"),
            epochs=1, limit_train=64, limit_test=16, save=self.saved,
        )
        self.succeed(*flags)
        self.succeed("export", self.saved, "-o", self.folder)
        arrays = numpy.load(os.path.join(self.folder, "weights.npz"))
        for name in ("gamma", "beta", "running_mean", "running_variance"):
            self.assertEqual(arrays["bn1." + name].shape, (16,), name)
        self.assertTrue((arrays["bn1.running_variance"] != 1).any())

    def test_the_manifest_says_how_pixels_were_given(self):
        for words, mean, deviation in (
            ([], 0.1307, 0.3081),
            (["--raw-pixels"], 0, 1),
            (["--mean", "-0.25", "--deviation", "0.5"], -0.25, 0.5),
        ):
            flags = self.flags("run", save=self.saved, epochs=1)
            self.succeed(*flags, *words)
            self.succeed("train", "--resume", self.saved, "--quiet", *words)
            self.succeed("export", self.saved, "-o", self.folder)
            with open(os.path.join(self.folder, "model.json"), encoding="utf-8") as file:
                manifest = json.load(file)
            shown = json.loads(self.succeed("inspect", self.folder, "--json").stdout)
            for said in (manifest, shown):
                self.assertEqual(len(said["mean"]), 1)
                self.assertAlmostEqual(said["mean"][0], mean, 6)
                self.assertAlmostEqual(said["deviation"][0], deviation, 6)

    def test_a_network_comes_back_as_it_left(self):
        for scheme in ("unstructured", "block", "pattern"):
            with self.subTest(scheme=scheme):
                self.export(scheme=scheme, epochs=2, method="static")
                # So small a step changes no bit: the test then is of what came in.
                second = self.flags(
                    "second", scheme=scheme, epochs=1, method="static", lr=1e-30,
                    init=self.folder, save=self.path("second.safetensors"),
                )
                self.succeed(*second)
                back = self.path("back")
                self.succeed("export", self.path("second.safetensors"), "-o", back)
                for name in sorted(os.listdir(self.folder)):
                    if name == "model.json":
                        continue
                    with open(os.path.join(back, name), "rb") as a:
                        with open(os.path.join(self.folder, name), "rb") as b:
                            self.assertEqual(a.read(), b.read(), name)

    def test_dst_starts_from_what_dst_left(self):
        dst = {"method": "dst", "scheme": "unstructured"}
        # So large a regulariser leaves another density than any run starts with.
        self.export(epochs=2, alpha=0.01, lr=0.1, **dst)
        left = numpy.load(os.path.join(self.folder, "weights.npz"))
        self.assertFalse([name for name in left.files if "method" in name])
        fc1 = self.descriptor("fc1.weight")["active"]
        self.assertLess(len(fc1), 0.9 * left["fc1.weight"].size)
        # So small a step changes no weight that is active.
        second = self.flags(
            "second", epochs=1, lr=1e-30, init=self.folder,
            save=self.path("second.safetensors"), **dst
        )
        self.succeed(*second)
        self.succeed("export", self.path("second.safetensors"), "-o", self.path("back"))
        back = numpy.load(self.path("back", "weights.npz"))
        self.assertEqual(sorted(back.files), sorted(left.files))
        for name in left.files:
            numpy.testing.assert_allclose(back[name], left[name], 0, 1e-20, name)
        self.refuse_init(["active units", "sparsity"], method="static",
                         scheme="unstructured")

    def test_training_goes_on_from_an_export(self):
        self.export(epochs=4)
        first = self.succeed(*self.flags("fresh", epochs=1))
        more = self.flags("more", epochs=1, init=self.folder)
        self.assertNotEqual(self.succeed(*more).stdout, first.stdout)
        self.assertEqual(self.succeed(*more).stdout, self.succeed(*more).stdout)

    def test_inspect(self):
        self.export(epochs=2)
        layers = {"conv1.weight", "conv2.weight", "fc1.weight", "classifier.weight"}
        seen = []
        unusual = self.path("run.ckpt")
        shutil.copy(self.saved, unusual)
        for what in (self.saved, unusual, self.folder):
            found = json.loads(self.succeed("inspect", what, "--json").stdout)
            by_name = {layer["name"]: layer for layer in found["layers"]}
            self.assertEqual(set(by_name), layers)
            self.assertEqual(found["input"], [1, 28, 28])
            seen.append(by_name)
            table = self.succeed("inspect", what).stdout
            self.assertIn("fc1.weight", table)
            self.assertIn("pattern", table)
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])
        self.assertEqual(seen[0]["fc1.weight"]["active"], 40000)
        self.assertAlmostEqual(seen[0]["fc1.weight"]["sparsity"], 0.9)
        one = os.path.join(self.folder, "fc1.weight.json")
        found = json.loads(self.succeed("inspect", one, "--json").stdout)
        self.assertEqual(found["layers"][0]["active"], 40000)
        # A name of bytes that are no UTF-8.
        shutil.copy(one, self.path("f\udcfcr.json"))
        shown = self.succeed("inspect", self.path("f\udcfcr.json"), "--json").stdout
        self.assertEqual(
            os.path.basename(json.loads(shown)["layers"][0]["name"]), "f\ufffdr.json"
        )

    def refuse_init(self, parts, **changes):
        flags = self.flags("x", **{"epochs": 1, "init": self.folder, **changes})
        self.refuse(USER_ERROR, parts, *flags)

    def test_bad_exports(self):
        self.refuse_init([self.folder, "model.json"])
        self.export(epochs=1, method="static")
        same = {"method": "static"}
        self.refuse_init(["model", "lenet-300-100"], model="lenet-300-100", **same)
        self.refuse_init(["conv2.weight", "scheme"], scheme="block", **same)
        self.refuse_init(["active units"], sparsity=0.8, **same)
        name = os.path.join(self.folder, "fc1.weight.json")
        with open(name, "rb") as file:
            content = file.read()
        for changed in (content[:-5], content.replace(b"1", b"2", 1)):
            with open(name, "wb") as file:
                file.write(changed)
            self.refuse_init([name, "checksum"], **same)
        os.remove(name)
        self.refuse_init([name], **same)
        self.refuse(
            USER_ERROR, ["absent"], "export", self.path("absent"), "-o", self.folder
        )
        self.refuse(USER_ERROR, ["absent.json"], "inspect", self.path("absent.json"))
        self.refuse(
            USER_ERROR, ["manifest.json", "model.json"], "inspect", os.path.dirname(__file__)
        )
        self.refuse(USER_ERROR, ["neither a checkpoint nor a descriptor"], "inspect", __file__)


if __name__ == "__main__":
    unittest.main(verbosity=2)
