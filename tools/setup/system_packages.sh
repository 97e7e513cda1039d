# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Packages of the system's own package manager.

wanted_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$TOOLS/apt-packages.txt"; }

missing_packages() {
  local wanted installed
  wanted=$(wanted_packages | sort -u)
  # shellcheck disable=SC2086 # one word a package
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^ii *//p' | sort -u)
  comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# Asked at every run rather than stamped: packages can be removed behind our back, and asking is cheap.
install_system_packages() {
  local missing
  command -v dpkg-query >/dev/null || { say "setup: no dpkg here; see tools/apt-packages.txt for what is needed"; return 0; }
  missing=$(missing_packages)
  [[ -n $missing ]] || return 0
  say "setup: installing" $missing
  as_root apt-get -q update
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
}
