# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Arrow C++: the system's if it is new enough, else the headers and libraries of the pyarrow wheel.

readonly ARROW_OLDEST=25

system_arrow_is_enough() { pkg-config --atleast-version="$ARROW_OLDEST" arrow parquet arrow-compute arrow-flight 2>/dev/null; }

# Prints the requirement of one package with its hashes, as the lock file has it.
locked_requirement() {
  awk -v name="$1" '
    index($0, name "==") == 1 { inside = 1 }
    inside && /^ *#/ { exit }
    inside { print }' "$TOOLS/requirements.txt"
}

# The wheel is chosen by a fixed tag, so that the machine's Python may be of any version.
download_arrow_wheel() {
  locked_requirement pyarrow >"$1/pyarrow.txt"
  python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --implementation cp --python-version 3.11 --abi cp311 --platform "manylinux_2_28_$(uname -m)" \
    --dest "$1" --requirement "$1/pyarrow.txt"
}

# The wheel carries libraries by their soname only; a linker wants the plain name too.
link_plain_names() {
  local library
  for library in "$1"/*.so.*; do
    ln -sf "$(basename "$library")" "${library%%.so.*}.so"
  done
}

install_arrow() {
  local work
  work=$(mktemp -d "$K2I_DEPS/arrow.XXXXXX")
  # shellcheck disable=SC2064 # the folder's name as it is now
  trap "rm -rf '$work'" EXIT
  download_arrow_wheel "$work"
  unzip -q "$work"/pyarrow-*.whl 'pyarrow/include/*' 'pyarrow/lib*.so.*' -d "$work/wheel"
  mkdir -p "$work/new/lib"
  mv "$work/wheel/pyarrow/include" "$work/new/include"
  mv "$work"/wheel/pyarrow/lib*.so.* "$work/new/lib/"
  rm -f "$work"/new/lib/libarrow_python* "$work"/new/lib/libarrow_flight_python*
  link_plain_names "$work/new/lib"
  replace_dir "$work/new" "$K2I_DEPS/arrow"
}

setup_arrow() {
  system_arrow_is_enough && return 0
  step arrow "$K2I_DEPS/arrow/lib/libarrow.so" install_arrow \
    "$TOOLS/setup/arrow.sh" <(locked_requirement pyarrow)
}
