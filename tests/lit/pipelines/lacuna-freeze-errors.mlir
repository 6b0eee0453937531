// RUN: lacuna-opt %s --lacuna-freeze="lanes=8 batch=0" --verify-diagnostics

// expected-error@+1 {{batch between 1 and 65536}}
module {
}
