#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/tidy.sh [FILE…] : clang-tidy over these sources, or over all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/sources.sh
. tools/sources.sh
tools/setup.sh build
cmake --preset release >/dev/null
if (($#)); then printf '%s\n' "$@"; else cxx_files | grep '\.cc$'; fi |
  xargs -r -n 1 -P "$(nproc)" clang-tidy --quiet -p build/release
