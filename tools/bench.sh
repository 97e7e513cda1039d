#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/bench.sh ingest [OPTION…] : end-to-end throughput (bench/ingest_throughput.py)
# tools/bench.sh recovery         : from kill -9 to the next committed row (bench/recovery.py)
# tools/bench.sh log [OPTION…]    : what the transaction log costs (bench/log_cost.py)
# tools/bench.sh query [PART…]    : freshness, look-ups and scans beside ingestion, and what they cost it (bench/query_serving.py)
# tools/bench.sh compaction [OPTION…] : MB/s and CPU of k2i maintenance compact (bench/compaction.py)
# tools/bench.sh upkeep [OPTION…] : files that a stream leaves behind, with and without compaction (bench/upkeep.py)
# tools/bench.sh stores [OPTION…] : MB/s and CPU of uploads to each store (bench/store_upload.py)
# tools/bench.sh catalogs [OPTION…] [NAME…] : how long commits take through each catalog (bench/catalog_commit.py)
# tools/bench.sh flush [OPTION…]  : flushes with their commits on REST + S3 (bench/flush_latency.py)
# tools/bench.sh [OPTION…]        : every Google Benchmark program under bench/; options go to each of them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/setup.sh
tools/build.sh release
if [[ ${1:-} == ingest ]]; then
  shift
  PYTHONPATH=tools exec "${K2I_DEPS:-.deps}/venv/bin/python" bench/ingest_throughput.py "$@"
fi
declare -A whole=([recovery]=recovery [log]=log_cost [query]=query_serving [compaction]=compaction [upkeep]=upkeep [catalogs]=catalog_commit [stores]=store_upload [flush]=flush_latency)
if [[ -n ${1:-} && -n ${whole[$1]:-} ]]; then
  program=${whole[$1]}
  shift
  TZ=UTC PYTHONPATH=tools:tests exec "${K2I_DEPS:-.deps}/venv/bin/python" "bench/$program.py" "$@"
fi
shopt -s nullglob
programs=(build/release/bench/*_bench)
((${#programs[@]})) || { echo "bench: no program build/release/bench/*_bench" >&2; exit 1; }
for program in "${programs[@]}"; do
  echo "== $program"
  "$program" "$@"
done
