# ===- npy_bytes.py - .npy files byte by byte, right and wrong ----------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Builds .npy files without NumPy, so that they may be wrong on purpose."""

import struct


def npy(shape, kind="<f4", fortran="False", data=None):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n" % (
        kind,
        fortran,
        shape,
    )
    if data is None:
        count = 1
        for extent in shape:
            count *= extent
        data = struct.pack("<%df" % count, *([0.5] * count))
    prefix = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    return prefix + header.encode() + data


def shape_of(content):
    """The shape of a float32 file that Lacuna wrote."""
    text = content[10:].split(b"'shape': (")[1].split(b")")[0].decode()
    return tuple(int(extent) for extent in text.split(",") if extent.strip())
