// RUN: split-file %s %t
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t/missing.json 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t 2>&1 | FileCheck %s --check-prefix=FOLDER
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t/cut.json 2>&1 | FileCheck %s --check-prefix=CUT
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor=descriptor=%t/range.json 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor="descriptor=%t/good.json operation=grad-input bias=true" 2>&1 | FileCheck %s --check-prefix=BIAS
// RUN: not lacuna-opt %t/module.mlir --lacuna-import-descriptor="descriptor=%t/good.json name=" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not lacuna-opt %t/taken.mlir --lacuna-import-descriptor=descriptor=%t/good.json 2>&1 | FileCheck %s --check-prefix=TAKEN

// NONE: error: descriptor: is missing, must be a file
// MISSING: error: {{.*}}missing.json: cannot open
// FOLDER: error: {{.*}}.tmp: is not a regular file
// CUT: error: {{.*}}cut.json
// RANGE: error: {{.*}}range.json: active[1]
// BIAS: error: bias: only the forward operation has one
// NAME: error: name: is empty, must name a function
// TAKEN: taken.mlir:{{[0-9]+}}:1: error: has the name 'kernel' that is asked for: give the layer another

//--- module.mlir
module {
}

//--- taken.mlir
func.func private @kernel()

//--- cut.json
{"version": 1, "op": "linear",

//--- range.json
{
  "version": 1, "op": "linear", "dtype": "f32",
  "geometry": {"in_features": 8, "out_features": 4},
  "scheme": "unstructured", "active": [0, 32]
}

//--- good.json
{
  "version": 1, "op": "linear", "dtype": "f32",
  "geometry": {"in_features": 8, "out_features": 4},
  "scheme": "unstructured", "active": [0, 31]
}
