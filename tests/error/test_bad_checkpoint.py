# ===- test_bad_checkpoint.py - Checkpoints that must be refused ---------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import os
import unittest

from checkpoint_run import CheckpointTest
from idx_data import write_set
from lacuna_tool import ENVIRONMENT_ERROR, USER_ERROR


class BadCheckpoints(CheckpointTest):
    def setUp(self):
        super().setUp()
        self.succeed(*self.flags("run", epochs=1, save=self.saved))

    def refuse_resume(self, parts, *extra, path=None):
        path = path or self.saved
        return self.refuse(
            USER_ERROR, [path, *parts], "train", "--resume", path, "--quiet", *extra
        )

    def test_no_such_file(self):
        self.refuse_resume(["No such file"], path=self.path("absent.safetensors"))

    def test_truncated(self):
        whole = self.read("run.safetensors")
        for size in (0, 4, 8, 200, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                cut = self.write("cut.safetensors", whole[:size])
                self.refuse_resume(["truncated"], path=cut)
        said = "truncated: %d bytes where %d are expected" % (size, len(whole))
        process = self.refuse_resume([said], path=cut)
        self.assertNotIn(".previous", process.stderr)

    def test_the_file_before_a_damaged_one_is_named(self):
        self.succeed(*self.flags("run", epochs=1, save=self.saved))
        previous = self.saved + ".previous"
        self.assertTrue(os.path.exists(previous))
        whole = self.read("run.safetensors")
        for content in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
            self.write("run.safetensors", content)
            self.refuse_resume(["; use " + previous])
        os.remove(self.saved)
        self.refuse_resume(["No such file", "; use " + previous])
        self.succeed("train", "--resume", previous)

    def test_edited(self):
        whole = bytearray(self.read("run.safetensors"))
        whole[-1] ^= 1
        edited = self.write("edited.safetensors", bytes(whole))
        self.refuse_resume(["metrics", "checksum"], path=edited)
        text = self.read("run.safetensors").replace(b'"seed":["11"]', b'"seed":["12"]')
        text = text.replace(b'\\"seed\\":[\\"11\\"]', b'\\"seed\\":[\\"12\\"]')
        edited = self.write("edited.safetensors", text)
        self.refuse_resume(["__metadata__", "checksum"], path=edited)

    def test_not_a_checkpoint(self):
        self.refuse_resume([], path=self.write("text.safetensors", "hello, world"))
        header = b'{"__metadata__":{"format":"pt"}}'
        size = len(header).to_bytes(8, "little")
        other = self.write("other.safetensors", size + header)
        self.refuse_resume(["format"], path=other)

    def test_other_flags(self):
        for flag, value in (
            ("--lr", 0.03),
            ("--epochs", 2),
            ("--method", "mest"),
            ("--scheme", "block"),
            ("--seed", 12),
            ("--model", "lenet-300-100"),
            ("--sparsity", 0.8),
        ):
            with self.subTest(flag=flag):
                self.refuse_resume([flag[2:], str(value)], flag, value)
        # The same again is no contradiction.
        self.succeed("train", "--resume", self.saved, "--lr", "0.020", "--seed", 11)

    def test_other_data(self):
        other = write_set(self.path("other"), train=700, test=128)
        self.refuse_resume(["trainer.train_images"], "--data", "mnist:" + other)

    def test_other_lanes(self):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            if "avx512f" not in file.read():
                self.skipTest("this machine has one vector length")
        self.refuse_resume(["trainer.lanes", "--cpu"], "--cpu", "haswell")

    def test_a_place_that_cannot_be_written(self):
        self.refuse(
            ENVIRONMENT_ERROR,
            ["absent"], *self.flags("x", epochs=1, save=self.path("absent/x"))
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
