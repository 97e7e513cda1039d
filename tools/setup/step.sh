# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A set-up step runs once for each state of its inputs.

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 1; }

# Prints one hash over the contents of the files named.
hash_of() { cat -- "$@" | sha256sum | cut -d' ' -f1; }

# step NAME TARGET FUNCTION INPUT... : runs FUNCTION unless TARGET exists and was made from the
# same INPUT files. The stamp is written last, so that an interrupted step runs again.
step() {
  local name=$1 target=$2 function=$3 stamp want started
  shift 3
  stamp="$K2I_DEPS/.stamps/$name"
  want=$(hash_of "$@")
  if [[ -e $target && -f $stamp && $(<"$stamp") == "$want" ]]; then return 0; fi
  mkdir -p "$K2I_DEPS/.stamps"
  rm -f "$stamp"
  started=$SECONDS
  say "setup: $name …"
  # Not in an `if`: that would switch errexit off inside the function.
  ( set -euo pipefail; "$function" )
  printf '%s\n' "$want" >"$stamp"
  say "setup: $name done in $((SECONDS - started)) s"
}

# replace_dir NEW TARGET : puts NEW in TARGET's place, so that a reader never sees half of it.
replace_dir() {
  mkdir -p "$(dirname "$2")"
  rm -rf "$2.old"
  [[ ! -e $2 ]] || mv "$2" "$2.old"
  mv "$1" "$2"
  rm -rf "$2.old"
}
