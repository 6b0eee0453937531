# ===- build_projects.py - Installs Lacuna and builds projects on it ----------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""build_projects.py native|cross BUILD FOLDER

Installs the runtime, moves it to FOLDER/prefix, and builds the examples and
device_check against it. `native` installs the build that is there; `cross` builds the runtime
for 64-bit ARM first. What is there from an earlier run is brought up to date.
"""

import os
import shutil
import subprocess
import sys

from idx_data import write_set

SKIPPED = 77
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROJECTS = (
    "examples/inference",
    "examples/link_runtime",
    "examples/device_training",
    "tests/offline/device_check",
)
# Compiles just in time, so it needs what only `native` installs.
COMPILER_PROJECTS = ("examples/custom_model", "examples/custom_method")
COMPONENTS = {"native": ("runtime", "compiler", "docs"), "cross": ("runtime",)}
# Kernels for the program's own machine; a board's where there are several.
DEVICE_TARGET = {"native": "", "cross": "cortex-a76"}


def run(*command):
    subprocess.run(command, check=True)


def configure(source, build, *flags):
    launcher = []
    if shutil.which("ccache"):
        launcher = ["-DCMAKE_C%s_COMPILER_LAUNCHER=ccache" % x for x in ("", "XX")]
    run("cmake", "-S", source, "-B", build, "-G", "Ninja", *launcher, *flags)


def install(tree, prefix, components):
    """Into another folder first, so that nothing works that names it."""
    elsewhere = prefix + "-before-it-was-moved"
    for folder in (elsewhere, prefix):
        shutil.rmtree(folder, ignore_errors=True)
    for component in components:
        run("cmake", "--install", tree, "--prefix", elsewhere, "--component", component)
    os.rename(elsewhere, prefix)


def train(lacuna, folder):
    """A checkpoint for examples/inference, of a network that tells squares apart."""
    checkpoint = os.path.join(folder, "digits.safetensors")
    run(
        lacuna, "train", "--model", "lenet-5-caffe",
        "--data", "mnist:" + write_set(os.path.join(folder, "digits")),
        "--method", "static", "--scheme", "block", "--sparsity", "0.9",
        "--epochs", "2", "--seed", "1", "--quiet", "--no-disk-cache",
        "--save", checkpoint, "--metrics", os.path.join(folder, "digits.jsonl"),
    )
    return checkpoint


def main(kind, tree, folder):
    prefix = os.path.join(folder, "prefix")
    lacuna = os.path.join(tree, "bin", "lacuna")
    flags = []
    if kind == "cross":
        if not shutil.which("aarch64-linux-gnu-g++"):
            sys.stderr.write(
                "\n*** SKIPPED: no aarch64-linux-gnu-g++, so nothing is built for "
                "ARM.\n*** Install it with: scripts/install-dependencies test\n\n"
            )
            return SKIPPED
        flags.append("-DCMAKE_TOOLCHAIN_FILE=%s/cmake/aarch64-linux-gnu.cmake" % ROOT)
        runtime = os.path.join(folder, "runtime")
        configure(
            ROOT,
            runtime,
            "-DCMAKE_BUILD_TYPE=Release",
            "-DLACUNA_BUILD_COMPILER=OFF",
            "-DLACUNA_BUILD_TESTS=OFF",
            "-DLACUNA_WITH_CODECS=OFF",
            "-DLACUNA_HALIDE_GENERATOR=%s/runtime/halide/lacuna-halide-generator" % tree,
            *flags
        )
        run("cmake", "--build", runtime)
        tree = runtime
    install(tree, prefix, COMPONENTS[kind])
    checkpoint = train(lacuna, folder)
    projects = PROJECTS + (COMPILER_PROJECTS if kind == "native" else ())
    for project in projects:
        build = os.path.join(folder, os.path.basename(project))
        configure(
            os.path.join(ROOT, project),
            build,
            "-DCMAKE_BUILD_TYPE=Release",
            "-DCMAKE_PREFIX_PATH=" + prefix,
            "-DLACUNA_PROGRAM=" + lacuna,
            "-DCHECKPOINT=" + checkpoint,
            "-DDEVICE_TARGET=" + DEVICE_TARGET[kind],
            "-DLINK_COMPILER=" + ("ON" if kind == "native" else "OFF"),
            *flags
        )
        run("cmake", "--build", build)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
