# SPDX-License-Identifier: Apache-2.0
"""The main job on each catalog beside the default, read and written by others through the same catalog."""

import pyarrow as pa
import pytest

import typed_rows
from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.readers import read_pyiceberg, read_spark
from harness.warehouses import HiveWarehouse, PostgresWarehouse
from services import HiveMetastore


@pytest.fixture
def postgres_warehouse(postgres, unique, tmp_path) -> PostgresWarehouse:
    return PostgresWarehouse(postgres, unique, tmp_path / "warehouse")


def typed_table_by_k2i(k2i, kafka, warehouse, topic: str) -> list[dict]:
    """The rows that the table must hold. PyIceberg makes the table, with one column of each type; K2I fills it."""
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    catalog.create_table(("lake", topic), typed_rows.SCHEMA)
    taken = topics.produce(kafka.bootstrap_servers, topic, typed_rows.JSON, partitions=2)
    process = k2i(ingest_config(warehouse, kafka.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == len(typed_rows.JSON), "all rows")
    assert process.terminate() == 0
    columns = dict(zip(map(topics.encoded, typed_rows.JSON), typed_rows.ROWS))
    return [each.row(columns[each.value]) for each in taken]


def goes_on_after_a_foreign_commit(k2i, kafka, warehouse, topic: str) -> None:
    """K2I makes database and table; PyIceberg appends in between; all rows are there once."""
    process = k2i(ingest_config(warehouse, kafka.bootstrap_servers, topic, topic), warehouse.environment())
    topics.produce(kafka.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
    table = warehouse.pyiceberg().load_table(("lake", topic))
    table.append(pa.Table.from_pylist([{"n": -1}], schema=pa.schema([("n", pa.int64())])))
    topics.produce(kafka.bootstrap_servers, topic, numbers(100, 100), partitions=2)
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 201, "100 rows after PyIceberg's")
    assert process.terminate() == 0
    assert sorted(row["n"] for row in read_pyiceberg(warehouse, "lake", topic)) == list(range(-1, 200))
    checked = process.run("verify")
    assert checked.returncode == 0, checked.stdout
    validated = process.run("validate")
    assert validated.returncode == 0, validated.stdout


@pytest.mark.slow
def test_typed_values_through_postgres(k2i, kafka4, postgres_warehouse, topic, spark):
    expected = typed_table_by_k2i(k2i, kafka4, postgres_warehouse, topic)
    rows.assert_same(read_pyiceberg(postgres_warehouse, "lake", topic), typed_rows.through_pyiceberg(expected))
    rows.assert_same(read_spark(spark, postgres_warehouse, "lake", topic), expected)


def test_others_share_postgres(k2i, kafka4, postgres_warehouse, topic):
    goes_on_after_a_foreign_commit(k2i, kafka4, postgres_warehouse, topic)


def test_the_password_of_postgres_stays_secret(k2i, postgres_warehouse, topic):
    config = ingest_config(postgres_warehouse, "127.0.0.1:1", topic, topic)
    process = k2i(config, {"CATALOG_PASSWORD": "wrong-secret"})
    done = process.run("validate")
    assert done.returncode != 0
    assert "password authentication failed" in done.stdout
    assert "wrong-secret" not in done.stdout


@pytest.mark.slow
def test_typed_values_through_hive_3(k2i, kafka4, hive3, topic, spark):
    warehouse = HiveWarehouse(hive3)
    expected = typed_table_by_k2i(k2i, kafka4, warehouse, topic)
    rows.assert_same(read_pyiceberg(warehouse, "lake", topic), typed_rows.through_pyiceberg(expected))
    rows.assert_same(read_spark(spark, warehouse, "lake", topic), expected)


@pytest.mark.slow
def test_typed_values_through_hive_4_and_s3(k2i, kafka4, hive4_s3, topic):
    warehouse = HiveWarehouse(hive4_s3)
    expected = typed_table_by_k2i(k2i, kafka4, warehouse, topic)
    rows.assert_same(read_pyiceberg(warehouse, "lake", topic), typed_rows.through_pyiceberg(expected))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["hive3", "hive4"])
def test_others_share_hive(k2i, kafka4, request, version, topic):
    hive = request.getfixturevalue(version)
    goes_on_after_a_foreign_commit(k2i, kafka4, HiveWarehouse(hive), topic)
    with hive.client() as client:
        entry = client.get_table("lake", topic)
    assert entry.tableType == "EXTERNAL_TABLE"
    assert entry.parameters["table_type"] == "ICEBERG"
    assert entry.parameters["previous_metadata_location"] != entry.parameters["metadata_location"]
    columns = {column.name: column.type for column in entry.sd.cols}
    assert columns["n"] == "bigint"
    assert columns["_kafka_timestamp"] == "timestamp with local time zone"


@pytest.mark.slow
def test_hive_by_tls(k2i, tmp_path, unique):
    with HiveMetastore(tmp_path / "hive", version="3.1.3", secured=True) as hive:
        trusting = {"iceberg": {"hive": {"tls": True, "ca": str(hive.ca)}}}
        process = k2i(ingest_config(HiveWarehouse(hive), "127.0.0.1:1", unique, unique, **trusting))
        assert "✓ catalog" in process.run("validate").stdout
        # The system's authorities do not know that server, and a plain client is not understood.
        for hive_keys in ({"tls": True}, {}):
            config = ingest_config(HiveWarehouse(hive), "127.0.0.1:1", unique, unique, iceberg={"hive": hive_keys | {"timeout_ms": 5000}})
            assert "✗ catalog" in k2i(config).run("validate").stdout
