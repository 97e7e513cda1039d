#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can be said about the sources without running them. Shows all that is wrong, then fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/sources.sh
. tools/sources.sh
tools/setup.sh build
failed=0

check() {
  local name=$1
  shift
  if "$@"; then echo "ok      $name"; else echo "FAILED  $name" && failed=1; fi
}

# Names the files only: what is wrong in them, ./dev fmt knows.
formatted() {
  cxx_files | xargs -r -n 1 -P "$(nproc)" bash -c 'clang-format --dry-run -Werror "$0" 2>/dev/null || { echo "$0"; exit 1; }'
}
configured() { cmake --preset release >/dev/null; }

check "format (./dev fmt mends it)" formatted
check "layers" python3 tools/check_layers.py
check "licence lines" python3 tools/check_sources.py licences
check "no registry named" python3 tools/check_sources.py registries
check "mutants find their texts" python3 tools/sim_mutants.py --texts
check "configures" configured
check "every test registered" python3 tools/check_sources.py tests build/release/compile_commands.json
exit "$failed"
