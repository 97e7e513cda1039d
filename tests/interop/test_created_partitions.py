# SPDX-License-Identifier: Apache-2.0
"""Partitioned tables that K2I makes from its configuration: every transform on every type it takes, in both formats."""

import base64
import datetime
from decimal import Decimal

import pytest
from pyiceberg.table.sorting import NullOrder, SortDirection

from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.partitions import assert_partitions_true
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import CATALOG

COLUMNS = {
    "id": "long", "small": "int", "name": "string", "price": "decimal(9,2)", "token": "uuid", "blob": "binary",
    "active": "boolean", "day": "date", "at": "timestamptz", "local": "timestamp",
}  # fmt: skip
# (column, transform); each table is partitioned by all of one line.
SPECS = {
    "identity": [(name, "identity") for name in ("name", "active", "day")],
    "identity_of_numbers": [(name, "identity") for name in ("small", "price", "at")],
    "bucket": [(name, "bucket[4]") for name in ("id", "name", "price", "token", "blob")],
    "bucket_of_times": [(name, "bucket[4]") for name in ("small", "day", "at", "local")],
    "truncate": [("id", "truncate[3]"), ("name", "truncate[3]"), ("price", "truncate[50]"), ("blob", "truncate[1]")],
    "year_and_month": [("day", "year"), ("at", "month")],
    "month_and_day": [("day", "month"), ("local", "day")],
    "day_and_hour": [("day", "day"), ("at", "hour")],
    "void": [("id", "void"), ("name", "truncate[1]")],
}
COUNT = 24
START = datetime.datetime(1969, 12, 31, 21, 30, 0, 123456)


def columns_of(n: int) -> dict:
    """Row `n`: around 1970 and zero, where truncation and days go wrong, and nulls, each column at another n."""
    at = START + datetime.timedelta(minutes=50 * n, days=40 * (n % 3))
    values = {
        "id": (n - 12) * 7,
        "small": n % 5 - 2,
        "name": ["Zürich", "Zug", "日本語です", "🚀🚀🚀🚀", "", "a/b=c %"][n % 6],
        "price": Decimal((n - 12) * 2501) / 100,
        "token": f"01234567-89ab-cdef-0123-{n:012x}",
        "blob": bytes([n % 4, 255]),
        "active": n % 2 == 0,
        "day": at.date(),
        "at": at.replace(tzinfo=datetime.timezone.utc),
        "local": at,
    }
    return {name: None if (n + place) % 11 == 0 else value for place, (name, value) in enumerate(values.items())}


def as_json(columns: dict) -> dict:
    text = {bytes: lambda value: base64.b64encode(value).decode(), Decimal: str}
    dates = {datetime.date: str, datetime.datetime: datetime.datetime.isoformat}
    return {name: (text | dates).get(type(value), lambda same: same)(value) for name, value in columns.items()}


def created(k2i, kafka, warehouse, topic: str, **iceberg) -> list[dict]:
    """Has K2I make the table and fill it; returns the rows that should be in it."""
    columns = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
    values = {topics.encoded(as_json(columns_of(n))): columns_of(n) for n in range(COUNT)}
    taken = topics.produce(kafka.bootstrap_servers, topic, list(values), partitions=2)
    config = ingest_config(
        warehouse, kafka.bootstrap_servers, topic, topic, schema={"columns": columns, "metadata": {"key": False}}, iceberg=iceberg
    )
    process = k2i(config, warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == COUNT, f"{COUNT} rows")
    assert process.terminate() == 0
    return [each.row(values[each.value]) for each in taken]


def spec_of(fields: list[tuple[str, str]]) -> list[dict]:
    return [{"source_field": name, "transform": transform} for name, transform in fields]


@pytest.mark.parametrize("format_version", [2, 3])
@pytest.mark.parametrize("fields", SPECS.values(), ids=SPECS)
def test_every_transform(k2i, kafka4, sql_warehouse, topic, fields, format_version):
    expected = created(k2i, kafka4, sql_warehouse, topic, format_version=format_version, partition_spec=spec_of(fields))
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert table.format_version == format_version
    made = [(table.schema().find_column_name(field.source_id), str(field.transform)) for field in table.spec().fields]
    assert made == fields
    assert_partitions_true(sql_warehouse, topic, more_files_than=1)
    rows.assert_same(read_pyiceberg(sql_warehouse, "lake", topic), expected)
    rows.assert_same(read_duckdb(sql_warehouse, "lake", topic), expected)


@pytest.mark.slow
@pytest.mark.parametrize("format_version", [2, 3])
@pytest.mark.parametrize("fields", SPECS.values(), ids=SPECS)
def test_spark_reads_and_finds(k2i, kafka4, sql_warehouse, topic, spark, fields, format_version):
    expected = created(k2i, kafka4, sql_warehouse, topic, format_version=format_version, partition_spec=spec_of(fields))
    rows.assert_same(read_spark(spark, sql_warehouse, "lake", topic), expected)
    frame = spark.session(sql_warehouse).table(f"{CATALOG}.lake.{topic}")
    for name, _ in fields:
        for value in (columns_of(1)[name], columns_of(22)[name], None):
            # Null-safe equality: Spark prunes by partition values and bounds, so wrong ones lose rows here.
            found = frame.where(frame[name].eqNullSafe(value)).count()
            assert found == sum(row[name] == value for row in expected), (name, value)


def test_sort_order(k2i, kafka4, sql_warehouse, topic):
    sort_order = [
        {"source_field": "name", "transform": "bucket[4]"},
        {"source_field": "at", "direction": "desc", "null_order": "nulls-last"},
    ]
    expected = created(k2i, kafka4, sql_warehouse, topic, sort_order=sort_order)
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    found = [(table.schema().find_column_name(f.source_id), str(f.transform), f.direction, f.null_order) for f in table.sort_order().fields]
    assert found == [("name", "bucket[4]", SortDirection.ASC, NullOrder.NULLS_FIRST), ("at", "identity", SortDirection.DESC, NullOrder.NULLS_LAST)]
    rows.assert_same(read_duckdb(sql_warehouse, "lake", topic), expected)
    # The order is the table's wish; rows are written in Kafka's order, and no file may claim otherwise.
    assert {task.file.sort_order_id for task in table.scan().plan_files()} <= {None, 0}


@pytest.mark.parametrize("name, transform", [("active", "bucket[4]"), ("day", "hour"), ("id", "year"), ("at", "truncate[3]"), ("nothing", "day")])
def test_a_transform_that_the_column_has_not(k2i, kafka4, sql_warehouse, topic, name, transform):
    columns = [{"name": column, "type": kind} for column, kind in COLUMNS.items()]
    partitioned = {"partition_spec": spec_of([(name, transform)])}
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, schema={"columns": columns}, iceberg=partitioned))
    done = process.run("ingest")
    assert done.returncode == 1, done.stdout
    assert name in done.stdout, done.stdout
    assert total_records(sql_warehouse, "lake", topic) == 0
