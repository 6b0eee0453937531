# ===- test_bad_array.py - Array files that must be refused -------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import os
import unittest

from lacuna_tool import ENVIRONMENT_ERROR, USER_ERROR
from npy_bytes import npy, shape_of
from small_layer import INPUT, OUTPUT, PREVIOUS, WEIGHTS, LayerTest


class BadArray(LayerTest):
    def refuse_file(self, name, content, parts, operation="forward"):
        path = self.write(name, content)
        self.refuse_run(USER_ERROR, [path + ": ", *parts], operation=operation)

    def test_results_replace_an_earlier_file(self):
        for operation, shape in (
            ("forward", OUTPUT),
            ("grad-input", INPUT),
            ("grad-weight", WEIGHTS),
        ):
            with self.subTest(operation=operation):
                self.succeed(*self.flags(operation=operation))
                self.assertEqual(shape_of(self.read("out.npy")), shape)

    def test_wrong_type(self):
        self.refuse_file("x.npy", npy(INPUT, kind="<f8"), ["'<f8'", "float32"])

    def test_big_endian(self):
        self.refuse_file("x.npy", npy(INPUT, kind=">f4"), ["'>f4'"])

    def test_fortran_order(self):
        self.refuse_file("x.npy", npy(INPUT, fortran="True"), ["fortran_order"])

    def test_wrong_rank(self):
        self.refuse_file("x.npy", npy((2, 75)), ["shape", "(2, 75)"])

    def test_wrong_channels(self):
        self.refuse_file("x.npy", npy((2, 4, 5, 5)), ["shape", "(3, 5, 5)"])

    def test_no_images(self):
        self.refuse_file("x.npy", npy((0, 3, 5, 5)), ["shape", "at least one"])

    def test_wrong_weights(self):
        self.refuse_file("w.npy", npy((8, 3, 3, 1)), ["shape", "(8, 3, 3, 3)"])

    def test_batches_that_differ(self):
        self.refuse_file(
            "dy.npy",
            npy((3, 8, 5, 5)),
            ["shape", "(2, 8, 5, 5)"],
            operation="grad-weight",
        )

    def test_truncated(self):
        self.refuse_file("x.npy", npy(INPUT)[:-1], ["truncated"])

    def test_trailing_bytes(self):
        self.refuse_file("x.npy", npy(INPUT) + b"\0", ["trailing"])

    def test_overflowing_shape(self):
        self.refuse_file("x.npy", npy((2**40, 2**40), data=b""), ["overflows"])

    def test_not_an_array(self):
        self.refuse_file("x.npy", b"PK\x03\x04" + bytes(100), ["not a .npy file"])

    def test_empty(self):
        self.refuse_file("x.npy", b"", ["truncated"])

    def test_directory(self):
        os.remove(self.path("x.npy"))
        os.mkdir(self.path("x.npy"))
        self.refuse_run(USER_ERROR, [self.path("x.npy"), "not a regular file"])

    def test_missing(self):
        os.remove(self.path("x.npy"))
        self.refuse_run(USER_ERROR, [self.path("x.npy"), "No such file"])

    def test_output_that_cannot_be_written(self):
        flags = self.flags(output="absent/out.npy")
        self.refuse(ENVIRONMENT_ERROR, [self.path("absent/out.npy")], *flags)
        self.assertEqual(self.read("out.npy"), PREVIOUS)

    def test_output_that_is_a_directory(self):
        os.mkdir(self.path("taken"))
        flags = self.flags(output="taken")
        self.refuse(USER_ERROR, [self.path("taken")], *flags)

    def test_output_that_is_also_read(self):
        before = self.read("x.npy")
        flags = self.flags(output="./x.npy")
        self.refuse(USER_ERROR, ["output: ", "x.npy is read"], *flags)
        self.assertEqual(self.read("x.npy"), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
