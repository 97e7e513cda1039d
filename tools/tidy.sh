#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/tidy.sh [FILE…] : clang-tidy over these sources, or over all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/sources.sh
. tools/sources.sh

# Clang before 16 cannot compile libstdc++'s std::expected, and Debian 12's default is 14.
readonly OLDEST=16

newest_clang_tidy() {
  local version
  for version in $(seq 40 -1 "$OLDEST"); do
    if command -v "clang-tidy-$version"; then return 0; fi
  done
  version=$(clang-tidy --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
  if ((${version:-0} >= OLDEST)); then command -v clang-tidy; else return 1; fi
}

tidy=$(newest_clang_tidy) || { echo "tidy: needs clang-tidy $OLDEST or newer (package clang-tidy-$OLDEST)" >&2; exit 1; }
tools/setup.sh build
cmake --preset release >/dev/null
# libstdc++ hides std::expected from compilers that claim less of concepts than they have, as Clang before 19 does.
if (($#)); then printf '%s\n' "$@"; else cxx_files | grep '\.cc$'; fi |
  xargs -r -n 1 -P "$(nproc)" "$tidy" --quiet -p build/release --extra-arg=-std=c++2b \
    --extra-arg=-Wno-macro-redefined --extra-arg=-D__cpp_concepts=202002L
