# ===- test_freeze.py - lacuna freeze, from outside ---------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""What `lacuna freeze` writes, says and refuses."""

import os
import re
import unittest

from idx_data import write_set
from lacuna_tool import ENVIRONMENT_ERROR, USER_ERROR, ToolTest

TARGETS = (
    "x86-64-v3", "x86-64-v4", "cortex-a76", "neoverse-v1", "apple-m1", "cortex-a15",
)


class FreezeTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.checkpoint = self.train("lenet-300-100")

    def train(self, model, *flags):
        path = self.path(model + ".safetensors")
        self.succeed(
            "train", "--model", model, "--data", "mnist:" + write_set(self.path("data")),
            "--limit-train", 64, "--limit-test", 32, "--epochs", 1, "--quiet",
            "--save", path, *flags
        )
        return path

    def freeze(self, *flags):
        process = self.succeed(
            "freeze", self.checkpoint, "--name", "net", "-o", self.path("out"), *flags
        )
        return process.stdout

    def header(self):
        text = self.read(os.path.join("out", "net.h")).decode()
        return text, dict(re.findall(r"#define NET_(\w+) (.*)", text))

    def test_a_folder_has_libraries_and_a_header(self):
        said = self.freeze()
        self.assertEqual(
            sorted(os.listdir(self.path("out"))), ["libnet.a", "libnet.so", "net.h"]
        )
        text, values = self.header()
        self.assertIn("int net_run(const float *images, float *logits,", text)
        self.assertEqual(values["CHANNELS"], "1")
        self.assertEqual(values["HEIGHT"], "28")
        self.assertEqual(values["WIDTH"], "28")
        self.assertEqual(values["INPUT_FLOATS"], "784")
        self.assertEqual(values["OUTPUT_FLOATS"], "10")
        self.assertEqual(values["MEAN"], "{0.1307f}")
        self.assertEqual(values["DEVIATION"], "{0.3081f}")
        self.assertRegex(said, r"fc1 +frozen_layer +tables +\d+ +235200")
        self.assertRegex(said, r"classifier +frozen_layer +\w+ +1000 +1000")
        self.assertIn(values["SCRATCH_BYTES"] + " bytes of scratch", said)

    def test_batches_and_raw_pixels_show_in_the_header(self):
        self.checkpoint = self.train("lenet-300-100", "--raw-pixels", "--optimiser", "adam")
        self.freeze("--batch", 3)
        _, values = self.header()
        self.assertEqual(values["BATCH"], "3")
        self.assertEqual(values["INPUT_FLOATS"], str(3 * 784))
        self.assertEqual(values["MEAN"], "{0.0f}")
        self.assertEqual(values["DEVIATION"], "{1.0f}")

    def test_the_limit_decides_what_is_baked(self):
        self.assertIn("baked", self.freeze("--bake-limit", 131072))
        self.assertNotIn("baked", self.freeze("--bake-limit", 0))

    def test_the_same_command_writes_the_same_bytes(self):
        self.freeze()
        first = [self.read(os.path.join("out", n)) for n in ("libnet.a", "libnet.so")]
        self.freeze()
        again = [self.read(os.path.join("out", n)) for n in ("libnet.a", "libnet.so")]
        self.assertEqual(first, again)

    def test_every_target_gets_a_function(self):
        for target in TARGETS:
            self.freeze("--target", target, "--emit", "asm")
            assembly = self.read(os.path.join("out", "net.s")).decode()
            self.assertRegex(assembly, r"(?m)^_?net_run:")

    def test_texts_stop_where_they_are_asked_to(self):
        self.freeze("--target", "cortex-a76", "--emit", "mlir,llvm,obj")
        self.assertIn(b"vector.load", self.read(os.path.join("out", "net.mlir")))
        self.assertIn(b"define i32 @net_run", self.read(os.path.join("out", "net.ll")))
        self.assertEqual(self.read(os.path.join("out", "net.o"))[:4], b"\x7fELF")

    def test_what_is_no_longer_asked_for_goes(self):
        self.freeze("--emit", "asm,obj,archive,shared")
        self.write(os.path.join("out", "libother.a"), "of somebody else")
        self.freeze("--emit", "archive")
        self.assertEqual(
            sorted(os.listdir(self.path("out"))), ["libnet.a", "libother.a", "net.h"]
        )

    def test_what_was_not_written_by_freeze_stays(self):
        self.write(os.path.join("out", "net.h"), "// a header by hand")
        self.write(os.path.join("out", "net.s"), "by hand")
        self.freeze("--emit", "archive")
        self.assertIn("net.s", os.listdir(self.path("out")))

    def test_refusals(self):
        out = ("-o", self.path("refused"))
        self.refuse(USER_ERROR, ["missing.safetensors"],
                    "freeze", self.path("missing.safetensors"), *out)
        self.refuse(USER_ERROR, ["batch: is 0"],
                    "freeze", self.checkpoint, "--batch", 0, *out)
        self.refuse(USER_ERROR, ["identifier"],
                    "freeze", self.checkpoint, "--name", "a-b", *out)
        self.refuse(USER_ERROR, ["lstm: a layer of this kind cannot be frozen"],
                    "freeze", self.train("lstm-a"), *out)
        self.refuse(USER_ERROR, ["emit", "linker"], "freeze", self.checkpoint,
                    "--target", "apple-m1", "--emit", "shared", *out)
        self.refuse(USER_ERROR, ["riscv64"],
                    "freeze", self.checkpoint, "--target", "riscv64-linux-gnu", *out)
        self.refuse(USER_ERROR, ["wasm"],
                    "freeze", self.checkpoint, "--emit", "wasm", *out)
        self.refuse(USER_ERROR, ["arm64-foo-bar", "neoverse-v1"],
                    "freeze", self.checkpoint, "--target", "arm64-foo-bar", *out)
        self.refuse(USER_ERROR, ["--bake-limit"],
                    "freeze", self.checkpoint, "--bake-limit", 1 << 20, *out)
        self.assertFalse(os.path.exists(self.path("refused")))
        damaged = self.write("damaged.safetensors", self.read_checkpoint()[:-8])
        self.refuse(USER_ERROR, ["damaged.safetensors"], "freeze", damaged, *out)
        self.refuse(ENVIRONMENT_ERROR, ["cannot create"], "freeze", self.checkpoint,
                    "-o", os.path.join(self.checkpoint, "out"))

    def read_checkpoint(self):
        with open(self.checkpoint, "rb") as file:
            return file.read()


if __name__ == "__main__":
    unittest.main()
