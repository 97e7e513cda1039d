# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# librdkafka: the system's if it is new enough (Debian 12's 2.0.2 fails SCRAM against Kafka 4), else
# the upstream sources that Debian 13 packages, fetched through the machine's own Debian mirror.

readonly RDKAFKA_OLDEST=2.6.0
readonly RDKAFKA_VERSION=2.8.0
readonly RDKAFKA_SHA256=5bd1c46f63265f31c6bfcedcde78703f77d28238eadf23821c2b43fc30be3e25
readonly RDKAFKA_SUITE=trixie

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

download_rdkafka() {
  local state=$1 mirror
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || die "no Debian mirror among this machine's package sources: install librdkafka >= $RDKAFKA_OLDEST yourself"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$mirror" "$RDKAFKA_SUITE" >"$state/sources.list"
  private_apt_get "$state" update >&2
  (cd "$state" && private_apt_get "$state" source --download-only librdkafka >&2)
  (cd "$state" && printf '%s  librdkafka_%s.orig.tar.gz\n' "$RDKAFKA_SHA256" "$RDKAFKA_VERSION" | sha256sum -c --quiet -)
}

build_rdkafka() {
  local source=$1 prefix=$2
  cd "$source"
  { ./configure --prefix="$prefix" --disable-debug-symbols && make -j"$(nproc)" libs && make -C src install; } \
    >"$source/build.log" 2>&1 || { tail -30 "$source/build.log" >&2; die "librdkafka does not build"; }
}

install_rdkafka() {
  local work
  work=$(mktemp -d "$K2I_DEPS/librdkafka.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  download_rdkafka "$work"
  mkdir "$work/source"
  tar -xzf "$work/librdkafka_$RDKAFKA_VERSION.orig.tar.gz" -C "$work/source" --strip-components=1
  rm -rf "$K2I_DEPS/librdkafka"
  build_rdkafka "$work/source" "$K2I_DEPS/librdkafka"
}

setup_rdkafka() {
  system_rdkafka_is_enough && return 0
  step librdkafka "$K2I_DEPS/librdkafka/lib/librdkafka.so" install_rdkafka "$TOOLS/setup/librdkafka.sh"
}
