# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Python environment of the tests and the demo.

install_venv() {
  # Not built aside and moved: a virtual environment knows its own path.
  rm -rf "$K2I_DEPS/venv"
  python3 -m venv "$K2I_DEPS/venv"
  "$K2I_DEPS/venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes \
    --requirement "$TOOLS/requirements.txt"
}

setup_venv() {
  step venv "$K2I_DEPS/venv/bin/pytest" install_venv "$TOOLS/requirements.txt" "$TOOLS/setup/python.sh"
}
