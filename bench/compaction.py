# SPDX-License-Identifier: Apache-2.0
"""./dev bench compaction [--rows N] [--files N] [--runs N] [--spark]: what `k2i maintenance compact` takes.

Writes the same rows in many small files with PyIceberg, as a stream of commits would leave them, once without and once with a sort
order, and compacts them; and in files of 250,000 rows, which K2I copies or, told not to, decodes. Prints MB/s of the files read and CPU seconds per GB, and judges nothing.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, IntegerType, LongType, NestedField, StringType, TimestamptzType

from harness.k2i_process import BINARY, K2I, clean_environment, ingest_config
from harness.readers import Spark
from harness.warehouses import CATALOG, SqlWarehouse
from ingest_throughput import machine

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "at", TimestamptzType(), required=False),
    NestedField(3, "user", StringType(), required=False),
    NestedField(4, "page", StringType(), required=False),
    NestedField(5, "status", IntegerType(), required=False),
    NestedField(6, "price", DoubleType(), required=False),
    NestedField(7, "token", StringType(), required=False),
)
ROWS_OF_LARGE = 250_000
# What it is called, its order, whether its files are large, and K2I's own settings.
TABLES = [
    ("unsorted", SortOrder(), False, {}),
    ("sorted", SortOrder(SortField(3, transform=IdentityTransform()), SortField(2, transform=IdentityTransform())), False, {}),
    ("copied", SortOrder(), True, {}),
    ("decoded", SortOrder(), True, {"compaction_copies": False}),
]


USERS = [f"user-{n}" for n in range(100_000)]
PAGES = [f"/page/{n}" for n in range(500)]


def rows(first: int, count: int) -> pa.Table:
    draw = random.Random(first)
    ids = range(first, first + count)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "at": pa.array([1_767_225_600_000_000 + n * 1000 for n in ids], pa.timestamp("us", "UTC")),
            "user": pa.array(draw.choices(USERS, k=count)),
            "page": pa.array(draw.choices(PAGES, k=count)),
            "status": pa.array(draw.choices([200, 200, 200, 301, 404, 500], k=count), pa.int32()),
            "price": pa.array([draw.randrange(100_000) / 100 for _ in ids]),
            "token": pa.array([f"{draw.getrandbits(64):016x}" for _ in ids]),
        }
    )


def fill(warehouse: SqlWarehouse, name: str, order: SortOrder, total: int, files: int) -> None:
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    table = catalog.create_table(("lake", name), schema=SCHEMA, sort_order=order, properties={"format-version": "2"})
    share = total // files
    with table.transaction() as transaction:
        for number in range(files):
            transaction.append(rows(number * share, share))


def report(who: str, what: str, table: dict, seconds: float, cpu: float, peak_mb: float) -> None:
    read, written = table["read"], table["written"]
    print(
        f"{who:<6} {what:<9} {table['before']} files, {read / 1e6:.1f} MB, {table['rows']:,} rows to {table['after']} files, {written / 1e6:.1f} MB: "
        f"{seconds:.2f} s, {read / 1e6 / seconds:.1f} MB/s, {cpu / (read / 1e9):.1f} CPU s per GB, {cpu * 1e6 / table['rows']:.2f} CPU s per "
        f"million rows, peak {peak_mb:.0f} MB resident",
        flush=True,
    )


def live(warehouse: SqlWarehouse) -> tuple[int, int, int]:
    """Files, bytes and rows of the table."""
    files = [task.file for task in warehouse.pyiceberg().load_table(("lake", "events")).scan().plan_files()]
    return len(files), sum(file.file_size_in_bytes for file in files), sum(file.record_count for file in files)


def compared(warehouse: SqlWarehouse, before: tuple[int, int, int]) -> dict:
    after = live(warehouse)
    if after[2] != before[2]:
        raise SystemExit(f"{before[2]} rows became {after[2]}")
    return {"before": before[0], "after": after[0], "read": before[1], "written": after[1], "rows": before[2]}


def by_k2i(warehouse: SqlWarehouse, folder: Path, what: str, settings: dict) -> None:
    before = live(warehouse)
    process = K2I(folder, ingest_config(warehouse, "127.0.0.1:9", "none", "events", maintenance={"compaction_min_input_files": 2} | settings))
    process.prepare()
    child = subprocess.Popen(
        [BINARY, "maintenance", "compact", "--json", "--config", process.config_path], cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(said)
    seconds = json.loads(said)["seconds"]
    report("k2i", what, compared(warehouse, before), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def by_spark(spark: Spark, jvm: psutil.Process, warehouse: SqlWarehouse, what: str) -> None:
    before, session = live(warehouse), spark.session(warehouse)
    started, times = time.monotonic(), jvm.cpu_times()
    session.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => 'lake.events', strategy => '{'sort' if what == 'sorted' else 'binpack'}', "
        f"options => map('min-input-files', '2', 'target-file-size-bytes', '{256 << 20}'))"
    ).collect()
    seconds, after = time.monotonic() - started, jvm.cpu_times()
    cpu = after.user + after.system - times.user - times.system
    report("spark", what, compared(warehouse, before), seconds, cpu, jvm.memory_info().rss / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench compaction", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=8_000_000)
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--spark", action="store_true", help="the same tables by Spark's rewrite_data_files, local[1], the JVM warm from the second run on")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine    {machine()}")
    # The tests' JVM starts quickly and never gets fast; this one may compile as it likes.
    spark = Spark(folder, "-XX:+UseSerialGC") if given.spark else None
    try:
        jvm = psutil.Process(os.getpid()).children()[0] if spark else None
        for run in range(given.runs):
            for what, order, large, settings in TABLES:
                for who in ["k2i"] + (["spark"] if spark and not settings else []):
                    warehouse = SqlWarehouse(folder / f"{who}-{what}{run}")
                    fill(warehouse, "events", order, given.rows, max(2, given.rows // ROWS_OF_LARGE) if large else given.files)
                    if who == "spark":
                        by_spark(spark, jvm, warehouse, what)
                    else:
                        by_k2i(warehouse, folder / f"process-{what}{run}", what, settings)
                    shutil.rmtree(warehouse.folder)
    finally:
        if spark:
            spark.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
