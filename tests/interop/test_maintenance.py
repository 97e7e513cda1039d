# SPDX-License-Identifier: Apache-2.0
"""`k2i maintenance`: the same rows in fewer files, beside `k2i ingest` and on tables of others."""

import datetime
import decimal
import json
import os
import pty
import re
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DecimalType, DoubleType, LongType, NestedField, StringType, TimestamptzType

from harness import topics
from harness.equality_deletes import delete_where_equal
from harness.k2i_process import BINARY, clean_environment, ingest_config, total_records
from harness.maintained import assert_proven_whole, ingest_in_commits, maintain, table_of
from harness.numbered import numbers
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.steady import SteadyProducer, lost_and_doubled
from harness.warehouses import CATALOG

FEW = {"maintenance": {"compaction_min_input_files": 2}}


def live_files(warehouse, name: str) -> int:
    return len(list(table_of(warehouse, name).scan().plan_files()))


def in_order(rows: list[dict]) -> list[dict]:
    """Rows of tables that others made have no place in Kafka to be sorted by."""
    return sorted(rows, key=lambda row: row["id"]) if rows and "id" in rows[0] else rows


def assert_same_values(warehouse, name: str, before: list[dict]) -> None:
    assert in_order(read_pyiceberg(warehouse, "lake", name)) == in_order(before)
    assert in_order(read_duckdb(warehouse, "lake", name)) == in_order(before)


@pytest.fixture
def small_files(k2i, kafka4, topic):
    """Ingests `commits` times 100 numbers, each a commit of its own; returns the stopped process."""

    def fill(warehouse, commits: int = 6, **overrides):
        config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **(FEW | {"buffer": {"flush_batch_size": 1}} | overrides))
        return ingest_in_commits(k2i(config, warehouse.environment()), kafka4.bootstrap_servers, warehouse, topic, commits, rows=100)

    return fill


def test_small_files_become_one(small_files, warehouse, topic):
    process = small_files(warehouse)
    before = read_pyiceberg(warehouse, "lake", topic)
    files = live_files(warehouse, topic)
    old = table_of(warehouse, topic).current_snapshot()
    assert files >= 6

    planned = maintain(process, "compact", "--dry-run")
    assert (planned["dry_run"], planned["commits"], sum(group["files"] for group in planned["groups"])) == (True, 0, files)
    assert table_of(warehouse, topic).current_snapshot() == old

    report = maintain(process, "compact")
    assert report["removed"]["files"] == files and report["added"]["files"] == 1 and report["rows"] == 600
    assert report["live_files"] == {"before": files, "after": 1}
    assert live_files(warehouse, topic) == 1
    assert_same_values(warehouse, topic, before)

    table = table_of(warehouse, topic)
    head = table.current_snapshot()
    assert (head.snapshot_id, head.summary.operation.value) == (report["snapshot_id"], "replace")
    assert head.summary["k2i.offsets"] == old.summary["k2i.offsets"]
    assert table.refs()[f"k2i-k2i-{topic}"].snapshot_id == head.snapshot_id
    # The statistics are those of the rows.
    (file,) = table.inspect.files().to_pylist()
    assert file["record_count"] == 600
    assert (file["readable_metrics"]["n"]["lower_bound"], file["readable_metrics"]["n"]["upper_bound"]) == (0, 599)
    # Time travel.
    then = table.scan(snapshot_id=old.snapshot_id)
    assert len(list(then.plan_files())) == files
    assert sorted(then.to_arrow()["n"].to_pylist()) == list(range(600))

    proven = assert_proven_whole(process)
    assert proven["files"]["data"] == 1 and proven["deep"]["rows"] == 600
    assert maintain(process, "compact")["commits"] == 0


def test_ingest_goes_on_from_a_compacted_table(small_files, kafka4, sql_warehouse, topic):
    process = small_files(sql_warehouse)
    maintain(process, "compact")
    # The log of the process that wrote it is there, and one that knows nothing finds the boundary too.
    topics.produce(kafka4.bootstrap_servers, topic, numbers(600, 50), partitions=2)
    process.restart()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 650, "50 rows more")
    assert process.terminate() == 0
    maintain(process, "compact")
    process.config["transaction_log"] = {"log_dir": str(process.folder / "another")}
    topics.produce(kafka4.bootstrap_servers, topic, numbers(650, 50), partitions=2)
    process.restart()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 700, "and 50 more")
    assert process.terminate() == 0
    assert sorted(row["n"] for row in read_duckdb(sql_warehouse, "lake", topic)) == list(range(700))
    assert_proven_whole(process)


def test_manifests_become_few(small_files, warehouse, topic):
    process = small_files(warehouse)
    before = read_pyiceberg(warehouse, "lake", topic)
    manifests = len(table_of(warehouse, topic).inspect.manifests())
    assert maintain(process, "rewrite-manifests", "--dry-run")["manifests"]["replaced"] == manifests >= 6
    report = maintain(process, "rewrite-manifests")
    assert report["manifests"] == {"replaced": manifests, "created": 1, "kept": 0}
    table = table_of(warehouse, topic)
    assert len(table.inspect.manifests()) == 1
    assert table.current_snapshot().snapshot_id == report["snapshot_id"]
    # Each file is still of the snapshot that brought it.
    assert len({entry["snapshot_id"] for entry in table.inspect.entries().to_pylist()}) >= 6
    assert_same_values(warehouse, topic, before)
    assert_proven_whole(process)
    assert maintain(process, "rewrite-manifests")["snapshot_id"] is None


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_beside_ingest(k2i, kafka4, topic, warehouse):
    """Both commit to one table again and again; no row is lost or doubled, and the files stay few."""
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **FEW), warehouse.environment())
    reports = []
    process.start()
    with SteadyProducer(kafka4.bootstrap_servers, topic, 2, rate=2000) as producer:
        for number in range(6):
            process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= (number + 1) * 4, "commits")
            reports.append(maintain(process, "compact" if number != 3 else "rewrite-manifests"))
        producer.stop()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == len(producer.taken), "every row")
    assert process.terminate() == 0
    compactions = [report for report in reports if "removed" in report]
    assert all(report["commits"] == 1 for report in compactions)
    maintain(process, "compact")
    assert live_files(warehouse, topic) == 1
    assert lost_and_doubled(warehouse, topic, producer.taken) == (0, 0)
    report = assert_proven_whole(process)
    assert report["deep"]["rows"] == len(producer.taken)


# Tables that K2I has not written.

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "name", StringType(), required=False),
    NestedField(3, "at", TimestamptzType(), required=False),
    NestedField(4, "price", DecimalType(9, 2), required=False),
    NestedField(5, "score", DoubleType(), required=False),
)
ARROW = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        ("name", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("price", pa.decimal128(9, 2)),
        ("score", pa.float64()),
    ]
)
START = datetime.datetime(2024, 2, 28, 20, tzinfo=datetime.timezone.utc)


def foreign_rows(first: int, count: int) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "id": n,
                "name": None if n % 5 == 0 else f"name {n % 13}",
                "at": None if n % 11 == 0 else START + datetime.timedelta(minutes=n),
                "price": decimal.Decimal(n * 7) / 100,
                "score": None if n % 3 == 0 else n / 3,
            }
            for n in range(first, first + count)
        ],
        schema=ARROW,
    )


def foreign_table(warehouse, name: str, **settings):
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    return catalog.create_table(("lake", name), schema=SCHEMA, properties={"format-version": "2"}, **settings)


def by_name(process, name: str, *arguments: str) -> dict:
    return maintain(process, "compact", "--table", f"lake.{name}", *arguments)


def test_a_partitioned_and_sorted_table_of_pyiceberg(k2i, kafka4, warehouse, unique):
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "by_name"))
    order = SortOrder(SortField(3, transform=IdentityTransform()), SortField(1, transform=IdentityTransform()))
    table = foreign_table(warehouse, unique, partition_spec=spec, sort_order=order)
    for number in range(3):
        # The newest rows first, so that the order of the files is not that of the rows.
        table.append(foreign_rows((2 - number) * 100, 100))
    before = read_pyiceberg(warehouse, "lake", unique)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, "none", "other", **FEW), warehouse.environment())
    report = by_name(process, unique)
    assert report["live_files"] == {"before": 3 * 14, "after": 14}  # 13 names, and none
    assert_same_values(warehouse, unique, before)
    after = table_of(warehouse, unique)
    for task in after.scan().plan_files():
        assert task.file.sort_order_id == after.sort_order().order_id
        rows = pq.read_table(after.io.new_input(task.file.file_path).open()).to_pylist()
        assert rows == sorted(rows, key=lambda row: (row["at"] is not None, row["at"] or START, row["id"]))
        assert {row["name"] for row in rows} == {task.file.partition[0]}
    assert "k2i.offsets" not in after.current_snapshot().summary.additional_properties
    # Partition values and bounds are true: a scan that prunes by them finds the same rows.
    for condition, holds in {"name = 'name 4'": lambda row: row["name"] == "name 4", "id >= 290": lambda row: row["id"] >= 290}.items():
        found = after.scan(condition).to_arrow()
        assert sorted(found["id"].to_pylist()) == sorted(row["id"] for row in before if holds(row))


def test_after_schema_and_partitions_have_changed(k2i, kafka4, sql_warehouse, unique):
    table = foreign_table(sql_warehouse, unique)
    for number in range(3):
        table.append(foreign_rows(number * 100, 100))
    with table.update_schema() as update:
        update.add_column("late", StringType())
        update.rename_column("name", "title")
        update.delete_column("score")
    with table.update_spec() as update:
        update.add_identity("title")
    table = table_of(sql_warehouse, unique)
    rows = foreign_rows(300, 100).rename_columns(["id", "title", "at", "price", "score"]).drop_columns(["score"])
    table.append(rows.append_column("late", pa.array([f"late {n}" for n in range(100)])))
    before = read_pyiceberg(sql_warehouse, "lake", unique)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, "none", "other", **FEW))
    report = by_name(process, unique)
    assert [group["old_spec"] for group in report["groups"]] == [True]
    assert report["live_files"]["after"] == 2 * 14  # 13 titles, and none
    report = by_name(process, unique)
    assert report["live_files"]["after"] == 14
    assert_same_values(sql_warehouse, unique, before)
    assert {file["spec_id"] for file in table_of(sql_warehouse, unique).inspect.files().to_pylist()} == {1}


@pytest.mark.slow
def test_rows_that_others_have_deleted_go(k2i, spark, sql_warehouse, unique):
    """Position deletes by Spark and equality deletes by Iceberg's Java library, while the old snapshot still has the rows."""
    session, name = spark.session(sql_warehouse), f"{CATALOG}.lake.{unique}"
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    session.sql(
        f"CREATE TABLE {name} (id BIGINT, name STRING, part INT) USING iceberg PARTITIONED BY (part)"
        " TBLPROPERTIES ('format-version'='2', 'write.delete.mode'='merge-on-read')"
    )
    for first in (0, 200, 400):
        session.sql(f"INSERT INTO {name} SELECT id, concat('name ', id % 23), CAST(id % 2 AS INT) FROM range({first}, {first + 200})")
    session.sql(f"DELETE FROM {name} WHERE id % 5 = 0")
    delete_where_equal(spark, sql_warehouse, f"lake.{unique}", [{"name": "name 4"}], partition="part=1")
    session.sql(f"INSERT INTO {name} VALUES (601, 'name 4', 1)")  # after the deletes
    before = in_order(read_spark(spark, sql_warehouse, "lake", unique))
    old = table_of(sql_warehouse, unique).current_snapshot().snapshot_id
    assert [row["id"] for row in before] == [n for n in range(600) if n % 5 and not (n % 2 and n % 23 == 4)] + [601]

    report = by_name(k2i(ingest_config(sql_warehouse, "127.0.0.1:1", "none", "other", **FEW)), unique)
    assert report["deletes"]["rows"] == 601 - len(before) and report["deletes"]["files_removed"] > 1
    assert report["live_files"]["after"] == 2
    assert session.sql(f"SELECT count(*) AS c FROM {name}.delete_files").collect()[0]["c"] == 0
    assert in_order(read_spark(spark, sql_warehouse, "lake", unique)) == before
    assert_same_values(sql_warehouse, unique, before)
    assert session.sql(f"SELECT count(*) AS c FROM {name} VERSION AS OF {old}").collect()[0]["c"] == len(before)
    summary = table_of(sql_warehouse, unique).current_snapshot().summary
    assert (summary["total-records"], summary["total-delete-files"]) == (str(len(before)), "0")


def on_terminal(process, *arguments: str) -> str:
    """What a command that must succeed shows on a terminal beside its summary."""
    ours, its = pty.openpty()
    command = [str(BINARY), "maintenance", *arguments, "--config", str(process.config_path)]
    with subprocess.Popen(command, env=clean_environment() | process.variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its) as running:
        os.close(its)
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:  # nobody has the other end any more
            pass
        os.close(ours)
        assert running.wait(60) == 0, shown
    return shown.decode()


def test_a_terminal_shows_how_far_it_is(small_files, sql_warehouse, topic):
    process = small_files(sql_warehouse)
    for command, line in {
        "rewrite-manifests": r"(\d+) of \1 manifests, \d+/s, 0 s left",
        "compact": r"\[#+\] 100 % \| \d+/1 groups \| (\S+ \S+) of \1 \| \S+ MB/s \| 0 s left",
        "expire-snapshots": r"(\d+) of \1 files, \d+/s, 0 s left",
    }.items():
        shown = on_terminal(process, command, *(["--older-than", "0s"] if command == "expire-snapshots" else []))
        assert re.search(line, shown), shown
        if command == "expire-snapshots":  # what it reads first
            assert re.search(r"(\d+) of \1 manifests, \d+/s", shown), shown
        assert shown.endswith("\r\x1b[K"), shown  # the line is gone before the summary


def test_max_files_and_errors(small_files, sql_warehouse, topic):
    process = small_files(sql_warehouse)
    files = live_files(sql_warehouse, topic)
    assert maintain(process, "compact", "--max-files", "3")["removed"]["files"] == 3
    assert live_files(sql_warehouse, topic) == files - 2
    ran = process.run("maintenance", "compact", "--table", "lake.nosuch")
    assert ran.returncode == 3 and "nosuch" in ran.stdout
    # What is out of reach is told as JSON too.
    ran = process.run("maintenance", "rewrite-manifests", "--json", "--set", f"iceberg.sql.uri={process.folder}/no/such/folder.db")
    told = json.loads(next(line for line in ran.stdout.splitlines() if '"dry_run"' in line))
    assert ran.returncode == 3 and told["table"] == f"lake.{topic}" and told["error"]["message"] in ran.stdout
    assert process.run("maintenance", "compact", "--table", "nosuch").returncode == 1
    assert process.run_plain("maintenance").returncode == 64


def test_a_table_of_version_3(small_files, sql_warehouse, topic):
    process = small_files(sql_warehouse, iceberg={"format_version": 3})
    before = read_pyiceberg(sql_warehouse, "lake", topic)
    assert maintain(process, "rewrite-manifests")["manifests"]["created"] == 1
    assert maintain(process, "compact")["live_files"]["after"] == 1
    assert_same_values(sql_warehouse, topic, before)
    assert_proven_whole(process)
