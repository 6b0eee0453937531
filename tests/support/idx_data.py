# ===- idx_data.py - A small labelled image set that can be learned -----------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Writes images in the IDX format of MNIST, without any library."""

import gzip
import os
import random
import struct

SIZE = 28
CLASSES = 10
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def encode_images(images):
    header = struct.pack(">IIII", 0x00000803, len(images), SIZE, SIZE)
    return header + b"".join(images)


def encode_labels(labels):
    return struct.pack(">II", 0x00000801, len(labels)) + bytes(labels)


def draw(label, generator):
    """A bright square whose place says the class, on a noisy ground."""
    pixels = bytearray(generator.randrange(64) for _ in range(SIZE * SIZE))
    top, left = 2 + 13 * (label // 5), 1 + 5 * (label % 5)
    for y in range(top, top + 10):
        for x in range(left, left + 5):
            pixels[y * SIZE + x] = 191 + generator.randrange(64)
    return bytes(pixels)


def write_set(directory, train=512, test=128, compress=False, seed=1):
    """Writes the four files and returns the directory."""
    os.makedirs(directory, exist_ok=True)
    generator = random.Random(seed)
    for part, count in (("train", train), ("test", test)):
        labels = [i % CLASSES for i in range(count)]
        images = [draw(label, generator) for label in labels]
        image_file, label_file = FILES[part]
        for name, content in (
            (image_file, encode_images(images)),
            (label_file, encode_labels(labels)),
        ):
            path = os.path.join(directory, name)
            if compress:
                with gzip.open(path + ".gz", "wb") as file:
                    file.write(content)
            else:
                with open(path, "wb") as file:
                    file.write(content)
    return directory
