# ===- test_bad_data.py - Data files that must be refused ---------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import gzip
import os
import struct
import unittest

from idx_data import FILES, write_set
from lacuna_tool import USER_ERROR, ToolTest

IMAGES, LABELS = FILES["train"]
CIFAR_RECORD = 1 + 3 * 32 * 32
CIFAR_FILE = 10000 * CIFAR_RECORD


class BadData(ToolTest):
    def refuse_data(self, kind, file, *parts):
        self.refuse(
            USER_ERROR,
            [self.path("data", file), *parts],
            "train",
            "--model",
            "lenet-5-caffe" if kind == "mnist" else "resnet-20",
            "--data",
            kind + ":" + self.path("data"),
            "--method",
            "static",
            "--scheme",
            "block",
            "--sparsity",
            "0.9",
            "--epochs",
            "1",
            "--metrics",
            self.path("metrics.jsonl"),
        )


class BadIdx(BadData):
    def setUp(self):
        super().setUp()
        write_set(self.path("data"), train=64, test=32)

    def spoil(self, file, change):
        path = os.path.join("data", file)
        self.write(path, change(self.read(path)))

    def refuse_spoilt(self, file, change, *parts):
        self.spoil(file, change)
        self.refuse_data("mnist", file, *parts)

    def test_missing(self):
        os.remove(self.path("data", LABELS))
        self.refuse_data("mnist", LABELS)

    def test_truncated_header(self):
        self.refuse_spoilt(IMAGES, lambda content: content[:7])

    def test_truncated_body(self):
        self.refuse_spoilt(IMAGES, lambda content: content[:-1])

    def test_trailing_bytes(self):
        self.refuse_spoilt(LABELS, lambda content: content + b"\0")

    def test_wrong_magic(self):
        self.refuse_spoilt(IMAGES, lambda content: b"\xff" + content[1:])

    def test_huge_count(self):
        self.refuse_spoilt(
            IMAGES, lambda content: content[:4] + b"\xff" * 4 + content[8:]
        )

    def test_counts_that_differ(self):
        fewer = struct.pack(">II", 0x801, 63)
        self.spoil(LABELS, lambda content: fewer + content[8:-1])
        self.refuse_data("mnist", "", "64", "63")

    def test_label_out_of_range(self):
        self.refuse_spoilt(
            LABELS, lambda content: content[:8 + 5] + b"\x0a" + content[8 + 6 :], "5"
        )

    def test_damaged_gzip(self):
        path = self.path("data", IMAGES)
        packed = bytearray(gzip.compress(self.read(path)))
        os.remove(path)
        packed[len(packed) // 2] ^= 0xFF
        self.write(os.path.join("data", IMAGES + ".gz"), bytes(packed))
        self.refuse_data("mnist", IMAGES + ".gz")

    def test_truncated_gzip(self):
        path = self.path("data", IMAGES)
        packed = gzip.compress(self.read(path))
        os.remove(path)
        self.write(os.path.join("data", IMAGES + ".gz"), packed[:-20])
        self.refuse_data("mnist", IMAGES + ".gz")


class BadCifar(BadData):
    def setUp(self):
        super().setUp()
        for number in range(1, 6):
            self.write_zeros("data_batch_%d.bin" % number, CIFAR_FILE)
        self.write_zeros("test_batch.bin", CIFAR_FILE)

    def write_zeros(self, name, length):
        """A file with a hole: as long as it says, and no work for the disk."""
        os.truncate(self.write(os.path.join("data", name), b""), length)

    def test_missing(self):
        os.remove(self.path("data", "data_batch_3.bin"))
        self.refuse_data("cifar10", "data_batch_3.bin")

    def test_truncated(self):
        self.write_zeros("data_batch_3.bin", CIFAR_FILE - 1)
        self.refuse_data("cifar10", "data_batch_3.bin", "truncated")

    def test_trailing_bytes(self):
        self.write_zeros("data_batch_3.bin", CIFAR_FILE + 1)
        self.refuse_data("cifar10", "data_batch_3.bin")

    def test_label_out_of_range(self):
        with open(self.path("data", "data_batch_3.bin"), "r+b") as file:
            file.seek(7 * CIFAR_RECORD)
            file.write(b"\x0a")
        self.refuse_data("cifar10", "data_batch_3.bin", "image 7", "10")


class BadImages(BadData):
    def write_image(self, split, content):
        self.write(os.path.join("data", split, "cat", "1.jpg"), content)

    def test_damaged(self):
        for split in ("train", "val"):
            self.write_image(split, b"\xff\xd8\xff and no more")
        path = os.path.join("train", "cat", "1.jpg")
        self.refuse_data("images", path, "damaged JPEG")

    def test_neither_jpeg_nor_png(self):
        for split in ("train", "val"):
            self.write_image(split, b"GIF89a")
        path = os.path.join("train", "cat", "1.jpg")
        self.refuse_data("images", path, "neither")

    def test_no_folder(self):
        self.refuse_data("images", "train", "train/CLASS/IMAGE")


if __name__ == "__main__":
    unittest.main(verbosity=2)
