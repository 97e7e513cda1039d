# SPDX-License-Identifier: Apache-2.0
"""A full buffer: reading stops, the consumer group and the memory hold, and all goes on once commits can."""

import re
import time
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from chaos.proxy import Fault, Proxy
from demo import events
from harness.k2i_process import ingest_config, total_records
from harness.readers import duckdb_connection
from harness.topics import create_topic
from harness.warehouses import RestWarehouse
from services import IcebergRest, Kafka
from services.places import LOOPBACK

FIRST, COUNT = 10_000, 700_000
BUFFER_MB = 64
# What is not the buffer: the program with its libraries, librdkafka's prefetched records, a batch being decoded,
# and the data file being written.
OVERHEAD_MB = 200
MAX_POLL_S = 10


def members(kafka, group: str) -> list[str]:
    # Its futures end with the client.
    client = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    return [member.member_id for member in client.describe_consumer_groups([group])[group].result(10).members]


def peak_mb(pid: int) -> int:
    """The most memory the process has had, as the kernel counts."""
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) // 1024
    print(f"resident at most {peak} MB so far, with a buffer of {BUFFER_MB} MB")
    return peak


def sums(warehouse, table: str) -> tuple:
    """Rows, different places in Kafka, and what the events add up to."""
    with duckdb_connection() as connection:
        relation = warehouse.duckdb_relation(connection, "lake", table)
        return connection.execute(
            f"SELECT count(*), count(DISTINCT (_kafka_partition, _kafka_offset)), sum(quantity)::BIGINT, sum(price_cents)::BIGINT FROM {relation}"
        ).fetchone()


@pytest.mark.slow
def test_a_full_buffer_holds_the_group_and_the_memory(k2i, kafka4, tmp_path, topic):
    with IcebergRest(tmp_path / "rest") as rest:
        warehouse = RestWarehouse(rest)
        config = ingest_config(
            warehouse,
            kafka4.bootstrap_servers,
            topic,
            topic,
            kafka={"max_poll_interval_ms": MAX_POLL_S * 1000, "session_timeout_ms": 6000},
            buffer={"max_size_mb": BUFFER_MB},
        )
        group = config["kafka"]["group_id"]
        produced = events.produce(kafka4.bootstrap_servers, topic, 2, FIRST)
        process = k2i(config).start()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == FIRST, "the first commit")
        before = members(kafka4, group)
        assert len(before) == 1

        rest.pause()
        produced += events.produce(kafka4.bootstrap_servers, topic, 2, COUNT)
        process.wait_until(lambda: process.metric("k2i_backpressure_events_total") >= 1, "backpressure")
        until = time.monotonic() + MAX_POLL_S + 5
        while time.monotonic() < until:
            health = process.health()
            assert (health["status"], health["components"]["buffer"]["status"]) == ("degraded", "degraded")
            time.sleep(0.2)
        assert process.status()["state"] == "paused"
        assert process.metric("k2i_messages_consumed_total") < produced.rows, "nothing was held back"
        assert peak_mb(process.pid) < BUFFER_MB + OVERHEAD_MB
        assert members(kafka4, group) == before

        rest.resume()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) >= produced.rows, "all rows", timeout_s=120)
        process.wait_until(lambda: process.health()["status"] == "healthy", "health again")
        assert members(kafka4, group) == before
        # Catching up is the busier half.
        assert peak_mb(process.pid) < BUFFER_MB + OVERHEAD_MB
        # The end revokes its partitions; nothing may have done so before.
        left = {line.get("event") for line in process.logs()} & {"partitions_revoked", "partitions_lost"}
        assert not left
        assert process.terminate() == 0
        assert sums(warehouse, topic) == (produced.rows, produced.rows, produced.quantity, produced.price_cents)


@pytest.mark.slow
def test_partitions_that_are_lost_with_a_full_buffer_are_read_again(k2i, tmp_path, topic):
    """Reading is paused when they are lost, and resumed before they come back: librdkafka would keep them paused."""
    def through(proxy: Proxy) -> dict:
        return {"advertised.listeners": f"PLAIN://{LOOPBACK}:{proxy.port}", "group.min.session.timeout.ms": 1000}

    with (
        closing(Proxy(lambda: kafka.port)) as proxy,
        Kafka(tmp_path / "kafka", properties=through(proxy)) as kafka,
        IcebergRest(tmp_path / "rest") as rest,
    ):
        bootstrap_servers = f"{LOOPBACK}:{proxy.port}"
        warehouse = RestWarehouse(rest)
        config = ingest_config(
            warehouse, bootstrap_servers, topic, topic,
            kafka={"session_timeout_ms": 3000, "heartbeat_interval_ms": 500}, buffer={"max_size_mb": 16},
        )  # fmt: skip
        create_topic(bootstrap_servers, topic, 2)
        produced = events.produce(bootstrap_servers, topic, 2, FIRST)
        process = k2i(config).start()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == FIRST, "the first commit")
        rest.pause()
        produced += events.produce(bootstrap_servers, topic, 2, 200_000)
        process.wait_until(lambda: process.metric("k2i_backpressure_events_total") >= 1, "backpressure")

        def said(event: str) -> bool:
            return any(line.get("event") == event for line in process.logs())

        proxy.set(Fault.CUT)
        process.wait_until(lambda: said("partitions_lost"), "lost partitions")
        assert not said("backpressure_off")
        rest.resume()
        process.wait_until(lambda: said("backpressure_off"), "room")
        assert process.metric("k2i_messages_consumed_total") < produced.rows, "nothing is left to be read"
        proxy.set(Fault.NONE)
        process.wait_until(lambda: total_records(warehouse, "lake", topic) >= produced.rows, "all rows", timeout_s=120)
        assert process.terminate() == 0
        assert sums(warehouse, topic) == (produced.rows, produced.rows, produced.quantity, produced.price_cents)
