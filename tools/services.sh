#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
tools=$(dirname "${BASH_SOURCE[0]}")
"$tools/setup.sh"
PYTHONPATH="$tools" exec "${K2I_DEPS:-$tools/../.deps}/venv/bin/python" -m services "$@"
