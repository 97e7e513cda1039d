# SPDX-License-Identifier: Apache-2.0
"""./dev bench flush [--minutes N] [--interval S] [--compaction S]: how long a flush takes, from its seal to the confirmed commit, at 10,000 records
a second into REST + S3 (the reference catalog over SeaweedFS, both on this machine beside Kafka and the producer).

With the default settings a flush comes every 30 seconds and holds 300,000 rows; `--interval` makes more of them, and smaller ones.
`--compaction` has the same process merge what it has written as often as that beside them; 0: never.
Prints figures beside what the product claims, and judges nothing.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from harness.k2i_process import K2I, ingest_config, merged
from harness.log_events import events, percentile
from harness.steady import SteadyProducer, lost_and_doubled
from harness.topics import create_topic
from harness.warehouses import RestWarehouse
from ingest_throughput import machine
from services import S3, IcebergRest, Kafka

PARTITIONS = 8
RATE = 10_000
CLAIMED_P50_S, CLAIMED_P99_S = 0.2, 0.8


def flush_seconds(process: K2I) -> list[tuple[float, int]]:
    return [(line["seconds"], line["rows"]) for _, line in events(process.log_path) if line["event"] == "committed"]


def compactions(warehouse: RestWarehouse, table: str) -> int:
    snapshots = warehouse.pyiceberg().load_table(("lake", table)).metadata.snapshots
    return sum(each.summary.operation.value == "replace" for each in snapshots)


def upkeep(every_s: int | None) -> dict:
    if every_s is None:
        return {}
    return {"maintenance": {"compaction_interval_seconds": every_s} if every_s else {"compaction_enabled": False}}


def measure(folder: Path, kafka: Kafka, rest: IcebergRest, given: argparse.Namespace) -> list[tuple[float, int]]:
    warehouse, table = RestWarehouse(rest), "flushes"
    create_topic(kafka.bootstrap_servers, table, PARTITIONS)
    config = ingest_config(warehouse, kafka.bootstrap_servers, table, table)
    config = merged(config, {"buffer": {"flush_interval_seconds": given.interval}} | upkeep(given.compaction))
    process = K2I(folder / "k2i", config, warehouse.environment()).start()
    try:
        with SteadyProducer(kafka.bootstrap_servers, table, PARTITIONS, rate=RATE) as producer:
            time.sleep(given.minutes * 60)
            producer.stop()
        process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == len(producer.taken), "all records read")
        if process.terminate() != 0:
            raise SystemExit(process.log_tail())
    finally:
        process.kill()
    if lost_and_doubled(warehouse, table, producer.taken) != (0, 0):
        raise SystemExit("rows were lost or doubled")
    print(f"{compactions(warehouse, table)} commits of compaction beside them")
    return flush_seconds(process)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench flush", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--interval", type=int, default=30, help="flush_interval_seconds")
    parser.add_argument("--compaction", type=int, help="compaction_interval_seconds, or 0 for none")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine: {machine()}")
    try:
        with Kafka(folder / "kafka") as kafka, S3(folder / "s3") as s3, IcebergRest(folder / "rest", s3=s3) as rest:
            flushes = measure(folder, kafka, rest, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    # The first has the creation of the table in it, the last is what was left.
    seconds = [each for each, _ in flushes[1:-1]]
    if not seconds:
        raise SystemExit("too few flushes: let it run for longer")
    rows = percentile([rows for _, rows in flushes[1:-1]], 0.5)
    print(f"{len(seconds)} flushes of {rows:,.0f} rows, every {given.interval} s")
    print(f"flush with commit: P50 {percentile(seconds, 0.5):.3f} s, P99 {percentile(seconds, 0.99):.3f} s, longest {max(seconds):.3f} s")
    print(f"claimed: P50 {CLAIMED_P50_S} s, P99 {CLAIMED_P99_S} s")


if __name__ == "__main__":
    sys.exit(main())
