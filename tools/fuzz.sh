#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/fuzz.sh [TARGET…] [--seconds N] : runs the fuzz targets of tests/fuzz, or these, for N seconds each (60), as many
# side by side as there are processors. What was found to reach new code stays in build/fuzz-corpus for the next run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Clang before 16 cannot compile libstdc++'s std::expected.
readonly OLDEST=16
CORPUS=$PWD/build/fuzz-corpus
BINARIES=$PWD/build/fuzz/tests/fuzz
SECONDS_EACH=60

links_fuzzers() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    "$1" -x c++ - -fsanitize=fuzzer,address -o /dev/null 2>/dev/null
}

newest_clang() {
  local version
  for version in $(seq 40 -1 "$OLDEST"); do
    if command -v "clang++-$version" >/dev/null && links_fuzzers "clang++-$version"; then
      echo "$version"
      return 0
    fi
  done
  echo "fuzz: needs clang $OLDEST or newer with its runtime (packages clang-19 and libclang-rt-19-dev)" >&2
  return 1
}

build() {
  local version
  version=$(newest_clang)
  tools/setup.sh build
  CC=clang-$version CXX=clang++-$version cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz --target "$@"
  # For stacks with names.
  ASAN_SYMBOLIZER_PATH=$(command -v "llvm-symbolizer-$version" || command -v llvm-symbolizer || true)
  export ASAN_SYMBOLIZER_PATH
}

# One target; a line about it at the end, and more where it has found something.
run_target() {
  local target=$1 outcome=0
  local corpus=$CORPUS/$target/corpus seeds=$CORPUS/$target/seeds finds=$CORPUS/$target/finds log=$CORPUS/$target/log
  local empty=$CORPUS/$target/empty
  rm -rf "$seeds" "$empty"
  mkdir -p "$corpus" "$seeds" "$finds" "$empty"
  # In a folder where a file name that the fuzzer makes up leads nowhere.
  cd "$empty"
  K2I_FUZZ_SEEDS=$seeds "$BINARIES/$target"
  # Finds of earlier runs are read too: they fail again until they are mended.
  ASAN_OPTIONS=malloc_context_size=4 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 "$BINARIES/$target" -max_total_time="$SECONDS_EACH" -max_len=16384 -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$finds/" "$corpus" "$seeds" "$finds" >"$log" 2>&1 || outcome=$?
  report "$target" "$log"
  ((outcome == 0)) || report_find "$target" "$log"
  return "$outcome"
}

report() {
  local rate coverage size
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$2")
  coverage=$(grep -o 'cov: [0-9]*' "$2" | tail -n 1) || true
  size=$(grep -o 'corp: [0-9]*' "$2" | tail -n 1) || true
  printf '%-18s %6s runs/s  %s edges  %s inputs\n' "$1" "${rate:-?}" "${coverage:-cov: ?}" "${size:-corp: ?}"
}

report_find() {
  local find
  find=$(sed -n 's/.*Test unit written to //p' "$2" | tail -n 1)
  # An input that was there already is not written again: it is the last one that was begun.
  grep -aE 'BROKEN PROMISE|ERROR: |runtime error|SUMMARY' "$2" | head -n 5 || tail -n 20 "$2"
  echo "FAILED  $1; all of it: $2"
  [[ -z $find ]] || echo "  replay: build/fuzz/tests/fuzz/$1 ${find#"$PWD/"}"
}

main() {
  local targets=()
  while (($#)); do
    case $1 in
      --seconds)
        SECONDS_EACH=${2:?--seconds takes a number}
        shift
        ;;
      -*)
        echo "usage: ./dev fuzz [TARGET…] [--seconds N]" >&2
        exit 64
        ;;
      *) targets+=("$1") ;;
    esac
    shift
  done
  if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(sed -n 's/^k2i_fuzz_target(\([a-z_]*\) .*/\1/p' tests/fuzz/CMakeLists.txt)
  fi
  build "${targets[@]}"
  export CORPUS BINARIES SECONDS_EACH
  export -f run_target report report_find
  printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'set -euo pipefail; run_target {}' ||
    { echo "fuzz: found something" >&2 && exit 1; }
}

main "$@"
