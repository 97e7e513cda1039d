#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/chaos.sh [OPTION…] : kills, outages and lying connections on real servers (tests/chaos)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/setup.sh
tools/build.sh release k2i
TZ=UTC PYTHONPATH=tools:tests exec "${K2I_DEPS:-.deps}/venv/bin/python" -m chaos "$@"
