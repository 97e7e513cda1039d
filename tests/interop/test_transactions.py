# SPDX-License-Identifier: Apache-2.0
"""Offsets that hold no record for us: aborted transactions, control records, what compaction took away."""

import json
import time

import pytest
from confluent_kafka import Producer

from harness import topics
from harness.k2i_process import ingest_config
from harness.readers import read_duckdb
from services import Kafka

SOON = {"schema": {"infer_timeout_ms": 300}}


@pytest.fixture
def transactional(kafka4, unique):
    producer = Producer({"bootstrap.servers": kafka4.bootstrap_servers, "transactional.id": unique, "linger.ms": 5})
    producer.init_transactions(30)
    return producer


def transact(producer, topic: str, start: int, count: int, partitions: int, *, commit: bool) -> None:
    producer.begin_transaction()
    for n in range(start, start + count):
        producer.produce(topic, json.dumps({"n": n}), partition=n % partitions)
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)


def ranges(warehouse, table: str) -> dict[int, list[tuple[int, int]]]:
    """What the snapshots say they add, by partition, oldest first."""
    found: dict[int, list[tuple[int, int]]] = {}
    for snapshot in sorted(warehouse.pyiceberg().load_table(("lake", table)).snapshots(), key=lambda s: s.sequence_number):
        for partition, (begin, end) in json.loads(snapshot.summary["k2i.ranges"])[table].items():
            found.setdefault(int(partition), []).append((begin, end))
    return found


def assert_joined(parts: list[tuple[int, int]]) -> None:
    assert all(a[1] == b[0] for a, b in zip(parts, parts[1:])), parts


def boundary(warehouse, table: str) -> dict[int, int]:
    return {partition: parts[-1][1] for partition, parts in ranges(warehouse, table).items()} if warehouse.pyiceberg().table_exists(("lake", table)) else {}


def test_aborted_batches_and_control_records(k2i, kafka4, sql_warehouse, topic, transactional):
    """Rows of committed transactions only; ranges are positions and reach the very end of the partitions, where only
    aborted data and control records lie, so that neither lag tools nor retention find K2I behind."""
    address = kafka4.bootstrap_servers
    config = ingest_config(sql_warehouse, address, topic, topic, **SOON)
    transact(transactional, topic, 0, 100, 2, commit=False)
    transact(transactional, topic, 100, 100, 2, commit=True)
    transact(transactional, topic, 200, 100, 2, commit=False)
    process = k2i(config).start()
    process.wait_until(lambda: boundary(sql_warehouse, topic) == topics.ends(address, topic, 2), "a boundary at the end")
    for start in range(300, 900, 200):
        transact(transactional, topic, start, 100, 2, commit=True)
        transact(transactional, topic, start + 100, 100, 2, commit=False)
    process.wait_until(lambda: boundary(sql_warehouse, topic) == topics.ends(address, topic, 2), "a boundary at the end")
    # Aborted data alone moves the boundary too.
    transact(transactional, topic, 900, 100, 2, commit=False)
    end = topics.ends(address, topic, 2)
    process.wait_until(lambda: boundary(sql_warehouse, topic) == end, "a boundary at the end")
    process.wait_until(lambda: topics.acknowledged(address, f"k2i-{topic}", topic, 2) == end, "no lag")
    process.wait_until(lambda: process.metric("k2i_consumer_lag", topic=topic) == 0, "no lag in the metrics")
    process.kill()
    process.restart()
    transact(transactional, topic, 1000, 100, 2, commit=True)
    process.wait_until(lambda: boundary(sql_warehouse, topic) == topics.ends(address, topic, 2), "a boundary at the end")
    assert process.terminate() == 0

    rows = read_duckdb(sql_warehouse, "lake", topic)
    committed = [n for start in (100, 300, 500, 700, 1000) for n in range(start, start + 100)]
    assert sorted(row["n"] for row in rows) == committed
    delivered = [(p, o, json.loads(value)["n"]) for p, o, value in topics.read_all(address, topic, 2)]
    assert [(row["_kafka_partition"], row["_kafka_offset"], row["n"]) for row in rows] == delivered
    for partition, parts in ranges(sql_warehouse, topic).items():
        assert_joined(parts)
        assert parts[-1][1] - parts[0][0] > sum(row["_kafka_partition"] == partition for row in rows)


def test_an_open_transaction_holds_back_its_partition(k2i, kafka4, sql_warehouse, topic, transactional):
    transactional.begin_transaction()
    transactional.produce(topic, json.dumps({"n": 0}), partition=0)
    transactional.flush(30)
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 1}, {"n": 2}], partitions=2)  # 1 lies behind the open one
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, **SOON)).start()
    process.wait_until(lambda: boundary(sql_warehouse, topic) == {1: 1}, "the other partition's row")
    transactional.commit_transaction(30)
    process.wait_until(lambda: boundary(sql_warehouse, topic).get(0) == 3, "the rest")
    assert process.terminate() == 0
    assert sorted(row["n"] for row in read_duckdb(sql_warehouse, "lake", topic)) == [0, 1, 2]


def test_a_compacted_topic(k2i, tmp_path, sql_warehouse, unique):
    """Holes where older values of a key were: the rows are those that are left, the ranges cover the holes."""
    with Kafka(tmp_path / "kafka", properties={"log.cleaner.backoff.ms": 100}) as kafka:
        address = kafka.bootstrap_servers
        compacting = {"cleanup.policy": "compact", "segment.bytes": str(1 << 20), "min.cleanable.dirty.ratio": "0.01"}
        topics.create_topic(address, unique, 1, **compacting, **{"max.compaction.lag.ms": "1000"})
        producer = Producer({"bootstrap.servers": address, "linger.ms": 5})
        for n in range(600):
            producer.produce(unique, json.dumps({"n": n, "text": "x" * 10_000}), key=f"k{n % 7 if n % 50 else n}")
        assert producer.flush(60) == 0
        left = settled(address, unique)
        assert len(left) < 400, "nothing was compacted"
        process = k2i(ingest_config(sql_warehouse, address, unique, unique, **SOON)).start()
        process.wait_until(lambda: boundary(sql_warehouse, unique) == {0: 600}, "a boundary at the end")
        assert process.terminate() == 0
    rows = read_duckdb(sql_warehouse, "lake", unique)
    assert [(row["_kafka_offset"], row["n"]) for row in rows] == [(offset, offset) for _, offset, _ in left]
    assert_joined(ranges(sql_warehouse, unique)[0])


def settled(address: str, topic: str) -> list[tuple[int, int, bytes]]:
    """What the cleaner has left when it has nothing more to do."""
    deadline, before, since = time.monotonic() + 60, None, time.monotonic()
    while True:
        found = topics.read_all(address, topic)
        if before is None or len(found) != len(before):
            before, since = found, time.monotonic()
        if len(found) < 400 and time.monotonic() - since > 3:
            return found
        assert time.monotonic() < deadline, f"{len(found)} records left"
        time.sleep(0.5)
