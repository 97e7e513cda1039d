#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
tools=$(dirname "${BASH_SOURCE[0]}")
"$tools/setup.sh"
"$tools/build.sh" release k2i
PYTHONPATH="$tools" exec "${K2I_DEPS:-$tools/../.deps}/venv/bin/python" -m demo "$@"
