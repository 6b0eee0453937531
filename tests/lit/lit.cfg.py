# Tests of single passes, of pipelines and of the code they lead to.
import os
import re
import sys

import lit.formats

config.name = "lacuna"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)

config.environment["PATH"] = os.pathsep.join(
    [config.lacuna_tools_dir, config.llvm_tools_dir, config.environment["PATH"]]
)
# The diff of a failure names the line of the check that failed.
config.environment["FILECHECK_OPTS"] = "--dump-input-filter=error"

# From kernel loops to the code that the JIT would emit.
with open(os.path.join(config.lacuna_source_dir, "compiler/OptimisationPasses.inc")) as f:
    passes = "".join(re.findall(r'^"(.*)"$', f.read(), re.MULTILINE))
config.substitutions.append(("%optimise", f"opt -S -passes='{passes}'"))
config.substitutions.append(("%python", sys.executable))
