# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Kafka, the Iceberg REST server and its clouds, Spark's Iceberg jars, the Flight SQL driver and the Hive Metastore, each a
# folder of jars with known sums.

readonly MAVEN_DEPENDENCY=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
readonly REST_FIXTURES=org.apache.iceberg:iceberg-open-api:1.11.0:jar:test-fixtures

# Maven colours even its silence.
maven() { mvn -q -B -C "$@" 2>&1 | sed 's|\x1b\[[0-9;]*m||g' >&2; }

copy_jars() {
  maven -f "$TOOLS/services/java/$1/pom.xml" "$MAVEN_DEPENDENCY:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$2"
}

# iceberg-open-api has no pom, so it cannot be a dependency of ours.
copy_rest_fixtures() {
  maven "$MAVEN_DEPENDENCY:copy" -Dartifact="$REST_FIXTURES" -DoutputDirectory="$1"
}

# Both directions: no jar with another sum, and no jar that is not listed.
check_sums() {
  local sums=$1 folder=$2
  (cd "$folder" && sha256sum -c --quiet --strict "$sums") || die "$folder: sums differ from $sums"
  diff <(awk '{print $2}' "$sums") <(cd "$folder" && ls | LC_ALL=C sort) >&2 || die "$folder: not the files of $sums"
}

install_jars() {
  local name=$1 new
  new=$(mktemp -d "$K2I_DEPS/java-$name.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$new'" EXIT
  copy_jars "$name" "$new"
  [[ $name != iceberg-rest ]] || copy_rest_fixtures "$new"
  chmod 755 "$new"
  check_sums "$TOOLS/services/java/$name/SHA256SUMS" "$new"
  replace_dir "$new" "$K2I_DEPS/java/$name"
}

install_kafka_4() { install_jars kafka-4.4.0; }
install_kafka_3() { install_jars kafka-3.9.2; }
install_iceberg_rest() { install_jars iceberg-rest; }
install_iceberg_clouds() { install_jars iceberg-clouds; }
install_spark() { install_jars spark; }
install_flight_sql() { install_jars flight-sql; }
install_hive_hadoop() { install_jars hive-hadoop; }

# A distribution with scripts beside its jars: one archive of a known sum, unpacked without its top folder.
install_archive() {
  local name=$1 artifact=$2 new
  new=$(mktemp -d "$K2I_DEPS/java-$name.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$new'" EXIT
  maven "$MAVEN_DEPENDENCY:copy" -Dartifact="$artifact" -DoutputDirectory="$new/archive"
  check_sums "$TOOLS/services/java/$name/SHA256SUMS" "$new/archive"
  mkdir "$new/unpacked"
  tar xzf "$new"/archive/*.tar.gz -C "$new/unpacked" --strip-components=1 --no-same-owner
  replace_dir "$new/unpacked" "$K2I_DEPS/java/$name"
}

install_hive_3_1_3() { install_archive hive-3.1.3 org.apache.hive:hive-standalone-metastore:3.1.3:tar.gz:bin; }
install_hive_4_0_1() { install_archive hive-4.0.1 org.apache.hive:hive-standalone-metastore-server:4.0.1:tar.gz:bin; }

# Beside the jars, not among them: their sums name every file of that folder.
install_rest_main() {
  local new
  new=$(mktemp -d "$K2I_DEPS/java-rest-main.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$new'" EXIT
  javac -nowarn -cp "$K2I_DEPS/java/iceberg-rest/*" -d "$new" "$TOOLS/services/java/iceberg-rest/LoopbackRestServer.java"
  replace_dir "$new" "$K2I_DEPS/java/iceberg-rest-main"
}

java_step() {
  local name=$1 function=$2
  step "java-$name" "$K2I_DEPS/java/$name" "$function" \
    "$TOOLS/services/java/$name/pom.xml" "$TOOLS/services/java/$name/SHA256SUMS" "$TOOLS/setup/java.sh"
}

setup_java() {
  local name
  java_step kafka-4.4.0 install_kafka_4
  java_step kafka-3.9.2 install_kafka_3
  java_step iceberg-rest install_iceberg_rest
  java_step iceberg-clouds install_iceberg_clouds
  java_step spark install_spark
  java_step flight-sql install_flight_sql
  java_step hive-hadoop install_hive_hadoop
  for name in hive-3.1.3 hive-4.0.1; do
    step "java-$name" "$K2I_DEPS/java/$name" "install_${name//[.-]/_}" \
      "$TOOLS/services/java/$name/SHA256SUMS" "$TOOLS/setup/java.sh"
  done
  step java-rest-main "$K2I_DEPS/java/iceberg-rest-main" install_rest_main \
    "$TOOLS/services/java/iceberg-rest/LoopbackRestServer.java" "$TOOLS/services/java/iceberg-rest/SHA256SUMS"
}
