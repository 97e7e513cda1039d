# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# librdkafka: the system's if it is new enough, else upstream sources that Debian packages, fetched through the
# machine's own Debian mirror. From 2.12 on it speaks Kafka 4's consumer group protocol (KIP-848) for production; Debian
# 12's 2.0.2 fails SCRAM against Kafka 4. Each version has a folder of its own; the
# link librdkafka-current says which one is built against.

readonly RDKAFKA_OLDEST=2.12.0
# version, SHA-256, Debian suite; tried in this order. A suite that is still moving drops a version when it takes the next:
# then the stable suite's, which lacks only group_protocol = "consumer", is better than none.
readonly RDKAFKA_SOURCES=(
  "2.14.2 4d53568c13717b167d12c7b2a0fe12aeb5d6bfe02de53df5b68f86d870a81b33 forky"
  "2.14.2 4d53568c13717b167d12c7b2a0fe12aeb5d6bfe02de53df5b68f86d870a81b33 sid"
  "2.8.0 5bd1c46f63265f31c6bfcedcde78703f77d28238eadf23821c2b43fc30be3e25 trixie"
)

system_rdkafka_is_enough() { pkg-config --atleast-version="$RDKAFKA_OLDEST" rdkafka 2>/dev/null; }

# The mirror that the machine uses for Debian itself; its security archive has no librdkafka.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    grep -v security | sort -u | head -1
}

# Runs apt-get with a source list and state of our own; the machine's lists stay as they are.
private_apt_get() {
  local state=$1
  shift
  apt-get -q -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root "$@"
}

# download_rdkafka FOLDER VERSION SHA256 SUITE : fails when the mirror has no such version, or another content of it.
# Called where errexit is off, hence the explicit ends.
download_rdkafka() {
  local state=$1 version=$2 sha256=$3 suite=$4 mirror revision
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || die "no Debian mirror among this machine's package sources: install librdkafka >= $RDKAFKA_OLDEST yourself"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$mirror" "$suite" >"$state/sources.list"
  private_apt_get "$state" update >&2 || return 1
  revision=$(cd "$state" && private_apt_get "$state" source --print-uris librdkafka 2>/dev/null |
    sed -n "s/.* librdkafka_\\($version-[^ ]*\\)\\.dsc .*/\\1/p" | head -1)
  [[ -n $revision ]] || return 1
  (cd "$state" && private_apt_get "$state" source --download-only "librdkafka=$revision" >&2) || return 1
  (cd "$state" && printf '%s  librdkafka_%s.orig.tar.gz\n' "$sha256" "$version" | sha256sum -c --quiet -)
}

build_rdkafka() {
  local source=$1 prefix=$2
  cd "$source" || die "no $source"
  { ./configure --prefix="$prefix" --disable-debug-symbols && make -j"$(nproc)" libs && make -C src install; } \
    >"$source/build.log" 2>&1 || { tail -30 "$source/build.log" >&2; die "librdkafka does not build"; }
}

# install_rdkafka_from VERSION SHA256 SUITE : false when it cannot be had; a build that breaks is the end.
install_rdkafka_from() {
  local version=$1 work prefix
  prefix="$K2I_DEPS/librdkafka-$version"
  work=$(mktemp -d "$K2I_DEPS/librdkafka.XXXXXX")
  if ! download_rdkafka "$work" "$@"; then
    rm -rf "$work"
    return 1
  fi
  mkdir "$work/source"
  tar -xzf "$work/librdkafka_$version.orig.tar.gz" -C "$work/source" --strip-components=1
  rm -rf "$prefix"
  (build_rdkafka "$work/source" "$prefix") || exit 1
  rm -rf "$work"
}

install_rdkafka() {
  local source
  for source in "${RDKAFKA_SOURCES[@]}"; do
    # shellcheck disable=SC2086 # three words
    if install_rdkafka_from $source; then
      ln -sfn "librdkafka-${source%% *}" "$K2I_DEPS/librdkafka-current"
      return 0
    fi
    say "setup: the mirror has no librdkafka ${source%% *} in ${source##* }"
  done
  die "no librdkafka to be had: install librdkafka >= $RDKAFKA_OLDEST yourself"
}

setup_rdkafka() {
  system_rdkafka_is_enough && return 0
  step librdkafka-current "$K2I_DEPS/librdkafka-current/lib/librdkafka.so" install_rdkafka "$TOOLS/setup/librdkafka.sh"
}
