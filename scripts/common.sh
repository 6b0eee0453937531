# shellcheck shell=bash
# ===- common.sh - What the scripts share -------------------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
# Sourced, after `set -euo pipefail`. Sets `root` and goes there.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

# The presets in CMakePresets.json build in build, build-dev, build-asan, build-tsan and
# build-arm.
preset=${LACUNA_PRESET:-release}
# shellcheck disable=SC2034 # The scripts that source this read it.
case $preset in
release) build=$root/build ;;
dev | asan | tsan | arm) build=$root/build-$preset ;;
*)
  echo "LACUNA_PRESET is '$preset', must be release, dev, asan, tsan or arm" >&2
  exit 2
  ;;
esac
export LACUNA_PRESET=$preset

# stage TITLE COMMAND...: says what runs, and how long it took or that it failed.
stage() {
  local title=$1 start=$SECONDS status=0
  shift
  echo "==> $title"
  "$@" || status=$?
  if [ "$status" -ne 0 ]; then
    echo "==> $title: failed after $((SECONDS - start)) s (exit code $status)" >&2
    exit "$status"
  fi
  echo "==> $title: $((SECONDS - start)) s"
}
