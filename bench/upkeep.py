# SPDX-License-Identifier: Apache-2.0
"""./dev bench upkeep [--minutes N] [--rate N]: how many files a stream leaves behind, with and without compaction.

N minutes (60) of a stream of 10,000 records a second, 24 times as fast: the records are there before, and a quota of the broker's lets them
through at that speed. Each commit takes as many of them as 30 seconds of the stream would bring; compaction runs in the background of
`k2i ingest`, as often as every 10 minutes of the stream. Prints figures and judges nothing.
"""

import argparse
import shutil
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from demo import events
from harness.k2i_process import K2I, ingest_config
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from ingest_throughput import machine
from services import Kafka
from services.places import LOOPBACK

TOPIC = TABLE = "events"
PARTITIONS = 8
COMMIT_SECONDS = 30
COMPACTION_SECONDS = 600
SPEED = 24


def summaries(warehouse: SqlWarehouse) -> list[dict]:
    """Of all snapshots, oldest first."""
    table = warehouse.pyiceberg().load_table(("lake", TABLE))
    return [{"operation": s.summary.operation.value} | dict(s.summary.additional_properties) for s in table.metadata.snapshots]


def total(found: list[dict], key: str) -> int:
    return sum(int(each.get(key, 0)) for each in found)


def show(name: str, warehouse: SqlWarehouse, records: int) -> None:
    found = summaries(warehouse)
    files = list(warehouse.pyiceberg().load_table(("lake", TABLE)).scan().plan_files())
    assert sum(task.file.record_count for task in files) == records, "not every row is there"
    appends = [each for each in found if each["operation"] == "append"]
    replaced = [each for each in found if each["operation"] == "replace"]
    written, kept = total(found, "added-files-size"), sum(task.file.file_size_in_bytes for task in files)
    sizes = sorted(task.file.file_size_in_bytes / 1e6 for task in files)
    print(f"{name}:")
    print(f"  live data files      {len(files)}, of {sizes[0]:.1f} to {sizes[-1]:.1f} MB, {kept / 1e6:,.0f} MB together")
    print(f"  data files written   {total(found, 'added-data-files')} ({total(appends, 'added-data-files')} by {len(appends)} commits of the stream, {total(replaced, 'added-data-files')} by {len(replaced)} of compaction)")
    print(f"  bytes written        {written / 1e6:,.0f} MB, {written / kept:.2f} for each byte kept", flush=True)


def text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def let_through(kafka: Kafka, bytes_per_second: int) -> None:
    """No consumer gets more than that: AlterClientQuotas (KIP-546), for which the client library has no call."""
    entity = struct.pack(">i", 1) + text("client-id") + struct.pack(">h", -1)  # every client's default
    quota = struct.pack(">i", 1) + text("consumer_byte_rate") + struct.pack(">d?", bytes_per_second, False)
    request = struct.pack(">hhih", 49, 0, 1, -1) + struct.pack(">i", 1) + entity + quota + struct.pack(">?", False)
    with socket.create_connection((LOOPBACK, kafka.port), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb").read(18)
    error = struct.unpack(">iiiih", answer)[4]
    if error != 0:
        raise SystemExit(f"the broker refuses the quota: error {error}")


def stored_bytes(kafka: Kafka) -> int:
    return sum(path.stat().st_size for path in kafka.folder.rglob(f"{TOPIC}-*/*.log"))


def run(folder: Path, kafka: Kafka, name: str, records: int, per_commit: int, compaction_seconds: int) -> None:
    warehouse = SqlWarehouse(folder / f"warehouse-{name}")
    config = ingest_config(
        warehouse, kafka.bootstrap_servers, TOPIC, TABLE,
        buffer={"flush_interval_seconds": 3600, "flush_batch_size": per_commit},
        maintenance={"compaction_enabled": compaction_seconds > 0, "compaction_interval_seconds": max(1, compaction_seconds), "snapshot_expiration_enabled": False, "manifest_rewrite_interval_seconds": 0},
        kafka={"group_id": f"upkeep-{name}"},
    )  # fmt: skip
    process = K2I(folder / f"k2i-{name}", config).start()
    started = time.monotonic()
    while process.metric("k2i_messages_consumed_total") < records:
        if not process.is_running():
            raise SystemExit(process.log_tail())
        time.sleep(0.1)
    seconds = time.monotonic() - started
    # The stream would go on: its next compaction is due.
    runs = process.metric("k2i_maintenance_runs_total")
    while compaction_seconds and process.metric("k2i_maintenance_runs_total") == runs:
        time.sleep(0.2)
    if process.terminate(120) != 0:
        raise SystemExit(process.log_tail())
    print(f"{records:,} records in {seconds:.0f} s")
    show(name, warehouse, records)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench upkeep", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=10_000)
    given = parser.parse_args()
    records, per_commit = given.minutes * 60 * given.rate, COMMIT_SECONDS * given.rate
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine: {machine()}")
    print(f"{given.minutes} minutes of {given.rate:,} records a second, {per_commit:,} records a commit")
    try:
        with Kafka(folder / "kafka") as kafka:
            create_topic(kafka.bootstrap_servers, TOPIC, PARTITIONS)
            events.produce(kafka.bootstrap_servers, TOPIC, PARTITIONS, records)
            let_through(kafka, stored_bytes(kafka) * SPEED // (given.minutes * 60))
            run(folder, kafka, "without", records, per_commit, compaction_seconds=0)
            run(folder, kafka, "with", records, per_commit, compaction_seconds=COMPACTION_SECONDS // SPEED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
