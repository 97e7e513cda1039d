# SPDX-License-Identifier: Apache-2.0
"""The harness without K2I: what these tests lean on must stand by itself."""

import copy
import socket
import tomllib

import psutil
import pyarrow as pa
import pytest
from confluent_kafka import Consumer

import typed_rows
from harness import rows, toml_text, topics
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import GlueWarehouse, RestWarehouse
from services import IcebergRest, Moto
from services import kafka as kafka_service

SECURED = {"sasl.username": kafka_service.SCRAM_USER, "sasl.password": kafka_service.SCRAM_PASSWORD}


def consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        messages = consumer.consume(count, timeout=30)
        assert all(message.error() is None for message in messages)
        return [message.value() for message in messages]
    finally:
        consumer.close()


@pytest.mark.parametrize("broker", ["kafka4", "kafka39"])
def test_records_go_through_kafka(request, broker, unique):
    kafka = request.getfixturevalue(broker)
    topics.create_topic(kafka.bootstrap_servers, unique, partitions=2)
    taken = topics.produce(kafka.bootstrap_servers, unique, ["a", b"\xff", {"k": "ü"}, None], partitions=2)
    assert [(each.partition, each.offset) for each in taken] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert sorted(consume(kafka.bootstrap_servers, unique, 4), key=repr) == sorted([b"a", b"\xff", '{"k": "ü"}'.encode(), None], key=repr)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_secured_listeners_take_known_users(kafka4, unique, mechanism):
    topics.create_topic(kafka4.bootstrap_servers, unique)
    user = SECURED
    if mechanism == "PLAIN":
        user = {"sasl.username": kafka_service.PLAIN_USER, "sasl.password": kafka_service.PLAIN_PASSWORD}
    sasl = {"sasl.mechanism": mechanism, **user}
    topics.produce(kafka4.sasl_bootstrap_servers, unique, ["a"], **sasl, **{"security.protocol": "SASL_PLAINTEXT"})
    tls = {"security.protocol": "SASL_SSL", "ssl.ca.location": str(kafka4.ca_path)}
    topics.produce(kafka4.sasl_ssl_bootstrap_servers, unique, ["b"], **sasl, **tls)
    assert consume(kafka4.bootstrap_servers, unique, 2) == [b"a", b"b"]


def test_servers_listen_on_loopback_only(kafka4, s3, rest, rest_s3):
    for server in (kafka4, s3, rest, rest_s3):
        listening = [c for c in psutil.Process(server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
        addresses = {connection.laddr.ip.removeprefix("::ffff:") for connection in listening}
        assert addresses == {"127.0.0.1"}, server.name


def test_a_paused_server_accepts_and_is_silent(rest):
    rest.pause()
    try:
        with socket.create_connection(("127.0.0.1", rest.port), timeout=2) as connection:
            connection.settimeout(0.3)
            connection.sendall(b"GET /v1/config HTTP/1.0\r\n\r\n")
            with pytest.raises(TimeoutError):
                connection.recv(1)
    finally:
        rest.resume()
    assert rest.answers()


@pytest.mark.parametrize("server_of, warehouse_of", [(IcebergRest, RestWarehouse), (Moto, GlueWarehouse)], ids=["rest", "glue"])
def test_a_killed_server_comes_back_with_its_data(tmp_path, server_of, warehouse_of):
    with server_of(tmp_path) as server:
        warehouse_of(server).pyiceberg().create_namespace("kept")
        server.kill()
        assert not server.answers()
        server.restart()
        assert ("kept",) in warehouse_of(server).pyiceberg().list_namespaces()


def written_by_pyiceberg(warehouse, name: str) -> list[dict]:
    """Makes the table of typed_rows and fills it; returns what readers should find."""
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    table = catalog.create_table(("lake", name), typed_rows.SCHEMA)
    expected = typed_rows.through_pyiceberg(
        [topics.Produced("t", 0, offset, 1700000000000 + offset, b"").row(columns) for offset, columns in enumerate(typed_rows.ROWS)]
    )
    table.append(pa.Table.from_pylist(for_arrow(expected), schema=table.schema().as_arrow()))
    return expected


def for_arrow(expected: list[dict]) -> list[dict]:
    import uuid

    result = copy.deepcopy(expected)
    for row in result:
        row["token"] = row["token"] and uuid.UUID(row["token"]).bytes
        row["counts"] = row["counts"] and list(row["counts"].items())
    return result


def test_readers_see_every_value(warehouse, unique):
    expected = written_by_pyiceberg(warehouse, unique)
    rows.assert_same(read_pyiceberg(warehouse, "lake", unique), expected)
    rows.assert_same(read_duckdb(warehouse, "lake", unique), expected)


@pytest.mark.slow
def test_spark_sees_every_value(spark, warehouse, unique):
    expected = written_by_pyiceberg(warehouse, unique)
    rows.assert_same(read_spark(spark, warehouse, "lake", unique), expected)


def test_a_difference_is_seen():
    row = {"_kafka_partition": 0, "_kafka_offset": 0, "a": {"b": [1]}}
    rows.assert_same([row], [copy.deepcopy(row)])
    for other in ({**row, "a": {"b": [2]}}, {**row, "_kafka_offset": 1}, {**row, "a": None}, {k: row[k] for k in list(row)[:2]}):
        with pytest.raises(AssertionError):
            rows.assert_same([row], [other])
    with pytest.raises(AssertionError, match="twice"):
        rows.assert_same([row, row], [row])


def test_configuration_is_written_as_toml():
    config = {"kafka": {"topic": "ü", "n": 1, "options": {"fetch.min.bytes": "1"}}, "iceberg": {"partition_spec": [{"a": "b"}, {"a": "c"}]}}
    assert tomllib.loads(toml_text.to_toml(config)) == config
