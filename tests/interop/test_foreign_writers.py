# SPDX-License-Identifier: Apache-2.0
"""Others write to K2I's tables, and K2I to theirs."""

import datetime

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, MonthTransform, TruncateTransform
from pyiceberg.types import DateType, LongType, NestedField, StringType, TimestamptzType

import typed_rows
from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.partitions import assert_partitions_true
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import CATALOG


DAY_ONE = datetime.datetime(2024, 2, 28, 22, 30, tzinfo=datetime.timezone.utc)


def append_by_pyiceberg(warehouse, table: str, n: int) -> None:
    loaded = warehouse.pyiceberg().load_table(("lake", table))
    loaded.append(pa.Table.from_pylist([{"n": n}], schema=pa.schema([("n", pa.int64())])))


def append_by_spark(session, table: str, n: int) -> None:
    """Spark wants a value for each column."""
    name = f"{CATALOG}.lake.{table}"
    fields = session.table(name).schema.fields
    values = [f"CAST({n if field.name == 'n' else 'NULL'} AS {field.dataType.simpleString()})" for field in fields]
    session.sql(f"INSERT INTO {name} SELECT {', '.join(values)}")


@pytest.mark.slow
def test_others_append_and_k2i_goes_on(k2i, kafka4, sql_warehouse, topic, spark):
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic))
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 100, "100 rows")

    append_by_pyiceberg(sql_warehouse, topic, -1)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 100), partitions=2)
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 201, "100 rows after PyIceberg's")

    append_by_spark(spark.session(sql_warehouse), topic, -2)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(200, 100), partitions=2)
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 302, "100 rows after Spark's")

    # A foreign commit on top hides the boundary from who looks at the newest snapshot only.
    append_by_spark(spark.session(sql_warehouse), topic, -3)
    assert process.terminate() == 0
    process.restart()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(300, 10), partitions=2)
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= 313, "10 rows after the restart")
    assert process.terminate() == 0
    for found in (read_pyiceberg(sql_warehouse, "lake", topic), read_spark(spark, sql_warehouse, "lake", topic)):
        assert sorted(row["n"] for row in found) == list(range(-3, 310))


# Partitioned tables that others made.

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "name", StringType(), required=False),
    NestedField(3, "country", StringType(), required=False),
    NestedField(4, "at", TimestamptzType(), required=False),
    NestedField(5, "day", DateType(), required=False),
    *typed_rows.METADATA_COLUMNS,
)
SPEC = PartitionSpec(
    PartitionField(3, 1000, IdentityTransform(), "country"),
    PartitionField(1, 1001, BucketTransform(4), "id_bucket"),
    PartitionField(2, 1002, TruncateTransform(2), "name_trunc"),
    PartitionField(4, 1003, DayTransform(), "at_day"),
    PartitionField(5, 1004, MonthTransform(), "day_month"),
)
SPARK_TABLE = """
    CREATE TABLE {table} (id BIGINT, name STRING, country STRING, at TIMESTAMP, day DATE,
        _kafka_topic STRING, _kafka_partition INT, _kafka_offset BIGINT, _kafka_timestamp TIMESTAMP)
    USING iceberg PARTITIONED BY (country, bucket(4, id), truncate(2, name), days(at), months(day))
"""


def varied(n: int) -> dict:
    at = DAY_ONE + datetime.timedelta(hours=n)
    return {
        "id": n * 1_000_003 if n % 7 else None,
        "name": ["Zürich", "Zug", "日本語", "", None][n % 5],
        "country": ["CH", "J/P", "ü =&", None][n % 4],
        "at": at.isoformat() if n % 6 else None,
        "day": str(datetime.date(1969, 12, 1) + datetime.timedelta(days=20 * n)),
    }


def make_by_pyiceberg(warehouse, table: str, request) -> None:
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    catalog.create_table(("lake", table), SCHEMA, partition_spec=SPEC)


def make_by_spark(warehouse, table: str, request) -> None:
    session = request.getfixturevalue("spark").session(warehouse)
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    session.sql(SPARK_TABLE.format(table=f"{CATALOG}.lake.{table}"))


@pytest.mark.parametrize("make", [make_by_pyiceberg, pytest.param(make_by_spark, marks=pytest.mark.slow)])
def test_partitioned_tables_of_others(request, make, k2i, kafka4, warehouse, topic):
    make(warehouse, topic, request)
    topics.produce(kafka4.bootstrap_servers, topic, [varied(n) for n in range(60)], partitions=2)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 60, "60 rows")
    assert process.terminate() == 0
    assert_partitions_true(warehouse, topic, more_files_than=4)

    found = read_duckdb(warehouse, "lake", topic)
    assert sorted((row["day"], row["country"] or "") for row in found) == sorted(
        (datetime.date.fromisoformat(row["day"]), row["country"] or "") for row in map(varied, range(60))
    )
    # A reader prunes by partition values and bounds: wrong ones lose rows here.
    march = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)
    wanted = [row for row in found if row["at"] and row["at"] >= march and row["country"] == "CH"]
    scan = warehouse.pyiceberg().load_table(("lake", topic)).scan(f"at >= '{march.isoformat()}' and country = 'CH'")
    assert wanted
    assert scan.to_arrow().num_rows == len(wanted)
