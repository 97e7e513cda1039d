# SPDX-License-Identifier: Apache-2.0
"""./dev demo [--records N] [--keep]"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.compute as pc

from demo import events
from demo.events import Sums
from harness.k2i_process import K2I, ingest_config
from harness.readers import duckdb_connection
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from services import Kafka, ServerFailed

TOPIC = TABLE = "events"
DATABASE = "lake"
PARTITIONS = 8
# Four commits for the demo's million: enough to see several, few enough for large files.
FLUSH_ROWS = 250_000


def say(text: str) -> None:
    print(text, flush=True)


def fill_kafka(kafka: Kafka, count: int) -> Sums:
    create_topic(kafka.bootstrap_servers, TOPIC, PARTITIONS)
    started = time.monotonic()
    sums = events.produce(kafka.bootstrap_servers, TOPIC, PARTITIONS, count)
    size = len(events.event(count // 2)[0])
    say(f"produced {sums.rows:,} JSON events of about {size} bytes to {PARTITIONS} partitions in {time.monotonic() - started:.1f} s")
    return sums


def ingest(process: K2I, warehouse: SqlWarehouse, count: int) -> None:
    """Runs K2I until the table has all rows."""
    started = time.monotonic()
    process.start()
    process.wait_until(lambda: process.metric("k2i_rows_flushed_total") >= count, "rows in the table", timeout_s=120)
    seconds = time.monotonic() - started
    commits = int(process.metric("k2i_iceberg_commits_total"))
    code = process.terminate()
    if code:
        raise ServerFailed(f"k2i ended with {code}:\n{process.log_tail()}")
    summary = warehouse.pyiceberg().load_table((DATABASE, TABLE)).current_snapshot().summary
    megabytes = int(summary["total-files-size"]) / 1e6
    say(f"ingested in {seconds:.1f} s, start included: {count / seconds:,.0f} rows/s")
    say(f"{commits} commits, {summary['total-data-files']} data files, {megabytes:.0f} MB")


def count_by_k2i(process: K2I) -> Sums:
    """By its own reader, which proves first that the table holds each record once."""
    started = time.monotonic()
    ran = process.run("verify", "--deep", "--sums", "--json")
    if ran.returncode:
        raise ServerFailed(f"k2i verify ended with {ran.returncode}:\n{ran.stdout}")
    report = json.loads(ran.stdout)
    say(f"k2i verify --deep: proven in {time.monotonic() - started:.1f} s")
    sums = {each["column"]: int(each["sum"]) for each in report["sums"] if each["column"] in ("quantity", "price_cents")}
    return Sums(report["deep"]["rows"], sums["quantity"], sums["price_cents"])


def count_by_pyiceberg(warehouse: SqlWarehouse) -> Sums:
    table = warehouse.pyiceberg().load_table((DATABASE, TABLE))
    held = table.scan(selected_fields=("quantity", "price_cents")).to_arrow()
    return Sums(held.num_rows, pc.sum(held["quantity"]).as_py(), pc.sum(held["price_cents"]).as_py())


def count_by_duckdb(warehouse: SqlWarehouse) -> tuple[Sums, int]:
    """The sums, and how many different places in Kafka the rows are from."""
    with duckdb_connection() as connection:
        relation = warehouse.duckdb_relation(connection, DATABASE, TABLE)
        found = connection.execute(
            "SELECT count(*), sum(quantity), sum(price_cents), count(DISTINCT (_kafka_partition, _kafka_offset))"
            f" FROM {relation}"
        ).fetchone()
    return Sums(*map(int, found[:3])), found[3]


def show(found: dict[str, Sums]) -> None:
    say(f"\n{'counted by':<12}{'rows':>12}{'sum(quantity)':>16}{'sum(price_cents)':>20}")
    for name, sums in found.items():
        say(f"{name:<12}{sums.rows:>12,}{sums.quantity:>16,}{sums.price_cents:>20,}")


def agree(found: dict[str, Sums], distinct: int) -> bool:
    wanted = found["produced"]
    return all(sums == wanted for sums in found.values()) and wanted.rows == distinct


def run(folder: Path, count: int) -> bool:
    warehouse = SqlWarehouse(folder / "warehouse")
    with Kafka(folder / "kafka") as kafka:
        found = {"produced": fill_kafka(kafka, count)}
        buffer = {"flush_batch_size": FLUSH_ROWS, "flush_interval_seconds": 2}
        config = ingest_config(warehouse, kafka.bootstrap_servers, TOPIC, TABLE, buffer=buffer)
        process = K2I(folder / "k2i", config)
        try:
            ingest(process, warehouse, count)
        finally:
            process.kill()
    found["K2I"] = count_by_k2i(process)
    found["PyIceberg"] = count_by_pyiceberg(warehouse)
    found["DuckDB"], distinct = count_by_duckdb(warehouse)
    show(found)
    same = agree(found, distinct)
    say("\nall agree, each record once" if same else f"\nTHEY DISAGREE ({distinct:,} different records)")
    return same


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev demo", description=sys.modules["demo"].__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--keep", action="store_true", help="leave the folder with Kafka's log, the table and K2I's log")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-demo-"))
    try:
        return 0 if run(folder, given.records) else 1
    except (ServerFailed, AssertionError) as failure:
        say(f"\nthe demo failed: {failure}")
        return 1
    finally:
        if given.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
