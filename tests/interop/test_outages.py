# SPDX-License-Identifier: Apache-2.0
"""Servers that go away, and come back or do not, under a running K2I."""

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import assert_each_once, numbers
from harness.warehouses import RestWarehouse
from services import IcebergRest, Kafka


@pytest.fixture
def own_rest(tmp_path):
    """A REST catalog that a test may stop: the shared one serves others."""
    with IcebergRest(tmp_path / "rest") as server:
        yield server


def component(process, name: str) -> str:
    return process.health()["components"][name]["status"]


def test_the_catalog_goes_and_comes_back(k2i, kafka4, own_rest, topic):
    warehouse = RestWarehouse(own_rest)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    breaker = {"failure_threshold": 2, "open_seconds": 2}
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, circuit_breaker=breaker)).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
    assert process.metric("k2i_circuit_breaker_state", component="catalog") == 0

    own_rest.kill()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 100), partitions=2)
    process.wait_until(lambda: component(process, "catalog") != "healthy", "a word on the catalog's health")
    process.wait_until(lambda: process.metric("k2i_circuit_breaker_state", component="catalog") == 2, "an open breaker")
    assert process.metric("k2i_circuit_breaker_state", component="storage") == 0
    # Reading goes on meanwhile.
    topics.produce(kafka4.bootstrap_servers, topic, numbers(200, 100), partitions=2)
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == 300, "300 records read")
    assert process.get("/healthz").status_code == 200

    own_rest.restart()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= 300, "300 rows")
    process.wait_until(lambda: component(process, "catalog") == "healthy", "health again")
    process.wait_until(lambda: process.metric("k2i_circuit_breaker_state", component="catalog") == 0, "a closed breaker")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 300)


def test_a_commit_whose_answer_never_comes(k2i, kafka4, own_rest, topic):
    """Paused, the server takes requests that it answers when K2I has long given up waiting: nobody knows what
    became of them, and nothing may be doubled or lost."""
    warehouse = RestWarehouse(own_rest)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
    own_rest.pause()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 100), partitions=2)
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == 200, "200 records read")
    with pytest.raises(AssertionError, match="no rows"):
        process.wait_until(lambda: process.metric("k2i_rows_flushed_total") > 100, "rows", timeout_s=8)
    process.kill()
    own_rest.resume()
    process.restart()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= 200, "200 rows")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 200)


def test_the_broker_goes_and_comes_back(k2i, sql_warehouse, tmp_path, unique):
    with Kafka(tmp_path / "kafka") as kafka:
        topics.create_topic(kafka.bootstrap_servers, unique, partitions=2)
        topics.produce(kafka.bootstrap_servers, unique, numbers(0, 100), partitions=2)
        process = k2i(ingest_config(sql_warehouse, kafka.bootstrap_servers, unique, unique)).start()
        process.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 100, "100 rows")
        kafka.stop()
        process.wait_until(lambda: component(process, "kafka") != "healthy", "a word on Kafka's health")
        kafka.restart()
        topics.produce(kafka.bootstrap_servers, unique, numbers(100, 100), partitions=2)
        process.wait_until(lambda: total_records(sql_warehouse, "lake", unique) >= 200, "200 rows")
        assert process.terminate() == 0
    assert_each_once(sql_warehouse, unique, 200)


def test_a_dropped_table_stops_it(k2i, kafka4, warehouse, topic):
    """Going on would throw records away, or fill another table of that name."""
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
    catalog = warehouse.pyiceberg()
    schema = catalog.load_table(("lake", topic)).schema()
    catalog.drop_table(("lake", topic))
    catalog.create_table(("lake", topic), schema)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 10), partitions=2)
    assert process.wait_exit() == 3
    assert total_records(warehouse, "lake", topic) == 0
