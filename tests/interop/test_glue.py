# SPDX-License-Identifier: Apache-2.0
"""The AWS Glue Data Catalog, K2I and PyIceberg on the same tables."""

import threading

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException

from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.readers import read_pyiceberg
from harness.warehouses import GlueWarehouse

RECORDS = [
    {"id": n, "name": f"n° {n} 🚀", "ratio": n + 0.5, "tags": ["a", str(n)], "address": {"city": "Zürich"}}
    for n in range(50)
]  # fmt: skip


def glue_table(warehouse, table: str) -> dict:
    return warehouse.pyiceberg().glue.get_table(DatabaseName="lake", Name=table)["Table"]


def assert_rows_read_back(k2i, kafka, warehouse, topic: str) -> None:
    taken = topics.produce(kafka.bootstrap_servers, topic, RECORDS, partitions=2)
    process = k2i(ingest_config(warehouse, kafka.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == len(RECORDS), "all rows")
    assert process.terminate() == 0
    by_value = {topics.encoded(row): row for row in RECORDS}
    found = read_pyiceberg(warehouse, "lake", topic)
    assert all(row.pop("_extra", None) is None for row in found)
    rows.assert_same(found, [each.row(by_value[each.value]) | {"_kafka_key": each.key.decode()} for each in taken])


def test_rows_are_read_back_by_pyiceberg(k2i, kafka4, glue_warehouse, topic):
    assert_rows_read_back(k2i, kafka4, glue_warehouse, topic)
    table = glue_table(glue_warehouse, topic)
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"]["table_type"] == "ICEBERG"
    assert table["Parameters"]["previous_metadata_location"] != table["Parameters"]["metadata_location"]
    assert table["StorageDescriptor"]["Location"] == f"{glue_warehouse.warehouse}/lake.db/{topic}"
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert types["id"] == "bigint" and types["tags"] == "array<string>" and types["address"] == "struct<city:string>"
    first = table["StorageDescriptor"]["Columns"][0]["Parameters"]
    assert first.keys() == {"iceberg.field.id", "iceberg.field.optional", "iceberg.field.current"}
    # Nothing was archived.
    versions = glue_warehouse.pyiceberg().glue.get_table_versions(DatabaseName="lake", TableName=topic)
    assert len(versions["TableVersions"]) == 1


@pytest.mark.slow
def test_files_may_lie_in_another_store(k2i, kafka4, moto, s3, topic):
    assert_rows_read_back(k2i, kafka4, GlueWarehouse(moto, s3), topic)


def append_by_pyiceberg(warehouse, table: str, values: list[int]) -> None:
    schema = pa.schema([("n", pa.int64())])
    for value in values:
        while True:
            try:
                warehouse.pyiceberg().load_table(("lake", table)).append(pa.Table.from_pylist([{"n": value}], schema=schema))
                break
            except CommitFailedException:
                continue


@pytest.mark.slow
def test_two_writers_race(k2i, kafka4, glue_warehouse, topic):
    """K2I commits every second or so while PyIceberg does as often as it can: each commit lands once."""
    config = ingest_config(glue_warehouse, kafka4.bootstrap_servers, topic, topic)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process = k2i(config, glue_warehouse.environment()).start()
    process.wait_until(lambda: total_records(glue_warehouse, "lake", topic) == 100, "the first rows")
    foreign = list(range(-10, 0))
    racer = threading.Thread(target=append_by_pyiceberg, args=(glue_warehouse, topic, foreign))
    racer.start()
    for start in range(100, 350, 50):
        topics.produce(kafka4.bootstrap_servers, topic, numbers(start, 50), partitions=2)
        process.wait_until(lambda: total_records(glue_warehouse, "lake", topic) >= start + 50, f"{start + 50} rows")
    racer.join(120)
    assert not racer.is_alive()
    process.wait_until(lambda: total_records(glue_warehouse, "lake", topic) == 350 + len(foreign), "all rows")
    assert process.terminate() == 0
    found = sorted(row["n"] for row in read_pyiceberg(glue_warehouse, "lake", topic))
    assert found == list(range(-10, 350))
    assert process.run("verify").returncode == 0


def test_validate_says_what_is_missing(k2i, kafka4, moto, topic):
    warehouse = GlueWarehouse(moto)
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic)
    checked = k2i(config, warehouse.environment()).run("validate")
    assert "✓ catalog          AWS Glue at " + moto.endpoint in checked.stdout, checked.stdout
    assert "will be created" in checked.stdout
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}
    checked = k2i(config, nobody).run("validate")
    assert checked.returncode == 3, checked.stdout
    assert "there are none. Looked in: environment variables" in checked.stdout
    del config["iceberg"]["aws_region"]
    checked = k2i(config, nobody).run("validate")
    assert checked.returncode == 1, checked.stdout
    assert "set 'iceberg.aws_region'" in checked.stdout
