#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every Google Benchmark program under bench/; arguments go to each of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/build.sh release
shopt -s nullglob
programs=(build/release/bench/*_bench)
((${#programs[@]})) || { echo "bench: no program build/release/bench/*_bench" >&2; exit 1; }
for program in "${programs[@]}"; do
  echo "== $program"
  "$program" "$@"
done
