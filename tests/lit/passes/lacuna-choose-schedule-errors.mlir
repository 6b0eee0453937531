// RUN: lacuna-opt %s --lacuna-choose-schedule=lanes=0 --verify-diagnostics
// RUN: lacuna-opt %s --lacuna-choose-schedule=lanes=12 --verify-diagnostics
// RUN: lacuna-opt %s --lacuna-choose-schedule=lanes=4611686018427387904 --verify-diagnostics
// RUN: lacuna-opt %s --lacuna-choose-schedule=vector-registers=0 --verify-diagnostics
// RUN: lacuna-opt %s --lacuna-choose-schedule=l1-bytes=-1 --verify-diagnostics
// RUN: lacuna-opt %s --lacuna-choose-schedule=l1-bytes=4611686018427387904 --verify-diagnostics
// RUN: not lacuna-opt %s --lacuna-choose-schedule="lanes=12 l1-bytes=7" 2>&1 | FileCheck %s --check-prefix=GIVEN
// RUN: not lacuna-opt %s --lacuna-choose-schedule=level=baked 2>&1 | FileCheck %s

// GIVEN: l1-bytes between 1 and 4194304; they are 12, 32 and 7
// CHECK: for the --level option: Cannot find option named 'baked'

// expected-error@+1 {{lanes must be a power of two up to 64, vector-registers positive, l1-bytes between 1 and 4194304}}
module {
}
