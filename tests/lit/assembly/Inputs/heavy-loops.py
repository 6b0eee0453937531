# ===- heavy-loops.py - The inner loops of kernels in AArch64 assembly --------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Prints each function that has FMAs, and a line for each of its innermost
loops that holds at least half as many as the one with most."""

import re
import sys

BRANCH = re.compile(r"(?:b|b\.\w+|[ct]bn?z)\s.*?(\.L\w+)$")


def functions(lines):
    """Name and lines of each function, comments and directives left out."""
    name, body = None, []
    for line in lines:
        code = line.split("//")[0].strip()
        if code.endswith(":") and not code.startswith(".L"):
            yield name, body
            name, body = code[:-1], []
        elif code.endswith(":") or code and not code.startswith("."):
            body.append(code)
    yield name, body


def innermost_loops(body):
    labels, latest_start = {}, -1
    for end, code in enumerate(body):
        if code.endswith(":"):
            labels[code[:-1]] = end
        branch = BRANCH.match(code)
        start = labels.get(branch.group(1), -1) if branch else -1
        if start > latest_start:
            yield body[start : end + 1]
        latest_start = max(latest_start, start)


def multiply_adds(loop):
    return [code for code in loop if code.startswith("fmla")]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        for name, body in functions(file):
            loops = list(innermost_loops(body))
            most = max((len(multiply_adds(loop)) for loop in loops), default=0)
            if most > 0:
                print(name)
            for loop in loops:
                fmas = multiply_adds(loop)
                if most == 0 or 2 * len(fmas) < most:
                    continue
                sums = {re.split(r"[\s.]+", code)[1] for code in fmas}
                stack = [code for code in loop if re.search(r"\[sp\b", code)]
                print(
                    "%d FMAs to %s 16 sums, %d stack accesses"
                    % (
                        len(fmas),
                        "at least" if len(sums) >= 16 else "fewer than",
                        len(stack),
                    )
                )


main()
