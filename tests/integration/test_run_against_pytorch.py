# ===- test_run_against_pytorch.py - Kernels against an independent peer ------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Sweeps `lacuna run` over schemes, shapes and levels against float64 PyTorch.

The cases are a pairwise covering design: every value of every factor meets
every value of every other factor in some case that is valid. Each case runs all
three operations. Inactive weights are NaN on input, so reading one shows.
"""

import concurrent.futures
import itertools
import os
import platform
import random
import unittest

from lacuna_tool import ToolTest, lacuna, require_module

np = require_module("numpy")
torch = require_module("torch")

TOLERANCE = 1e-5  # Relative L2 error.

# The machine's own vectors, and the shorter ones every supported x86 has.
CPUS = ["", "haswell"] if platform.machine() == "x86_64" else [""]

MEST_PATTERNS = [
    [4, 5, 7, 8],
    [3, 4, 6, 7],
    [1, 2, 4, 5],
    [0, 1, 3, 4],
    [5, 6, 7, 8],
    [3, 4, 5, 7],
    [1, 4, 5, 7],
    [1, 3, 4, 7],
]

CONV_FACTORS = {
    "scheme": [
        "dense",
        "unstructured",
        "block-2",
        "block-4",
        "mest-8",
        "connectivity",
        "custom",
        "channel",
    ],
    "kernel": [(1, 1), (3, 3), (5, 5), (7, 7), (3, 1), (1, 5)],
    "stride": [(1, 1), (2, 2), (1, 2), (2, 1)],
    "plane": [(1, 1), (2, 3), (4, 4), (5, 7), (7, 7), (8, 8), (13, 9), (16, 16)],
    "padding": ["none", "same", "most"],
    "channels": [(1, 4), (3, 8), (16, 32), (17, 12), (40, 20)],
    "images": [1, 5, 16, 33],
    "density": [0.0, 0.05, 0.2, 1.0],
    "level": ["stream", "specialised"],
    "threads": [1, 2],
    "cpu": CPUS,
}

LINEAR_FACTORS = {
    "scheme": [
        "dense",
        "unstructured",
        "block-2",
        "block-4",
        "connectivity",
        "channel",
    ],
    "channels": [(1, 4), (37, 12), (300, 100)],
    "images": [1, 5, 16, 33],
    "density": [0.0, 0.1, 1.0],
    "level": ["stream", "specialised"],
    "threads": [1, 2],
    "cpu": CPUS,
}


def padding_of(case):
    choose = {
        "none": lambda k: 0,
        "same": lambda k: k // 2,
        "most": lambda k: k - 1,
    }[case["padding"]]
    return tuple(choose(k) for k in case["kernel"])


def is_valid(case):
    if "kernel" not in case:
        return True
    if case["scheme"] == "mest-8" and case["kernel"] != (3, 3):
        return False
    return all(
        size + 2 * pad >= extent
        for size, pad, extent in zip(case["plane"], padding_of(case), case["kernel"])
    )


def covering_design(factors, seed, attempts=60):
    """Cases such that every valid pair of values occurs."""
    generator = random.Random(seed)
    names = list(factors)
    pairs = {
        ((a, x), (b, y))
        for a, b in itertools.combinations(names, 2)
        for x in factors[a]
        for y in factors[b]
    }

    def covered_by(case):
        items = [(name, case[name]) for name in names]
        return pairs.intersection(itertools.combinations(items, 2))

    cases = []
    while pairs:
        start = min(pairs, key=repr)
        best, best_cover = None, set()
        for _ in range(attempts):
            case = {name: generator.choice(factors[name]) for name in names}
            case.update(dict(start))
            if is_valid(case):
                cover = covered_by(case)
                if len(cover) > len(best_cover):
                    best, best_cover = case, cover
        if best is None:
            pairs.remove(start)  # No valid case has this pair.
            continue
        pairs -= best_cover
        cases.append(best)
    return cases


class Layer:
    """A case made concrete: its descriptor, its mask and its arrays."""

    def __init__(self, case, seed):
        self.case = case
        self.random = np.random.default_rng(seed)
        self.inputs, self.outputs = case["channels"]
        self.kernel = case.get("kernel", (1, 1))
        self.linear = "kernel" not in case
        self.descriptor = {
            "version": 1,
            "op": "linear" if self.linear else "conv2d",
            "dtype": "f32",
            "geometry": self._geometry(),
        }
        self.mask = self._choose_units()
        self.weights = self._normal((self.outputs, self.inputs, *self.kernel))
        plane = case.get("plane", (1, 1))
        self.input = self._normal((case["images"], self.inputs, *plane))
        self._compute_reference()

    def _normal(self, shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def _geometry(self):
        if self.linear:
            return {"in_features": self.inputs, "out_features": self.outputs}
        height, width = self.case["plane"]
        return {
            "in_channels": self.inputs,
            "out_channels": self.outputs,
            "height": height,
            "width": width,
            "kernel": list(self.kernel),
            "stride": list(self.case["stride"]),
            "padding": list(padding_of(self.case)),
        }

    def _draw(self, units):
        count = int(round(self.case["density"] * units))
        chosen = self.random.choice(units, size=count, replace=False)
        return sorted(int(unit) for unit in chosen)

    def _choose_units(self):
        """Fills the scheme's fields and returns the mask, OIHW."""
        scheme = self.case["scheme"]
        taps = self.kernel[0] * self.kernel[1]
        mask = np.zeros((self.outputs, self.inputs, taps), dtype=bool)
        fields = self.descriptor
        if scheme == "dense":
            fields["scheme"] = "dense"
            mask[:] = True
        elif scheme == "unstructured":
            fields["scheme"] = "unstructured"
            fields["active"] = self._draw(mask.size)
            mask.reshape(-1)[fields["active"]] = True
        elif scheme.startswith("block"):
            rows = int(scheme[-1])
            fields.update(scheme="block", block_rows=rows)
            columns = self.inputs * taps
            fields["active"] = self._draw(self.outputs // rows * columns)
            matrix = mask.reshape(self.outputs, columns)
            for unit in fields["active"]:
                group, column = divmod(unit, columns)
                matrix[group * rows : (group + 1) * rows, column] = True
        elif scheme == "channel":
            fields["scheme"] = "channel"
            fields["active"] = self._draw(self.outputs)
            mask[fields["active"]] = True
        else:
            library = self._pattern_library(scheme, taps)
            fields["scheme"] = "pattern"
            fields["patterns"] = library if scheme == "custom" else scheme
            fields["active"] = self._draw(self.outputs * self.inputs)
            fields["pattern_ids"] = [
                int(i) for i in self.random.integers(len(library), size=len(fields["active"]))
            ]
            kernels = mask.reshape(-1, taps)
            for unit, pattern in zip(fields["active"], fields["pattern_ids"]):
                kernels[unit, library[pattern]] = True
        return mask.reshape(self.outputs, self.inputs, *self.kernel)

    def _pattern_library(self, scheme, taps):
        if scheme == "mest-8":
            return MEST_PATTERNS
        if scheme == "connectivity":
            return [list(range(taps))]
        return [[0], sorted({0, taps // 2, taps - 1}), list(range(taps))]

    def _compute_reference(self):
        x = torch.tensor(self.input.astype(np.float64), requires_grad=True)
        masked = np.where(self.mask, self.weights, 0).astype(np.float64)
        w = torch.tensor(masked, requires_grad=True)
        y = torch.nn.functional.conv2d(
            x,
            w,
            stride=self.case.get("stride", (1, 1)),
            padding=(0, 0) if self.linear else padding_of(self.case),
        )
        self.gradient = self._normal(tuple(y.shape))
        y.backward(torch.tensor(self.gradient.astype(np.float64)))
        self.expected = {
            "forward": y.detach().numpy(),
            "grad-input": x.grad.numpy(),
            "grad-weight": np.where(self.mask, w.grad.numpy(), 0),
        }

    def as_file(self, array):
        """Linear layers have no plane in their files."""
        return array.reshape(array.shape[:2]) if self.linear else array


def relative_error(actual, expected):
    """NaN anywhere, or anything but zero where zero is due, is an error."""
    distance = np.linalg.norm((actual - expected).ravel())
    norm = np.linalg.norm(expected.ravel())
    if norm == 0:
        return float(distance)
    return float(distance / norm)


class RunAgainstPyTorch(ToolTest):
    def run_operation(self, layer, name, operation):
        paths = {
            kind: self.path("%s-%s.npy" % (name, kind))
            for kind in ("input", "weights", "grad-output")
        }
        needed = {
            "forward": ("input", "weights"),
            "grad-input": ("weights", "grad-output"),
            "grad-weight": ("input", "grad-output"),
        }[operation]
        operands = [word for kind in needed for word in ("--" + kind, paths[kind])]
        output = self.path("%s-%s.npy" % (name, operation))
        process = lacuna(
            "run",
            "--descriptor",
            self.path(name + ".json"),
            "--op",
            operation,
            *operands,
            "--output",
            output,
            "--level",
            layer.case["level"],
            "--threads",
            layer.case["threads"],
            "--cpu",
            layer.case["cpu"],
            "--cache-dir",
            self.path("cache"),
        )
        if process.returncode != 0:
            return "exit code %d: %s" % (process.returncode, process.stderr)
        actual = np.load(output)
        expected = layer.as_file(layer.expected[operation])
        if actual.shape != expected.shape:
            return "shape %s, not %s" % (actual.shape, expected.shape)
        if operation == "grad-weight" and actual[~layer.as_file(layer.mask)].any():
            return "an inactive weight has a gradient"
        error = relative_error(actual.astype(np.float64), expected)
        if not error < TOLERANCE:
            return "relative error %g" % error
        return None

    def run_case(self, number, case):
        layer = Layer(case, seed=number)
        name = "%s-%d" % ("linear" if layer.linear else "conv", number)
        self.write_json(name + ".json", layer.descriptor)
        poisoned = np.where(layer.mask, layer.weights, np.float32("nan"))
        arrays = (
            ("input", layer.input),
            ("weights", poisoned),
            ("grad-output", layer.gradient),
        )
        for kind, array in arrays:
            np.save(self.path("%s-%s.npy" % (name, kind)), layer.as_file(array))
        failures = []
        for operation in layer.expected:
            failure = self.run_operation(layer, name, operation)
            if failure:
                failures.append("%s of %s: %s" % (operation, case, failure))
        return failures

    def sweep(self, cases):
        torch.set_num_threads(1)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(self.run_case, itertools.count(), cases)
            failures = list(itertools.chain.from_iterable(results))
        print("%d runs against PyTorch" % (3 * len(cases)))
        self.assertFalse(failures, "\n" + "\n".join(failures))

    def test_convolutions(self):
        self.sweep(covering_design(CONV_FACTORS, seed=1))

    def test_linear_layers(self):
        self.sweep(covering_design(LINEAR_FACTORS, seed=2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
