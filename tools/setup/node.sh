# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Servers that are npm packages. Their lock files name every package with its sum; none of their scripts is run.

install_azurite() {
  local new
  ensure_npm
  new=$(mktemp -d "$K2I_DEPS/azurite.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$new'" EXIT
  cp "$TOOLS/services/node/azurite/package.json" "$TOOLS/services/node/azurite/package-lock.json" "$new/"
  (cd "$new" && npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --omit=dev --omit=optional) >&2
  chmod 755 "$new"
  replace_dir "$new" "$K2I_DEPS/node/azurite"
}

setup_node() {
  step azurite "$K2I_DEPS/node/azurite/node_modules/azurite/dist/src/blob/main.js" install_azurite \
    "$TOOLS/services/node/azurite/package.json" "$TOOLS/services/node/azurite/package-lock.json" "$TOOLS/setup/node.sh"
}
