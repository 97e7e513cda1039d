# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# DuckDB's shared library and the header of its C API: the system's if it is new enough, else DuckDB's own binary, which
# it publishes as an npm package, and duckdb.h from its source distribution of the same version for Python. Both are
# fetched by the package clients that are there, so that the machine's own mirrors serve them (docs/adr/0007-duckdb.md).

readonly DUCKDB_OLDEST=1.5.6
readonly DUCKDB_VERSION=1.5.6
readonly DUCKDB_NPM_REVISION=r.1
readonly DUCKDB_HEADER_SHA256=e85f70155b5948c8575e59f66e60d43575cec8b252293534c9e8598eb313a293
readonly DUCKDB_SOURCES_SHA256=166a91dbfacfc0c9f08cc76c0243cb6d3d4296bfab5bad72a3cfb63140a5b7c8

# What npm packs for this machine: package and SHA-256 of the tarball.
duckdb_npm_package() {
  case "$(uname -m)" in
    x86_64) echo "@duckdb/node-bindings-linux-x64 1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff" ;;
    aarch64) echo "@duckdb/node-bindings-linux-arm64 3a45a6305b3235a781ed9de25aa795a3862acd042782d1f864e1bdb656de212b" ;;
    *) die "no DuckDB binary is pinned for $(uname -m): install libduckdb >= $DUCKDB_OLDEST yourself" ;;
  esac
}

# DuckDB comes with a CMake package, and with no file for pkg-config.
system_duckdb_is_enough() {
  local library
  library=$(find /usr/lib /usr/local/lib -maxdepth 2 -name libduckdb.so 2>/dev/null | head -1)
  [[ -n $library ]] || return 1
  python3 - "$library" "$DUCKDB_OLDEST" <<'END'
import ctypes, re, sys
library = ctypes.CDLL(sys.argv[1])
library.duckdb_library_version.restype = ctypes.c_char_p
have, want = ([int(n) for n in re.findall(r"\d+", v)[:3]] for v in (library.duckdb_library_version().decode(), sys.argv[2]))
sys.exit(have < want)
END
}

# npm only where it is missing: what a machine has beside Debian's (NodeSource's, say) conflicts with Debian's package.
ensure_npm() {
  command -v npm >/dev/null && return 0
  command -v apt-get >/dev/null || die "npm is needed: install it"
  say "setup: installing npm"
  as_root apt-get -q update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends npm
}

check_sha256() { printf '%s  %s\n' "$1" "$2" | sha256sum -c --quiet --strict - >&2 || die "$2 is not what is pinned"; }

# npm pack fetches a package's tarball and runs none of its scripts.
fetch_duckdb_library() {
  local folder=$1 package sha256 tarball
  read -r package sha256 <<<"$(duckdb_npm_package)"
  ensure_npm
  tarball=$(cd "$folder" && npm pack --silent --ignore-scripts --cache "$folder/npm" \
    "$package@$DUCKDB_VERSION-$DUCKDB_NPM_REVISION" | tail -1)
  check_sha256 "$sha256" "$folder/$tarball"
  tar -xzf "$folder/$tarball" -C "$folder" package/libduckdb.so package/LICENSE
}

# pip asks a source distribution for its metadata before it keeps it, and that asks for the tools it would be built with.
fetch_duckdb_header() {
  local folder=$1 sources
  sources=duckdb-$DUCKDB_VERSION
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes \
    --requirement "$TOOLS/setup/duckdb-requirements.txt"
  PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps \
    --no-binary :all: --no-build-isolation --dest "$folder" "duckdb==$DUCKDB_VERSION"
  check_sha256 "$DUCKDB_SOURCES_SHA256" "$folder/$sources.tar.gz"
  tar -xzf "$folder/$sources.tar.gz" -C "$folder" --strip-components=5 \
    "$sources/external/duckdb/src/include/duckdb.h"
  check_sha256 "$DUCKDB_HEADER_SHA256" "$folder/duckdb.h"
}

install_duckdb() {
  local work
  work=$(mktemp -d "$K2I_DEPS/duckdb.XXXXXX")
  # shellcheck disable=SC2064 # the folder's name as it is now
  trap "rm -rf '$work'" EXIT
  fetch_duckdb_library "$work"
  fetch_duckdb_header "$work"
  mkdir -p "$work/new/lib" "$work/new/include"
  mv "$work/package/libduckdb.so" "$work/package/LICENSE" "$work/new/lib/"
  mv "$work/duckdb.h" "$work/new/include/"
  replace_dir "$work/new" "$K2I_DEPS/duckdb"
}

setup_duckdb() {
  system_duckdb_is_enough && return 0
  step duckdb "$K2I_DEPS/duckdb/lib/libduckdb.so" install_duckdb "$TOOLS/setup/duckdb.sh" \
    "$TOOLS/setup/duckdb-requirements.txt"
}
