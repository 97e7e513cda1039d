# SPDX-License-Identifier: Apache-2.0
"""Tables that others have made, of any kind, taken over by K2I and read by others afterwards."""

import gzip
import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.locations import ObjectStoreLocationProvider
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import CATALOG


SCHEMA = Schema(NestedField(1, "n", LongType(), required=False), NestedField(2, "text", StringType(), required=False))
BY_TEXT = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "text"))
ARROW = pa.schema([("n", pa.int64()), ("text", pa.string())])


def path_of(location: str) -> Path:
    return Path(location.removeprefix("file://"))


def make_table(warehouse, table: str, properties: dict, spec=PartitionSpec(), rows: tuple[int, ...] = ()):
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    made = catalog.create_table(("lake", table), SCHEMA, partition_spec=spec, properties=properties)
    for n in rows:
        made.append(pa.Table.from_pylist([{"n": n, "text": f"record {n}"}], schema=ARROW))
    return made


def ingest(process, kafka, warehouse, topic: str, records: list[dict], rows: int) -> None:
    """Sends the records, and lets K2I run until the table has that many rows."""
    topics.produce(kafka.bootstrap_servers, topic, records, partitions=2)
    process.start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= rows, f"{rows} rows")
    assert process.terminate() == 0


def assert_numbers(found: list[dict], expected) -> None:
    assert sorted((row["n"], row["text"]) for row in found) == [(n, f"record {n}") for n in sorted(expected)]


@pytest.fixture
def process(k2i, kafka4, sql_warehouse, topic):
    return k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic))


# Format version 1.


def make_v1_by_pyiceberg(warehouse, table: str, request) -> None:
    make_table(warehouse, table, {"format-version": "1"}, BY_TEXT, rows=(-2, -1))


def make_v1_by_spark(warehouse, table: str, request) -> None:
    session = request.getfixturevalue("spark").session(warehouse)
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    name = f"{CATALOG}.lake.{table}"
    session.sql(f"CREATE TABLE {name} (n BIGINT, text STRING) USING iceberg PARTITIONED BY (text) TBLPROPERTIES ('format-version' = '1')")
    for n in (-2, -1):
        session.sql(f"INSERT INTO {name} VALUES ({n}, 'record {n}')")


@pytest.mark.parametrize("make", [make_v1_by_pyiceberg, pytest.param(make_v1_by_spark, marks=pytest.mark.slow)])
def test_v1_is_refused_until_it_is_upgraded(request, make, process, kafka4, sql_warehouse, topic):
    make(sql_warehouse, topic, request)
    assert process.run_until_exit(40) != 0
    assert "k2i table upgrade" in process.log_tail()
    dry = process.run("table", "upgrade", "--dry-run")
    assert dry.returncode == 0 and "nothing has been changed" in dry.stdout
    assert sql_warehouse.pyiceberg().load_table(("lake", topic)).format_version == 1
    assert process.run("table", "upgrade").returncode != 0  # nobody to ask
    upgraded = process.run("table", "upgrade", "--yes")
    assert upgraded.returncode == 0, upgraded.stdout
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert loaded.format_version == 2 and loaded.metadata.last_sequence_number == 0
    assert {snapshot.sequence_number or 0 for snapshot in loaded.metadata.snapshots} == {0}
    assert "already" in process.run("table", "upgrade", "--yes").stdout

    ingest(process, kafka4, sql_warehouse, topic, numbers(0, 20), rows=22)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert sorted(loaded.inspect.entries().to_pydict()["sequence_number"])[:2] == [0, 0]
    readers = [read_pyiceberg, read_duckdb]
    for found in [read(sql_warehouse, "lake", topic) for read in readers]:
        assert_numbers(found, range(-2, 20))
    if make is make_v1_by_spark:
        assert_numbers(read_spark(request.getfixturevalue("spark"), sql_warehouse, "lake", topic), range(-2, 20))
    alone = process.ask_alone(f"SELECT n, text FROM {topic}").to_pylist()
    assert_numbers(alone, range(-2, 20))


# Where data files go.


@pytest.mark.parametrize("spec", [PartitionSpec(), BY_TEXT], ids=["unpartitioned", "partitioned"])
@pytest.mark.parametrize("paths", ["true", "false"], ids=["with-paths", "without-paths"])
def test_object_store_layout(spec, paths, process, kafka4, sql_warehouse, topic):
    properties = {"write.object-storage.enabled": "true", "write.object-storage.partitioned-paths": paths}
    made = make_table(sql_warehouse, topic, properties, spec)
    ingest(process, kafka4, sql_warehouse, topic, numbers(0, 20), rows=20)
    provider = ObjectStoreLocationProvider(made.location(), properties)
    files = sql_warehouse.pyiceberg().load_table(("lake", topic)).inspect.files().to_pydict()["file_path"]
    assert files
    for location in files:
        name = location.rsplit("/", 1)[1]
        if paths == "false":
            assert location == provider.new_data_location(name.split("-", 1)[1])  # behind the last bits of the hash
        elif not spec.fields:
            assert location == provider.new_data_location(name)
        else:
            assert "/text=record+" in location
    assert_numbers(read_duckdb(sql_warehouse, "lake", topic), range(20))


def test_data_and_metadata_of_their_own_folders(process, kafka4, sql_warehouse, topic, tmp_path):
    properties = {"write.data.path": f"file://{tmp_path}/data ü", "write.metadata.path": f"file://{tmp_path}/meta"}
    make_table(sql_warehouse, topic, properties)
    ingest(process, kafka4, sql_warehouse, topic, numbers(0, 20), rows=20)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert {location.rsplit("/", 1)[0] for location in loaded.inspect.files().to_pydict()["file_path"]} == {properties["write.data.path"]}
    assert loaded.metadata_location.startswith(properties["write.metadata.path"])
    assert loaded.current_snapshot().manifest_list.startswith(properties["write.metadata.path"])
    assert_numbers(read_pyiceberg(sql_warehouse, "lake", topic), range(20))


# Properties.


def test_properties_are_honoured(process, kafka4, sql_warehouse, topic):
    properties = {
        "write.parquet.compression-codec": "gzip",
        "write.parquet.compression-level": "9",
        "write.parquet.row-group-size-bytes": "20000",
        "write.parquet.page-row-limit": "100",
        "write.parquet.bloom-filter-enabled.column.n": "true",
        "write.metadata.metrics.default": "counts",
        "write.metadata.metrics.column.n": "full",
        "write.metadata.compression-codec": "gzip",
        "write.metadata.previous-versions-max": "2",
        "write.metadata.delete-after-commit.enabled": "true",
        "commit.retry.num-retries": "3",
        "write.distribution-mode": "hash",
    }
    made = make_table(sql_warehouse, topic, properties)
    count = 30_000
    for start in range(0, count, count // 3):
        ingest(process, kafka4, sql_warehouse, topic, numbers(start, count // 3), rows=start + count // 3)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    files = loaded.inspect.files().to_pylist()
    for file in files:
        footer = pq.ParquetFile(path_of(file["file_path"])).metadata
        group = footer.row_group(0)
        assert {group.column(i).compression for i in range(group.num_columns)} <= {"GZIP", "UNCOMPRESSED"}
        assert max(footer.row_group(i).total_byte_size for i in range(footer.num_row_groups)) < 200_000
        assert {field_id for field_id, _ in file["lower_bounds"]} == {1}
    assert any(pq.ParquetFile(path_of(file["file_path"])).metadata.num_row_groups > 1 for file in files)
    assert loaded.metadata_location.endswith(".gz.metadata.json")
    assert json.loads(gzip.decompress(path_of(loaded.metadata_location).read_bytes()))["format-version"] == 2
    assert len(loaded.metadata.metadata_log) == 2
    kept = {path_of(entry.metadata_file).name for entry in loaded.metadata.metadata_log} | {path_of(loaded.metadata_location).name}
    there = {path.name for path in (path_of(made.location()) / "metadata").glob("*.metadata.json")}
    assert there - kept <= {path_of(made.metadata_location).name} or there == kept
    assert_numbers(read_duckdb(sql_warehouse, "lake", topic), range(count))


@pytest.mark.parametrize(
    "properties, words",
    [
        ({"write.format.default": "orc"}, ["write.format.default", "orc"]),
        ({"write.parquet.page-row-limit": "many"}, ["write.parquet.page-row-limit", "many"]),
        ({"commit.retry.num-retries": "often"}, ["commit.retry.num-retries", "often"]),
        ({"encryption.key-id": "k"}, ["encrypted", "encryption.key-id"]),
    ],
    ids=["orc", "pages", "retries", "encrypted"],
)
def test_what_cannot_be_is_said_at_the_start(properties, words, process, sql_warehouse, topic):
    make_table(sql_warehouse, topic, properties)
    assert process.run_until_exit(40) != 0
    last = process.log_tail()
    assert all(word in last for word in words), last


# What K2I does not know of stays.


def add_unknown(node, key: str = "") -> None:
    if isinstance(node, list):
        for each in node:
            add_unknown(each)
    if isinstance(node, dict) and key not in ("properties", "summary"):
        for name, each in list(node.items()):
            add_unknown(each, name)
        if key != "refs":
            node["x-later"] = {"list": [1, None, "ü"], "big": 2**53 + 1}


def unknown_of(node, path: str = "") -> dict[str, object]:
    found = {}
    if isinstance(node, list):
        for i, each in enumerate(node):
            found |= unknown_of(each, f"{path}/{i}")
    if isinstance(node, dict):
        if "x-later" in node:
            found[path] = node["x-later"]
        for name, each in node.items():
            if name != "x-later":
                found |= unknown_of(each, f"{path}/{name}")
    return found


def test_unknown_members_of_metadata_outlive_commits(process, kafka4, sql_warehouse, topic):
    make_table(sql_warehouse, topic, {}, BY_TEXT, rows=(-2, -1))
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    document = json.loads(path_of(loaded.metadata_location).read_text())
    add_unknown(document)
    odd = path_of(loaded.metadata_location).with_name("00077-aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb.metadata.json")
    odd.write_text(json.dumps(document))
    point_to(sql_warehouse, f"file://{odd}")

    ingest(process, kafka4, sql_warehouse, topic, numbers(0, 10), rows=12)
    now = json.loads(path_of(sql_warehouse.pyiceberg().load_table(("lake", topic)).metadata_location).read_text())
    before, after = unknown_of(document), unknown_of(now)
    assert len(before) > 10
    assert {path: after.get(path) for path in before} == before
    assert_numbers(read_pyiceberg(sql_warehouse, "lake", topic), range(-2, 10))


# Many snapshots.


def point_to(warehouse, location: str) -> None:
    with sqlite3.connect(warehouse.database_path) as database:
        database.execute("UPDATE iceberg_tables SET metadata_location = ?", [location])


def grow_history(warehouse, table: str, snapshots: int) -> None:
    """Continues the table's history by snapshots that change nothing."""
    loaded = warehouse.pyiceberg().load_table(("lake", table))
    document = json.loads(path_of(loaded.metadata_location).read_text())
    newest = document["snapshots"][-1]
    for i in range(snapshots):
        sequence_number = newest["sequence-number"] + 1
        newest = newest | {"snapshot-id": 10_000 + i, "parent-snapshot-id": newest["snapshot-id"], "sequence-number": sequence_number}
        document["snapshots"].append(newest)
        document["snapshot-log"].append({"snapshot-id": newest["snapshot-id"], "timestamp-ms": newest["timestamp-ms"]})
    document |= {"current-snapshot-id": newest["snapshot-id"], "last-sequence-number": newest["sequence-number"]}
    document["refs"]["main"]["snapshot-id"] = newest["snapshot-id"]
    grown = path_of(loaded.metadata_location).with_name("00077-aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb.metadata.json")
    grown.write_text(json.dumps(document))
    point_to(warehouse, f"file://{grown}")


@pytest.mark.slow
def test_many_snapshots(spark, process, kafka4, sql_warehouse, topic):
    """Their metadata is deflated in parts that commits share; others' commits come between."""
    made = make_table(sql_warehouse, topic, {}, rows=(-2, -1))
    grow_history(sql_warehouse, topic, 1_100)
    for start in (0, 20):
        ingest(process, kafka4, sql_warehouse, topic, numbers(start, 20), rows=start + 22 + start // 20)
        loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
        assert loaded.metadata_location.endswith(".gz.metadata.json")
        made.refresh().append(pa.Table.from_pylist([{"n": -3 - start, "text": f"record {-3 - start}"}], schema=ARROW))
    ingest(process, kafka4, sql_warehouse, topic, numbers(40, 1), rows=45)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    document = json.loads(gzip.decompress(path_of(loaded.metadata_location).read_bytes()))
    assert {snapshot.snapshot_id for snapshot in loaded.metadata.snapshots} > {10_000 + i for i in range(1_100)}
    assert [entry["snapshot-id"] for entry in document["snapshot-log"]] == [each["snapshot-id"] for each in document["snapshots"]]
    expected = {-23, -3, -2, -1, *range(41)}
    for found in (read_pyiceberg(sql_warehouse, "lake", topic), read_duckdb(sql_warehouse, "lake", topic), read_spark(spark, sql_warehouse, "lake", topic)):
        assert_numbers(found, expected)
    assert_numbers(loaded.scan(snapshot_id=10_500).to_arrow().to_pylist(), [-2, -1])


# Spark's tables.

SPARK_TABLES = {
    "v2-sorted": ("PARTITIONED BY (text)", {"format-version": "2", "write.distribution-mode": "range"}, "WRITE ORDERED BY n DESC NULLS LAST"),
    "v3": ("", {"format-version": "3"}, None),
    "v3-partitioned": ("PARTITIONED BY (text)", {"format-version": "3", "write.delete.mode": "merge-on-read"}, None),
    "object-store": ("PARTITIONED BY (bucket(4, n))", {"write.object-storage.enabled": "true"}, None),
    "odd-properties": (
        "",
        {
            "write.parquet.compression-codec": "snappy",
            "write.parquet.dict-size-bytes": "1000",
            "write.parquet.row-group-check-min-record-count": "10",
            "write.metadata.metrics.default": "none",
            "write.spark.fanout.enabled": "true",
            "read.split.target-size": "1048576",
            "kept.by": "somebody else",
            "ünusual": "välue",
        },
        None,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SPARK_TABLES)
def test_tables_of_spark(kind, process, kafka4, sql_warehouse, topic, spark):
    layout, properties, order = SPARK_TABLES[kind]
    session = spark.session(sql_warehouse)
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    name = f"{CATALOG}.lake.{topic}"
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    session.sql(f"CREATE TABLE {name} (n BIGINT, text STRING) USING iceberg {layout} TBLPROPERTIES ({listed})")
    if order:
        session.sql(f"ALTER TABLE {name} {order}")
    session.sql(f"INSERT INTO {name} VALUES (-2, 'record -2'), (-1, 'record -1')")

    ingest(process, kafka4, sql_warehouse, topic, numbers(0, 20), rows=22)
    session.sql(f"INSERT INTO {name} VALUES (-3, 'record -3')")
    ingest(process, kafka4, sql_warehouse, topic, numbers(20, 20), rows=43)
    expected = range(-3, 40)
    readers = [read_pyiceberg(sql_warehouse, "lake", topic), read_spark(spark, sql_warehouse, "lake", topic)]
    readers.append(read_duckdb(sql_warehouse, "lake", topic))
    for found in readers:
        assert_numbers(found, expected)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    kept = {key: value for key, value in properties.items() if key != "format-version"}
    assert kept.items() <= loaded.properties.items()
    if kind == "object-store":
        hashed = [location for location in loaded.inspect.files().to_pydict()["file_path"] if "/n_bucket=" in location]
        assert hashed and all(len(location.split("/data/")[1].split("/")) == 6 for location in hashed)
