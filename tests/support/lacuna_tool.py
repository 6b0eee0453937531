# ===- lacuna_tool.py - The lacuna tool, as tests see it ----------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Runs the tool named by the environment variable LACUNA."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77  # What CTest is told to read as "skipped".

SUCCESS, USER_ERROR, USAGE_ERROR, ENVIRONMENT_ERROR, INTERNAL_ERROR = range(5)


def require_module(name):
    """Ends the whole test as skipped, for all to see, without the module."""
    try:
        return __import__(name)
    except ImportError:
        sys.stderr.write(
            "\n*** SKIPPED: this test needs the Python module %s, which %s does "
            "not have.\n*** Install it with: scripts/install-dependencies test\n\n"
            % (name, sys.executable)
        )
        sys.exit(SKIPPED)


def lacuna(*arguments, timeout=300, stdout=subprocess.PIPE):
    """Runs the tool and returns the finished process, text decoded."""
    tool = os.environ.get("LACUNA")
    if not tool:
        sys.exit("set LACUNA to the path of the lacuna tool")
    return subprocess.run(
        [tool, *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )


class ToolTest(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="lacuna-test-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, content):
        """Writes bytes or text and returns the path."""
        if isinstance(content, str):
            content = content.encode()
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write_json(self, name, value):
        return self.write(name, json.dumps(value))

    def succeed(self, *arguments):
        process = lacuna(*arguments)
        self.assertEqual(process.returncode, SUCCESS, process.stderr)
        return process

    def refuse(self, code, parts, *arguments):
        """Expects the exit code and every part in the message."""
        process = lacuna(*arguments)
        said = process.stderr
        self.assertEqual(process.returncode, code, said)
        self.assertRegex(said, "(?m)^lacuna: error: ")
        for part in parts:
            self.assertIn(part, said)
        self.assertNotIn("bug in Lacuna", said)
        return process
