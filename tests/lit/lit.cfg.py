# Tests of single passes, of pipelines and of the code they lead to.
import os
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

# From kernel loops to the code that the JIT would emit; the JIT's pass list is
# in compiler/KernelCompiler.cpp.
config.substitutions.append(
    (
        "%optimise",
        "opt -S -passes='function(sroa,early-cse<memssa>,"
        "instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),"
        "early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg)'",
    )
)
config.substitutions.append(("%python", sys.executable))
