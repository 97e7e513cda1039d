#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a bare Debian machine ready to build and test K2I. Idempotent.
#
#   tools/setup.sh [build]    with `build`, only what the compiler needs
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS="$ROOT/tools"
K2I_DEPS=${K2I_DEPS:-$ROOT/.deps}
export K2I_DEPS

for part in step system_packages arrow librdkafka duckdb python java node; do
  # shellcheck source=/dev/null
  . "$TOOLS/setup/$part.sh"
done

# alone LOCK : from now on, instead of the lock before.
alone() {
  exec 9>"$K2I_DEPS/$1"
  flock 9
}

main() {
  local scope=${1:-all}
  mkdir -p "$K2I_DEPS"
  # Two shells may ask for a build at once; the second waits for the first one's set-up.
  alone .lock
  install_system_packages
  setup_arrow
  setup_rdkafka
  setup_duckdb
  [[ $scope == build ]] && return 0
  # Whoever builds need not wait for the rest.
  alone .lock-tests
  setup_venv
  setup_java
  setup_node
}

main "$@"
