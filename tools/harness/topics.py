# SPDX-License-Identifier: Apache-2.0
"""Topics and records in Kafka, and what a table should hold of them."""

import datetime
import json
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic


@dataclass
class Produced:
    """One record as Kafka took it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes
    key: bytes | None = None

    def row(self, columns: dict) -> dict:
        """The row that K2I should make of it, `columns` being those of its value."""
        return columns | {
            "_kafka_topic": self.topic,
            "_kafka_partition": self.partition,
            "_kafka_offset": self.offset,
            "_kafka_timestamp": timestamp(self.timestamp_ms),
        }


def timestamp(milliseconds: int) -> datetime.datetime:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(milliseconds=milliseconds)


def create_topic(bootstrap_servers: str, topic: str, partitions: int = 1, **config: str) -> str:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 3})
    for future in admin.create_topics([NewTopic(topic, partitions, 1, config=config)]).values():
        future.result(30)
    return topic


def add_partitions(bootstrap_servers: str, topic: str, partitions: int) -> None:
    """So that the topic has `partitions` of them."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 3})
    for future in admin.create_partitions([NewPartitions(topic, partitions)]).values():
        future.result(30)


def read_all(bootstrap_servers: str, topic: str, partitions: int = 1) -> list[tuple[int, int, bytes]]:
    """(partition, offset, value) of every record that a consumer is given, in order."""
    reader = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "-", "enable.auto.commit": False, "enable.partition.eof": True})
    found, open_partitions = [], set(range(partitions))
    try:
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
        while open_partitions:
            message = reader.poll(30)
            assert message is not None, "the broker gives nothing"
            if message.error() and message.error().code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
                continue
            assert not message.error(), message.error()
            found.append((message.partition(), message.offset(), message.value()))
    finally:
        reader.close()
    return sorted(found)


def ends(bootstrap_servers: str, topic: str, partitions: int = 1) -> dict[int, int]:
    """The offset behind the last one of each partition, whatever lies there."""
    reader = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "-"})
    try:
        return {p: reader.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in range(partitions)}
    finally:
        reader.close()


def acknowledged(bootstrap_servers: str, group: str, topic: str, partitions: int = 1) -> dict[int, int]:
    """The group's own offsets, which lag tools read; negative where it has none."""
    reader = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": group})
    try:
        return {each.partition: each.offset for each in reader.committed([TopicPartition(topic, p) for p in range(partitions)], timeout=30)}
    finally:
        reader.close()


def encoded(value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode()


def produce(bootstrap_servers: str, topic: str, values: list, partitions: int = 1, **options) -> list[Produced]:
    """Sends the values (JSON text, bytes, or what json.dumps takes) round robin, and returns them as Kafka took them."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 5, **options})
    taken: list[Produced] = []
    failed: list[str] = []

    def delivered(error, message):
        if error:
            failed.append(str(error))
            return
        taken.append(Produced(topic, message.partition(), message.offset(), message.timestamp()[1], message.value(), message.key()))

    for number, value in enumerate(values):
        producer.produce(topic, encoded(value), key=f"k{number}", partition=number % partitions, on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(60)
    assert not failed and not left, f"not delivered: {failed[:3]}, {left} left"
    return sorted(taken, key=lambda each: (each.partition, each.offset))
