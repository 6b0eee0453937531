# ===- test_native.py - An installed Lacuna, and training from a bundle -------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Projects built on an installed prefix, run on this machine."""

import glob
import os
import re
import shutil
import subprocess
import unittest

from build_projects import ROOT
from device_support import DeviceTest, require_built


class NativeTest(DeviceTest):
    def test_training_from_a_bundle_equals_the_jit(self):
        linked = self.train()
        self.assertEqual(linked[1], self.jit_hash())
        bundle = self.built("device_training", "lenet_kernels-kernels")
        self.assertEqual(self.train(bundle), linked)

    def test_bundles_of_lesser_cpus_equal_the_jit_for_them(self):
        if os.uname().machine != "x86_64":
            self.skipTest("x86-64-v3 is not of this machine")
        bundle = self.path("v3")
        self.succeed(
            "compile", "--model", "lenet-5-caffe", "--scheme", "block",
            "--target", "x86-64-v3", "--name", "lenet", "-o", bundle
        )
        self.assertEqual(self.train(bundle)[1], self.jit_hash("--cpu", "x86-64-v3"))

    def test_device_program_links_no_compiler(self):
        libraries = subprocess.run(
            ["ldd", self.built("device_training", "device_training")],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout
        self.assertIn("libstdc++", libraries)
        for name in ("LLVM", "MLIR", "Halide"):
            self.assertNotIn(name, libraries)

    def test_frozen_network_is_as_accurate_as_the_run(self):
        self.check_inference()

    def test_frozen_network_needs_no_library(self):
        libraries = subprocess.run(
            ["ldd", self.built("inference", "inference")],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout
        self.assertNotIn("libstdc++", libraries)
        archive = self.built("inference", "digits-network", "libdigits.a")
        missing = subprocess.run(
            ["nm", "--undefined-only", "--quiet", archive],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
        ).stdout
        self.assertNotIn(" U ", missing)

    def test_linked_kernels_run(self):
        conv = os.path.join(ROOT, "examples", "link_runtime", "conv.json")
        for program in ("link_runtime", "link_compiler"):
            process = self.device(self.built("link_runtime", program), conv)
            self.assertIn("after a mutation", process.stdout)

    def test_installed_docs_link_to_one_another(self):
        docs = self.built("prefix", "share", "doc", "Lacuna")
        for name in ("LICENSE", "README.md", "examples/custom_method/main.cpp"):
            self.assertTrue(os.path.exists(os.path.join(docs, name)), name)
        pages = [os.path.join(docs, "README.md")]
        pages += glob.glob(os.path.join(docs, "docs", "*"))
        self.assertEqual({os.path.splitext(page)[1] for page in pages}, {".md"})
        links = 0
        for page in pages:
            with open(page, encoding="utf-8") as file:
                for target in re.findall(r"\]\((?!http|#)([\w./-]+)[)#]", file.read()):
                    path = os.path.join(os.path.dirname(page), target)
                    self.assertTrue(os.path.exists(path), "%s: %s" % (page, target))
                    links += 1
        self.assertGreater(links, 50)

    def test_installed_targets_name_no_place_on_this_machine(self):
        pattern = self.built("prefix", "lib*", "**", "Lacuna*Targets*.cmake")
        pages = glob.glob(pattern, recursive=True)
        self.assertGreaterEqual(len(pages), 4)
        for page in pages:
            with open(page, encoding="utf-8") as file:
                for line in file:
                    if "INTERFACE_" in line or "IMPORTED_LOCATION" in line:
                        self.assertNotRegex(line, '[";:]/', page)

    def test_pkg_config_links_the_runtime(self):
        if not shutil.which("pkg-config"):
            self.skipTest("no pkg-config")
        found = []
        for folder, _, files in os.walk(self.built("prefix")):
            found += [folder] if "lacuna.pc" in files else []
        self.assertEqual(len(found), 1)
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "lacuna"],
            check=True, stdout=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, "PKG_CONFIG_PATH": found[0]},
        ).stdout.split()
        source = self.write(
            "lanes.cpp",
            '#include "lacuna/Runtime/Operators.h"\n#include <cstdio>\n'
            'int main() { std::printf("%d\\n", int(lacuna::operators::hostLanes()));'
            "}\n",
        )
        program = self.path("lanes")
        subprocess.run(["c++", "-std=c++17", source, "-o", program, *flags], check=True)
        self.assertIn(self.device(program).stdout.strip(), ("4", "8", "16"))


if __name__ == "__main__":
    require_built("device_training/device_training", "offline-build-native failed")
    unittest.main()
