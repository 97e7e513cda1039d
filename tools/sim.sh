#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/sim.sh SEED | --many N [--from SEED] | --mutants [N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ ${1:-} == --mutants ]]; then
  shift
  exec python3 tools/sim_mutants.py "$@"
fi
tools/build.sh release k2i_sim >/dev/null
exec build/release/tests/sim/k2i_sim "$@"
