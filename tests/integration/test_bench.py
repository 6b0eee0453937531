# ===- test_bench.py - What lacuna bench reports ------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The reports' form and what must hold on any machine; no figure is judged."""

import json
import os
import unittest
from unittest import mock

from lacuna_tool import ENVIRONMENT_ERROR, USAGE_ERROR, USER_ERROR, ToolTest

TINY = ("bench", "kernels", "--layers", "8,8,8,3,1", "--rounds", "2", "--batch", "4")
STEP = ("bench", "step", "--model", "lenet-5-caffe", "--batch", "4", "--steps", "1")

OPERATIONS = ["forward", "grad-input", "grad-weight"]
KERNEL_FIELDS = {
    "layer",
    "op",
    "sparsity",
    "lacuna_us",
    "onednn_us",
    "speedup",
    "share_of_fma_peak",
    "pack_us",
    "compile_ms",
}
STEP_FIELDS = {
    "model",
    "scheme",
    "sparsity",
    "batch",
    "threads",
    "step_ms",
    "images_per_second",
    "split_ms",
    "prepare_ms",
    "kernels_compiled",
    "kernels_loaded",
    "kernels_tuned",
    "mutation_ms",
    "repack_ms",
    "least_bytes_moved",
    "gflops",
    "fma_peak_gflops",
    "peak_bytes_by_kind", "peak_rss_bytes",
}


INFERENCE_FIELDS = {
    "network",
    "scheme",
    "sparsity",
    "lacuna_us",
    "onednn_us",
    "xnnpack_us",
    "compile_ms",
    "code_bytes",
    "scratch_bytes",
}


class BenchTest(ToolTest):
    def setUp(self):
        super().setUp()
        # The step benchmark uses the kernel cache of the user.
        environment = mock.patch.dict(os.environ, XDG_CACHE_HOME=self.path("cache"))
        environment.start()
        self.addCleanup(environment.stop)

    def report(self, *flags):
        path = self.path("report.json")
        process = self.succeed(*flags, "--json", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file), process.stdout

    def assert_positive(self, values, names):
        for name in names:
            self.assertGreater(values[name], 0, name)


class KernelsTest(BenchTest):
    def test_rows(self):
        for scheme in ("dense", "unstructured", "block", "pattern", "channel"):
            with self.subTest(scheme=scheme):
                rows, said = self.report(*TINY, "--scheme", scheme)
                self.assertEqual([row["op"] for row in rows], OPERATIONS)
                for row in rows:
                    self.check_row(row, 0 if scheme == "dense" else 0.9)
                    self.assertIn(row["layer"], said)

    def check_row(self, row, sparsity):
        self.assertEqual(set(row), KERNEL_FIELDS)
        self.assertEqual(row["layer"], "8->8 k3 s1 @8")
        self.assertEqual(row["sparsity"], sparsity)
        self.assert_positive(
            row, ("lacuna_us", "share_of_fma_peak", "pack_us", "compile_ms")
        )
        # The dense peer may not be installed; it is then absent, not zero.
        if row["onednn_us"] is None:
            self.assertIsNone(row["speedup"])
        else:
            ratio = row["onednn_us"] / row["lacuna_us"]
            self.assertAlmostEqual(row["speedup"] / ratio, 1, places=6)

    def test_a_sweep_goes_up(self):
        rows, _ = self.report(*TINY, "--scheme", "unstructured", "--sweep")
        swept = {
            op: [row["sparsity"] for row in rows if row["op"] == op]
            for op in OPERATIONS
        }
        for sparsities in swept.values():
            self.assertGreater(len(sparsities), 2)
            self.assertEqual(sparsities, sorted(set(sparsities)))

    def test_layers_must_be_known(self):
        for layers in ("vgg-20", "8,8,8,3", "8,8,8,3,1,1", "8,8,x,3,1", ""):
            with self.subTest(layers=layers):
                self.refuse(
                    USER_ERROR, ["--layers"], "bench", "kernels", "--layers", layers
                )

    def test_layers_must_be_valid(self):
        flags = ("bench", "kernels", "--layers", "0,8,8,3,1")
        self.refuse(USER_ERROR, ["in_channels", "0"], *flags)

    def test_flags_out_of_range(self):
        for flag, value in {
            "--rounds": 0,
            "--threads": 0,
            "--batch": 0,
            "--scheme": "random",
        }.items():
            with self.subTest(flag=flag):
                self.refuse(
                    USER_ERROR, [flag, str(value)], "bench", "kernels", flag, value
                )
        self.refuse(USAGE_ERROR, ["--rounds", "x"], "bench", "kernels", "--rounds", "x")

    def test_unwritable_report(self):
        path = self.path("absent", "report.json")
        self.refuse(ENVIRONMENT_ERROR, ["--json", path], *TINY, "--json", path)


class ReportTest(BenchTest):
    def test_a_command_that_fails_leaves_the_earlier_report(self):
        path = self.write("report.json", "[]")
        for command in (
            ("bench", "step", "--model", "lenet-6"),
            ("bench", "memory", "--model", "lenet-300-100", "--method", "snipp"),
            ("bench", "inference", "--model", "lstm-a"),
            ("tune", "--model", "lenet-6", "--cache-dir", self.path("schedules")),
        ):
            with self.subTest(command=command):
                self.refuse(USER_ERROR, [], *command, "--json", path)
                self.assertEqual(self.read("report.json"), b"[]")

    def test_a_report_that_is_no_file(self):
        folder = self.path("folder")
        os.mkdir(folder)
        self.refuse(USER_ERROR, ["--json", folder], *TINY, "--json", folder)
        self.refuse(ENVIRONMENT_ERROR, ["--json", "regular file"], *TINY, "--json",
                    "/dev/null")


class StepTest(BenchTest):
    def test_fields(self):
        for scheme in ("dense", "block", "channel"):
            with self.subTest(scheme=scheme):
                report, said = self.report(*STEP, "--scheme", scheme)
                self.assertEqual(set(report), STEP_FIELDS)
                self.assertEqual(report["model"], "lenet-5-caffe")
                self.assertEqual(report["scheme"], scheme)
                self.assertEqual((report["batch"], report["threads"]), (4, 1))
                self.assert_positive(
                    report,
                    (
                        "step_ms",
                        "images_per_second",
                        "least_bytes_moved",
                        "gflops",
                        "fma_peak_gflops",
                        "peak_rss_bytes",
                    ),
                )
                self.assertAlmostEqual(
                    report["images_per_second"] * report["step_ms"], 4000, places=3
                )
                self.assertIn("lenet-5-caffe", said)

    def test_parts_make_up_the_step(self):
        report, _ = self.report(*STEP)
        parts = report["split_ms"]
        self.assertLessEqual(set(OPERATIONS), set(parts))
        for name, milliseconds in parts.items():
            self.assertGreaterEqual(milliseconds, 0, name)
        self.assertAlmostEqual(sum(parts.values()) / report["step_ms"], 1, places=6)

    def test_no_steps(self):
        self.refuse(USER_ERROR, ["--steps", "0"], "bench", "step", "--steps", 0)

    def test_unknown_model(self):
        self.refuse(
            USER_ERROR, ["model", "resnet-33"], "bench", "step", "--model", "resnet-33"
        )

    def test_unwritable_report(self):
        path = self.path("absent", "report.json")
        self.refuse(ENVIRONMENT_ERROR, ["--json", path], *STEP, "--json", path)


MEMORY_KINDS = {
    "weights",
    "indices",
    "gradients",
    "optimiser",
    "activations",
    "streams",
    "scratch",
    "data",
    "dense_gradients",
    "method_state",
}


class MemoryTest(BenchTest):
    FLAGS = ("bench", "memory", "--model", "lenet-300-100", "--batch", "8")

    def rows(self, *flags):
        rows, self.said = self.report(*self.FLAGS, *flags)
        return {(row["method"], row["scheme"]): row for row in rows}

    def test_only_methods_of_dense_gradients_hold_dense_buffers(self):
        schemes = ("unstructured", "block", "pattern", "channel")
        methods = {"static": False, "mest": False, "mest-em": False, "rigl": True}
        rows = self.rows("--method", ",".join(methods), "--scheme", ",".join(schemes))
        self.assertEqual(len(rows), len(methods) * len(schemes))
        for (method, scheme), row in rows.items():
            with self.subTest(method=method, scheme=scheme):
                # fc1 of LeNet-300-100 is 784 to 300.
                dense_layer = 784 * 300 * 4
                self.assertEqual(row["largest_dense_layer_bytes"], dense_layer)
                self.assertEqual(row["holds_dense_buffer"], methods[method])
                measured = row["measured_bytes"]
                self.assertEqual(set(measured), MEMORY_KINDS)
                if methods[method]:
                    self.assertGreaterEqual(measured["dense_gradients"], dense_layer)
                else:
                    self.assertEqual(measured["dense_gradients"], 0)
                    self.assertLess(row["largest_buffer_bytes"], dense_layer / 9)
        self.assertEqual(self.said.count(": never holds a dense buffer"), 12)
        self.assertEqual(self.said.count(": holds a dense buffer"), 4)

    def test_the_mutations_of_rigl_show(self):
        row = self.rows("--method", "rigl", "--update-period", "1000")
        self.assertFalse(row["rigl", "block"]["holds_dense_buffer"])
        self.assertEqual(row["rigl", "block"]["measured_bytes"]["dense_gradients"], 0)

    def test_formula_by_hand(self):
        rows = self.rows("--method", "static", "--scheme", "unstructured,block")
        active = round(784 * 300 * 0.1) + round(300 * 100 * 0.1)
        dense = 100 * 10 + 300 + 100 + 10
        for (_, scheme), row in rows.items():
            formula, measured = row["formula_bytes"], row["measured_bytes"]
            self.assertEqual(row["weights_active_at_peak"], active + dense)
            for kind in ("weights", "gradients", "optimiser"):
                self.assertEqual(formula[kind], 4 * (active + dense))
                self.assertEqual(measured[kind], formula[kind], kind)
            indices = {
                "unstructured": 2 * active + 4 * (301 + 101),
                "block": 2 * active // 4 + 4 * (76 + 26),
            }
            self.assertEqual(formula["indices"], indices[scheme])
            self.assertGreater(measured["indices"], formula["indices"])
            self.assertEqual(
                row["dense_formula_bytes"]["total"], 3 * 4 * (266200 + 410)
            )

    def test_surplus_of_mest_ems_is_in_its_peak(self):
        rows = self.rows("--method", "static,mest-ems", "--epochs", "3")
        active = {
            method: row["weights_active_at_peak"] - 1410
            for (method, _), row in rows.items()
        }
        self.assertAlmostEqual(active["mest-ems"] / active["static"], 1.5, places=2)

    def test_bad_flags(self):
        for flag, value in {"--steps": 0, "--update-period": 0, "--batch": 0}.items():
            self.refuse(USER_ERROR, [flag], *self.FLAGS, flag, value)
        self.refuse(USER_ERROR, ["method", "rigll"], *self.FLAGS, "--method", "rigll")
        for scheme in ("all", "dense"):
            self.refuse(USER_ERROR, ["scheme", scheme], *self.FLAGS, "--scheme", scheme)


class MutationTest(BenchTest):
    FLAGS = ("bench", "mutation", "--model", "lenet-300-100", "--rounds", "2")

    def test_rows(self):
        methods, schemes = ("mest-em", "set", "static"), ("unstructured", "pattern")
        rows, said = self.report(
            *self.FLAGS, "--method", ",".join(methods), "--scheme", ",".join(schemes)
        )
        self.assertEqual(
            [(row["method"], row["scheme"]) for row in rows],
            [(method, scheme) for method in methods for scheme in schemes],
        )
        for row in rows:
            self.assertEqual(row["sparse_layers"], 2)
            self.assertEqual(row["sparse_weights"], 784 * 300 + 300 * 100)
            self.assertEqual(row["active_weights"], 26520)
            if row["method"] == "static":
                self.assertEqual(row["mutations"], 0)
                continue
            self.assertEqual(row["mutations"], 2)
            self.assert_positive(row, ("mutation_ms", "repack_ms"))
            self.assertGreaterEqual(row["median_mutation_ms"], row["mutation_ms"])
            self.assertGreaterEqual(row["median_repack_ms"], row["repack_ms"])
        self.assertEqual(said.count("makes no mutations"), 2)

    def test_every_method_that_mutates(self):
        methods = [
            "mest", "mest-em", "mest-ems", "mest-ems-readme", "set", "rigl",
            "snfs", "dsr", "deepr", "dst", "lottery", "gradual",
        ]  # fmt: skip
        rows, _ = self.report(
            *self.FLAGS, "--method", ",".join(methods), "--scheme", "unstructured"
        )
        self.assertEqual([row["method"] for row in rows], methods)
        target = 26520
        for row in rows:
            self.assertEqual(row["mutations"], 2, row["method"])
            self.assert_positive(row, ("mutation_ms", "repack_ms"))
            active = row["active_weights"]
            if row["method"] == "dst":  # Its thresholds rise with each step.
                self.assertLess(abs(active - target), target / 2)
            elif row["method"] in ("mest-ems", "mest-ems-readme", "lottery", "gradual"):
                self.assertGreater(active, target)
            else:
                self.assertEqual(active, target)

    def test_methods_that_choose_before_training_are_refused(self):
        for method in ("snip", "grasp"):
            self.refuse(USER_ERROR, ["method", method], *self.FLAGS, "--method", method)

    def test_bad_flags(self):
        self.refuse(USER_ERROR, ["--rounds"], *self.FLAGS, "--rounds", 0)
        self.refuse(
            USER_ERROR, ["model", "lenet-6"], "bench", "mutation", "--model", "lenet-6"
        )


class InferenceTest(BenchTest):
    def inference(self, *flags):
        path = self.path("inference.json")
        self.succeed("bench", "inference", "--rounds", 2, "--json", path, *flags)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_every_scheme_is_reported(self):
        # Where the dense peer is there, the command compares its results.
        rows = self.inference("--model", "lenet-5-caffe", "--scheme",
                              "block,dense,channel")
        self.assertEqual(
            [row["scheme"] for row in rows], ["block", "dense", "channel"]
        )
        for row in rows:
            self.assertEqual(set(row), INFERENCE_FIELDS)
            self.assertGreater(row["lacuna_us"], 0)
            self.assertIsNone(row["xnnpack_us"])
        self.assertLess(rows[0]["code_bytes"], rows[1]["code_bytes"] / 2)

    def test_nothing_temporary_stays_when_it_fails(self):
        temporary = self.path("temporary")
        os.mkdir(temporary)
        # Without a linker.
        with mock.patch.dict(os.environ, TMPDIR=temporary, PATH=self.path("nowhere")):
            self.refuse(ENVIRONMENT_ERROR, ["ld.lld"], "bench", "inference",
                        "--model", "lenet-300-100")
        self.assertEqual(os.listdir(temporary), [])

    def test_the_limit_decides_what_is_baked(self):
        layer = ("--layer", "16,32,10,1,1", "--scheme", "unstructured")
        (baked,) = self.inference(*layer)
        (tables,) = self.inference(*layer, "--bake-limit", 0)
        self.assertEqual(baked["network"], "16,32,10,1,1")
        self.assertNotEqual(baked["code_bytes"], tables["code_bytes"])

    def test_refusals(self):
        self.refuse(USER_ERROR, ["lstm"], "bench", "inference", "--model", "lstm-a")
        self.refuse(USER_ERROR, ["circle"], "bench", "inference", "--scheme", "circle")
        self.refuse(USAGE_ERROR, [], "bench", "inference", "--model", "resnet-20",
                    "--layer", "8,8,8,3,1")
        self.refuse(ENVIRONMENT_ERROR, ["--json"], "bench", "inference",
                    "--json", self.path("none", "x.json"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
