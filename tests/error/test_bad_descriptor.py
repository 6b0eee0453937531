# ===- test_bad_descriptor.py - Descriptors that must be refused --------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

import json
import unittest

from lacuna_tool import USER_ERROR
from small_layer import LayerTest


class BadDescriptor(LayerTest):
    def refuse_descriptor(self, field, **changes):
        for name, value in changes.items():
            place = self.descriptor
            if name in place["geometry"]:
                place = place["geometry"]
            place[name] = value
        self.write_json("d.json", self.descriptor)
        self.refuse_run(USER_ERROR, [self.path("d.json") + ": " + field + ": "])

    def refuse_text(self, part, text):
        self.write("d.json", text)
        self.refuse_run(USER_ERROR, [self.path("d.json") + ": ", part])

    def test_the_unspoilt_layer_is_accepted(self):
        self.succeed(*self.flags())

    def test_unsorted(self):
        self.refuse_descriptor("active[1]", active=[13, 0, 40])

    def test_duplicate(self):
        self.refuse_descriptor("active[2]", active=[0, 13, 13])

    def test_out_of_range(self):
        self.refuse_descriptor("active[2]", active=[0, 13, 54])

    def test_negative(self):
        self.refuse_descriptor("active[0]", active=[-1, 13])

    def test_fraction(self):
        self.refuse_descriptor("active[1]", active=[0, 13.5])

    def test_block_rows_that_do_not_divide(self):
        self.refuse_descriptor("block_rows", block_rows=3)

    def test_overflow_of_one_extent(self):
        self.refuse_descriptor("geometry.in_channels", in_channels=2**62)

    def test_overflow_of_a_product(self):
        self.descriptor["geometry"].update(in_channels=2**20, out_channels=2**20)
        self.write_json("d.json", self.descriptor)
        self.refuse_run(USER_ERROR, [self.path("d.json") + ": geometry"])

    def test_number_beyond_64_bits(self):
        self.refuse_descriptor("geometry.in_channels", in_channels=2**64)

    def test_kernel_too_large(self):
        self.refuse_descriptor("geometry.kernel[0]", kernel=[8, 3])

    def test_padding_too_large(self):
        self.refuse_descriptor("geometry.padding[1]", padding=[1, 3])

    def test_stride_zero(self):
        self.refuse_descriptor("geometry.stride[0]", stride=[0, 1])

    def test_wrong_type(self):
        self.refuse_descriptor("geometry.height", height="5")

    def test_unknown_field(self):
        self.refuse_descriptor("dilation", dilation=[1, 1])

    def test_wrong_version(self):
        self.refuse_descriptor("version", version=2)

    def test_unknown_scheme(self):
        self.refuse_descriptor("scheme", scheme="blocky")

    def test_unknown_operation(self):
        self.refuse_descriptor("op", op="conv3d")

    def test_pattern_out_of_library(self):
        del self.descriptor["block_rows"]
        self.refuse_descriptor(
            "pattern_ids[1]",
            scheme="pattern",
            patterns="mest-8",
            active=[0, 13],
            pattern_ids=[0, 8],
        )

    def test_missing_field(self):
        del self.descriptor["active"]
        self.refuse_descriptor("active")

    def test_duplicate_key(self):
        text = json.dumps(self.descriptor)
        self.refuse_text("version: is a duplicate", '{"version": 1, ' + text[1:])

    def test_truncated(self):
        self.refuse_text("offset", json.dumps(self.descriptor)[:-20])

    def test_trailing_text(self):
        self.refuse_text("offset", json.dumps(self.descriptor) + "]")

    def test_deep_nesting(self):
        self.refuse_text("nested deeper", "{" + '"a":{' * 100000)

    def test_missing_file(self):
        self.refuse(
            USER_ERROR,
            [self.path("absent.json"), "No such file"],
            "run",
            "--descriptor",
            self.path("absent.json"),
            "--op",
            "forward",
            "--input",
            self.path("x.npy"),
            "--weights",
            self.path("w.npy"),
            "--output",
            self.path("out.npy"),
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
