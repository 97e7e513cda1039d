# SPDX-License-Identifier: Apache-2.0
"""Records that keep coming while processes come and go, and the proof that a table holds each of them once."""

import json
import threading
import time

from confluent_kafka import Producer

from harness.readers import duckdb_connection
from harness.warehouses import Warehouse


class SteadyProducer:
    """Sends numbered records on a thread of its own, `rate` a second over all partitions, until stopped.

    It is idempotent and waits for every acknowledgement, through restarts of the broker too: `taken` says where Kafka put
    each number, and nothing else is in the topic. `produced_at` maps the same places to when they were acknowledged.
    """

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int, rate: int):
        self.topic, self.partitions, self.rate = topic, partitions, rate
        self.taken: dict[tuple[int, int], int] = {}
        self.failed: list[str] = []
        self._count = 0
        self._stop = threading.Event()
        settings = {"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "enable.idempotence": True}
        self._producer = Producer(settings | {"message.timeout.ms": 300_000, "log_level": 0})
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "SteadyProducer":
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    def widen(self, partitions: int) -> None:
        """The topic has more partitions from now on."""
        self.partitions = partitions

    def stop(self) -> int:
        """Returns how many records are in the topic."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join()
            left = self._producer.flush(300)
            assert not left and not self.failed, f"{left} records not delivered, errors {self.failed[:3]}"
            assert len(self.taken) == self._count
        return self._count

    def _run(self) -> None:
        started = time.monotonic()
        while not self._stop.wait(0.02):
            due = int((time.monotonic() - started) * self.rate)
            while self._count < due:
                self._send(self._count)
                self._count += 1
            self._producer.poll(0)

    def _send(self, number: int) -> None:
        def delivered(error, message) -> None:
            if error:
                self.failed.append(str(error))
            else:
                self.taken[message.partition(), message.offset()] = number

        value = json.dumps({"n": number, "text": f"record {number}"})
        while True:
            try:
                return self._producer.produce(self.topic, value, partition=number % self.partitions, on_delivery=delivered)
            except BufferError:
                self._producer.poll(0.1)


def places(warehouse: Warehouse, table: str) -> list[tuple[int, int, int]]:
    """(partition, offset, n) of every row, by DuckDB."""
    with duckdb_connection() as connection:
        relation = warehouse.duckdb_relation(connection, "lake", table)
        return connection.execute(f"SELECT _kafka_partition, _kafka_offset, n FROM {relation}").fetchall()


def lost_and_doubled(warehouse: Warehouse, table: str, taken: dict[tuple[int, int], int]) -> tuple[int, int]:
    """How many of the places of `taken` the table lacks, and how many rows are there too often. A row with another
    value than was produced, or from a place where nothing was, fails the test at once."""
    rows = places(warehouse, table)
    found = {(partition, offset): n for partition, offset, n in rows}
    wrong = [place for place, n in found.items() if taken.get(place) != n]
    assert not wrong, f"{len(wrong)} rows are not what was produced, such as {wrong[:3]}"
    return len(taken.keys() - found.keys()), len(rows) - len(found)
