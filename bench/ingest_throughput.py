# SPDX-License-Identifier: Apache-2.0
"""./dev bench ingest [--records N] [--set section.key=value …]: Kafka to a committed Iceberg table, end to end.

Fills a topic of 8 partitions (lz4 batches) first, then runs `k2i ingest` beside the broker until the last row is committed: a
group member, decoding, zstd Parquet, fsync, the SQLite catalog, the transaction log. Prints figures and judges nothing.
"""

import argparse
import platform
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from demo import events
from harness.k2i_process import K2I, ingest_config
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from services import Kafka

TOPIC = TABLE = "events"
PARTITIONS = 8


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores of {model}, {gigabytes:.0f} GiB, Linux {platform.release()}"


def peak_memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def settings(texts: list[str]) -> dict:
    """["buffer.max_size_mb=64"] as {"buffer": {"max_size_mb": 64}}."""
    config: dict = {}
    for text in texts:
        key, value = text.split("=", 1)
        section, name = key.rsplit(".", 1)
        config.setdefault(section, {})[name] = int(value) if value.lstrip("-").isdigit() else value
    return config


def measure(process: K2I, records: int, megabytes: float) -> None:
    """From the first row read until everything is committed: once all is read, SIGTERM asks for the last commit."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.start()
    deadline = time.monotonic() + 600
    first_row, peak = None, 0.0
    while (consumed := process.metric("k2i_messages_consumed_total")) < records:
        first_row = first_row or (time.monotonic() if consumed else None)
        peak = max(peak, peak_memory_mb(process.pid))
        if time.monotonic() > deadline or not process.is_running():
            raise SystemExit(f"k2i did not finish:\n{process.log_tail()}")
        time.sleep(0.05)
    peak = max(peak, peak_memory_mb(process.pid))
    if process.terminate(120) != 0:
        raise SystemExit(f"k2i failed:\n{process.log_tail()}")
    seconds = time.monotonic() - (first_row or time.monotonic())
    report(process, records, megabytes, seconds, peak, before)


def report(process: K2I, records: int, megabytes: float, seconds: float, peak: float, before) -> None:
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    stopped = next(line for line in reversed(process.logs()) if line["event"] == "stopped")
    if stopped["committed_rows"] != records:
        raise SystemExit(f"{stopped['committed_rows']} of {records} rows were committed")
    print(f"rows                 {records:,} in {seconds:.2f} s, from the first row read to the end after the last commit")
    print(f"throughput           {records / seconds:,.0f} rows/s, {megabytes / seconds:,.1f} MB/s of JSON")
    print(f"CPU                  {(user + system) * 1e6 / records:.2f} s per million rows ({user:.2f} user, {system:.2f} system)")
    print(f"peak memory          {peak:.0f} MB resident")
    print(f"commits              {stopped['commits']}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="texts", metavar="section.key=value")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine              {machine()}")
    try:
        with Kafka(folder / "kafka") as kafka:
            create_topic(kafka.bootstrap_servers, TOPIC, PARTITIONS)
            events.produce(kafka.bootstrap_servers, TOPIC, PARTITIONS, given.records)
            size = sum(len(events.event(n)[0]) for n in range(0, given.records, given.records // 1000 or 1)) / len(range(0, given.records, given.records // 1000 or 1))
            print(f"events               {given.records:,} of {size:.0f} bytes JSON, 12 members, {PARTITIONS} partitions, Kafka 4.4.0 beside")
            for run in range(given.runs):
                warehouse = SqlWarehouse(folder / f"warehouse{run}")
                config = ingest_config(warehouse, kafka.bootstrap_servers, TOPIC, TABLE, **settings(given.texts))
                config["kafka"]["group_id"] = f"bench-{run}"
                measure(K2I(folder / f"k2i{run}", config), given.records, given.records * size / 1e6)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
