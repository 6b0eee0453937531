# ===- test_compile.py - lacuna compile and lacuna targets, from outside ------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What `lacuna compile` writes, for whom, and what it refuses."""

import json
import os
import unittest

from lacuna_tool import ENVIRONMENT_ERROR, USAGE_ERROR, USER_ERROR, ToolTest

TARGETS = {
    "x86-64-v3": 8, "x86-64-v4": 16, "znver5": 16, "cortex-a55": 4,
    "cortex-a76": 4, "neoverse-n1": 4, "neoverse-v1": 8, "neoverse-v2": 4,
    "apple-m1": 4, "cortex-a15": 4,
}
# The first bytes of relocatable objects, and the machine in them.
ELF_MACHINES = {"x86-64-v3": 62, "cortex-a76": 183, "cortex-a15": 40}
MACH_O_64 = bytes.fromhex("cffaedfe")

CONV = {
    "version": 1,
    "op": "conv2d",
    "dtype": "f32",
    "geometry": {
        "in_channels": 8, "out_channels": 16, "height": 8, "width": 8,
        "kernel": [3, 3], "stride": [1, 1], "padding": [1, 1],
    },
    "scheme": "pattern",
    "patterns": "mest-8",
    "active": [],
    "pattern_ids": [],
}


class CompileTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.conv = self.write_json("conv.json", CONV)

    def compile(self, *flags):
        folder = self.path("out")
        self.succeed("compile", "--descriptor", self.conv, "-o", folder, *flags)
        return sorted(os.listdir(folder))

    def manifest(self):
        return json.loads(self.read(os.path.join("out", "manifest.json")))

    def test_targets_lists_lanes_and_tiles(self):
        lines = self.succeed("targets").stdout.splitlines()
        rows = {line.split()[0]: line.split() for line in lines if line}
        for name, lanes in TARGETS.items():
            self.assertEqual(rows[name][2], str(lanes))
            self.assertRegex(rows[name][5], r"^\d+x\d+x\d+$")
        self.assertIn("(this)", rows)

    def test_every_target_gets_kernels(self):
        for name, lanes in TARGETS.items():
            self.compile("--target", name, "--emit", "obj")
            manifest = self.manifest()
            self.assertEqual(manifest["target"]["lanes"], lanes)
            objects = [f for f in manifest["files"] if f.startswith("conv2d")]
            # Three operations, one of them with and without bias; their streams.
            self.assertEqual(len(objects), 8)
            with open(self.path("out", objects[0]), "rb") as file:
                head = file.read(20)
            if name == "apple-m1":
                self.assertEqual(head[:4], MACH_O_64)
            elif name in ELF_MACHINES:
                self.assertEqual(head[:4], b"\x7fELF")
                self.assertEqual(head[18], ELF_MACHINES[name])
            for file in objects:
                os.remove(self.path("out", file))

    def test_texts_stop_where_they_are_asked_to(self):
        for kind, extension, part in (
            ("mlir", ".mlir", "vector"), ("llvm", ".ll", "fma"),
            ("asm", ".s", "fmla"),
        ):
            files = self.compile(
                "--target", "cortex-a76", "--emit", kind, "--op", "forward",
                "--no-stream-kernels"
            )
            texts = [f for f in files if f.endswith(extension)]
            self.assertEqual(len(texts), 2, files)
            self.assertIn(part, self.read(os.path.join("out", texts[0])).decode())
        self.assertNotIn("manifest.json", files)

    def test_a_library_comes_with_header_and_manifest(self):
        files = self.compile("--name", "mine")
        self.assertEqual(files, ["libmine.a", "libmine.so", "manifest.json", "mine.h"])
        header = self.read(os.path.join("out", "mine.h")).decode()
        self.assertIn("extern const lacuna_bundle mine_bundle;", header)
        for kernel in self.manifest()["kernels"]:
            self.assertIn("void %s(" % kernel["symbol"], header)

    def test_inspect_reads_bundles(self):
        files = self.compile("--target", "neoverse-v1", "--name", "mine")
        folder = self.path("out")
        found = json.loads(self.succeed("inspect", folder, "--json").stdout)
        manifest = self.manifest()
        self.assertEqual(found["kind"], "bundle")
        self.assertEqual(found["cpu"], "neoverse-v1")
        self.assertIn("sve-256", found["cpu_features"])
        self.assertEqual(found["digest"], manifest["digest"])
        self.assertEqual(sorted([*found["files"], "manifest.json"]), files)
        for name, size in found["files"].items():
            self.assertEqual(size, os.path.getsize(os.path.join(folder, name)))
        self.assertEqual(len(found["kernels"]), len(manifest["kernels"]))
        table = self.succeed("inspect", folder).stdout
        for part in ("grad-weight", "pattern of 8", "[16,8,3,3]", "bias", "stream"):
            self.assertIn(part, table)
        self.assertIn("%d kernels" % len(manifest["kernels"]), table)
        with open(os.path.join(folder, "libmine.a"), "ab") as archive:
            archive.write(b"x")
        self.refuse(USER_ERROR, ["libmine.a", "manifest.json"], "inspect", folder)

    def test_triples_and_cpus_may_be_named(self):
        self.compile("--target", "aarch64-linux-gnu", "--cpu", "cortex-a76")
        target = self.manifest()["target"]
        self.assertEqual(target["cpu"], "cortex-a76")
        self.assertIn("neon", target["cpu_features"])

    def test_models_bring_their_fusions(self):
        folder = self.path("model")
        self.succeed(
            "compile", "--model", "resnet-20", "--scheme", "pattern",
            "--sparsity", 0.9, "--target", "aarch64-linux-gnu", "--cpu", "cortex-a76",
            "--op", "forward", "--no-stream-kernels", "--threads", 2, "-o", folder
        )
        manifest = json.loads(self.read(os.path.join("model", "manifest.json")))
        fused = {name for kernel in manifest["kernels"] for name in kernel["fusion"]}
        self.assertLessEqual({"statistics", "normalise", "bias"}, fused)

    def test_models_have_the_scheme_asked_for(self):
        for scheme in ("unstructured", "block", "pattern", "channel"):
            folder = self.path(scheme)
            self.succeed(
                "compile", "--model", "lenet-300-100", "--scheme", scheme,
                "--op", "forward", "--no-stream-kernels", "-o", folder
            )
            with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
                kernels = json.load(file)["kernels"]
            found = {kernel["layer"]["scheme"] for kernel in kernels}
            # Linear layers have no patterns, but blocks; the classifier is dense.
            self.assertEqual(
                found, {"dense", "block" if scheme == "pattern" else scheme}
            )

    def test_models_are_for_their_usual_images(self):
        for model, features, classes in (("lstm-a", 28, 10), ("lenet-300-100", 784, 10)):
            folder = self.path(model)
            self.succeed(
                "compile", "--model", model, "--op", "forward", "--emit", "mlir",
                "-o", folder
            )
            names = " ".join(os.listdir(folder))
            self.assertRegex(names, "x%d_bias" % features)
            self.assertRegex(names, "linear_forward_f32_dense_%dx" % classes)

    def test_refusals(self):
        compile = ("compile", "--descriptor", self.conv, "-o", self.path("out"))
        self.refuse(USER_ERROR, ["riscv64", "lacuna targets"],
                    *compile, "--target", "riscv64-linux-gnu")
        self.refuse(USER_ERROR, ["no-such-cpu"], *compile, "--cpu", "no-such-cpu")
        self.refuse(USER_ERROR, ["x86-64-v2", "lacks avx2, fma"], *compile,
                    "--target", "x86_64-linux-gnu", "--cpu", "x86-64-v2")
        self.refuse(USER_ERROR, ["arm64-foo-bar", "neoverse-v1"], *compile,
                    "--target", "arm64-foo-bar")
        self.refuse(USER_ERROR, ["emit", "linker"], *compile,
                    "--target", "apple-m1", "--emit", "shared")
        self.refuse(USER_ERROR, ["identifier"], *compile, "--name", "a-b")
        self.refuse(USAGE_ERROR, ["--model", "--descriptor"],
                    "compile", "-o", self.path("out"))
        self.refuse(USER_ERROR, ["is unknown"],
                    "compile", "--model", "no-model", "-o", self.path("out"))
        self.refuse(USER_ERROR, ["images of -1x-1x784", "between"],
                    "compile", "--model", "lenet-300-100", "--input=-1,-1,784",
                    "-o", self.path("out"))
        self.refuse(USER_ERROR, ["--scheme: dense not in", "channel"],
                    "compile", "--model", "lenet-300-100", "--scheme", "dense",
                    "-o", self.path("out"))
        self.refuse(USER_ERROR, ["wasm"], *compile, "--emit", "wasm")
        self.refuse(USAGE_ERROR, [], *compile, "--model", "lenet-5-caffe")
        self.refuse(ENVIRONMENT_ERROR, ["cannot create"], "compile", "--descriptor",
                    self.conv, "-o", os.path.join(self.conv, "out"))


if __name__ == "__main__":
    unittest.main()
