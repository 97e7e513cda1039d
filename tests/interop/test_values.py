# SPDX-License-Identifier: Apache-2.0
"""Every value of every type, from JSON in Kafka to what other people's readers give."""

import pytest

import typed_rows
from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.readers import read_duckdb, read_pyiceberg, read_spark


def ingested(k2i, kafka, warehouse, topic: str, values: list) -> list[topics.Produced]:
    """Runs K2I over the values until the table has them all, and ends it."""
    taken = topics.produce(kafka.bootstrap_servers, topic, values, partitions=2)
    process = k2i(ingest_config(warehouse, kafka.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == len(values), f"{len(values)} rows")
    assert process.terminate() == 0
    return taken


def typed_table(warehouse, table: str) -> None:
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    catalog.create_table(("lake", table), typed_rows.SCHEMA)


def expected_of(taken: list[topics.Produced]) -> list[dict]:
    columns = dict(zip(map(topics.encoded, typed_rows.JSON), typed_rows.ROWS))
    return [each.row(columns[each.value]) for each in taken]


@pytest.mark.slow
def test_typed_values_in_all_readers(k2i, kafka4, warehouse, topic, spark):
    typed_table(warehouse, topic)
    expected = expected_of(ingested(k2i, kafka4, warehouse, topic, typed_rows.JSON))
    rows.assert_same(read_pyiceberg(warehouse, "lake", topic), typed_rows.through_pyiceberg(expected))
    rows.assert_same(read_duckdb(warehouse, "lake", topic), expected)
    rows.assert_same(read_spark(spark, warehouse, "lake", topic), expected)


# Kinds that JSON itself has, so that inference leaves no choice.
PLAIN_ROWS = [
    {"id": n, "name": f"n° {n} 🚀", "ratio": n + 0.5, "active": n % 2 == 0, "tags": ["a", str(n)], "address": {"city": "Zürich", "geo": {"lat": 0.25 * n}}}
    for n in range(50)
] + [{"id": 50, "name": None, "ratio": None, "active": None, "tags": None, "address": None}]  # fmt: skip


def test_a_table_is_made_from_the_records(k2i, kafka4, warehouse, topic):
    taken = ingested(k2i, kafka4, warehouse, topic, PLAIN_ROWS)
    by_value = {topics.encoded(row): row for row in PLAIN_ROWS}
    expected = [each.row(by_value[each.value]) | {"_kafka_key": each.key.decode()} for each in taken]
    for read in (read_pyiceberg, read_duckdb):
        found = read(warehouse, "lake", topic)
        # The column for members without one, which an inferred table has and nothing here fills.
        assert all(row.pop("_extra", None) is None for row in found)
        rows.assert_same(found, expected)


def test_kafka_39_serves_as_well(k2i, kafka39, sql_warehouse, unique):
    topics.create_topic(kafka39.bootstrap_servers, unique, partitions=2)
    typed_table(sql_warehouse, unique)
    expected = expected_of(ingested(k2i, kafka39, sql_warehouse, unique, typed_rows.JSON))
    rows.assert_same(read_duckdb(sql_warehouse, "lake", unique), expected)


def test_bad_records_do_not_stop_the_good(k2i, kafka4, sql_warehouse, topic):
    typed_table(sql_warehouse, topic)
    bad = [b"{", b"\xff\xfe", None, b"[1]", b'{"id": "word"}', b'{"small": 1}', b'{"id": 1} x']
    taken = topics.produce(kafka4.bootstrap_servers, topic, [*bad, {"id": 7}, {"id": 8}], partitions=2)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 2, "the two good rows")
    process.wait_until(lambda: process.metric("k2i_dead_letters_total") == len(bad), "the dead letters counted")
    assert process.terminate() == 0
    found = read_duckdb(sql_warehouse, "lake", topic)
    assert sorted(row["id"] for row in found) == [7, 8]
    good = {(each.partition, each.offset) for each in taken if each.value in (b'{"id": 7}', b'{"id": 8}')}
    assert {(row["_kafka_partition"], row["_kafka_offset"]) for row in found} == good
    # Every letter stands in the dead-letter table, word for word, for engines which are not ours.
    letters = {(each.partition, each.offset): each for each in taken if each.value not in (b'{"id": 7}', b'{"id": 8}')}
    for read in (read_pyiceberg, read_duckdb):
        kept = {(row["partition"], row["offset"]): row for row in read(sql_warehouse, "lake", f"{topic}__dlq")}
        assert kept.keys() == letters.keys()
        for position, row in kept.items():
            assert row["topic"] == topic
            assert row["key"] == letters[position].key
            assert row["value"] == letters[position].value
            assert row["timestamp"] is not None
            assert row["error_class"] == "InvalidArgument"
            assert row["error"]
            assert row["schema_id"] == 0
