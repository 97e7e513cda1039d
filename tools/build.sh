#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/build.sh [PRESET [TARGET…]]
set -euo pipefail
tools=$(dirname "${BASH_SOURCE[0]}")
preset=${1:-release}
[[ $# == 0 ]] || shift
"$tools/setup.sh" build
cmake --preset "$preset"
cmake --build --preset "$preset" ${@:+--target "$@"}
