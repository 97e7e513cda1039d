#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/test.sh [--all] : unit tests, or everything that CI runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=()

# part NAME COMMAND… : runs it, says how long it took, and remembers a failure instead of stopping, so that one
# run shows all that is wrong.
part() {
  local name=$1 started=$SECONDS outcome=ok
  shift
  echo "== $name"
  "$@" || { outcome=FAILED && failed+=("$name"); }
  echo "== $name: $outcome, $((SECONDS - started)) s"
}

# A failed build's old binaries prove nothing.
build_and_test() {
  tools/build.sh "$1" && ctest --preset "$1" -j "$(nproc)"
}

# There, ctest counts programs: how many tests each has run, it says itself.
count_tests() {
  awk '/^\[  PASSED  \] [0-9]+ test/ { passed += $4 } /^\[  SKIPPED \] [0-9]+ test/ { skipped += $4 }
       END { printf "%d tests passed, %d skipped\n", passed, skipped }' build/asan/Testing/Temporary/LastTest.log
}

sanitized() { build_and_test asan && count_tests; }

# What the compiler does not need is downloaded while it works.
set_up_tests() { mkdir -p build && tools/setup.sh >build/setup.log 2>&1; }
test_set_up() { wait "$1" || { cat build/setup.log && return 1; }; }

# Three at a time on two processors, each with servers of its own: most of a test's time is waiting. Whole files, for what tests share
# there, the longest first (conftest.py).
# The test programs are those with sanitizers, the only ones that --all builds; k2i itself is the release.
interop_tests() { K2I_TEST_PROGRAMS=$PWD/build/asan "${K2I_DEPS:-.deps}/venv/bin/pytest" tests/interop -n 3 --dist loadfile --no-loadscope-reorder; }

report() {
  if ((${#failed[@]})); then
    printf 'FAILED after %s s: %s\n' "$SECONDS" "${failed[*]}"
    exit 1
  fi
  echo "all passed in $SECONDS s"
}

case ${1:-} in
  "")
    part "unit tests" build_and_test release
    ;;
  --all)
    part "set-up" tools/setup.sh build
    set_up_tests &
    part "release build" tools/build.sh release k2i k2i_sim
    part "set-up of the tests" test_set_up $!
    part "unit tests with address and undefined-behaviour sanitizers" sanitized
    part "interop" interop_tests
    part "chaos" tools/chaos.sh --short
    ;;
  *)
    echo "usage: ./dev test [--all]" >&2
    exit 64
    ;;
esac
report
