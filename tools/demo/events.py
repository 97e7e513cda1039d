# SPDX-License-Identifier: Apache-2.0
"""Clickstream events of an online shop: 12 members, one of them an object and one a list, about 250 bytes of JSON."""

import multiprocessing
from dataclasses import dataclass

from confluent_kafka import Producer

START_MS = 1_760_000_000_000
KINDS = ("view", "view", "view", "search", "cart", "purchase")
COUNTRIES = ("DE", "CH", "FR", "AT", "IT", "PL", "SE", "ES")
SYSTEMS = ("android", "ios", "linux", "macos", "windows")
TAGS = ('["new"]', '["sale","summer"]', "[]", '["gift"]')
# Odd factors that spread neighbouring numbers; any would do.
SPREAD = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


@dataclass
class Sums:
    """What the demo adds up, wherever the events are."""

    rows: int = 0
    quantity: int = 0
    price_cents: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.rows + other.rows, self.quantity + other.quantity, self.price_cents + other.price_cents)


def event(number: int) -> tuple[str, int, int]:
    """The JSON text of event `number`, its quantity and its price. The same number gives the same event."""
    mixed = (number * SPREAD) & MASK
    quantity = mixed % 5 + 1
    price_cents = (mixed >> 8) % 50_000
    text = (
        f'{{"event_id":"{mixed:016x}","at_ms":{START_MS + number * 7},"user_id":{(mixed >> 16) % 200_000},'
        f'"session":"s{(mixed >> 20) % 1_000_000:x}","kind":"{KINDS[mixed % 6]}","page":"/item/{(mixed >> 24) % 30_000}",'
        f'"country":"{COUNTRIES[(mixed >> 11) % 8]}","quantity":{quantity},"price_cents":{price_cents},'
        f'"member":{"true" if mixed & 64 else "false"},'
        f'"device":{{"system":"{SYSTEMS[(mixed >> 30) % 5]}","width":{320 + (mixed >> 33) % 1600}}},"tags":{TAGS[(mixed >> 5) % 4]}}}'
    )
    return text, quantity, price_cents


def _produce_part(arguments: tuple[str, str, int, int, int]) -> Sums:
    """Sends events [first, last), and returns their sums once the broker has them all."""
    bootstrap_servers, topic, partitions, first, last = arguments
    failures: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "linger.ms": 20,
            "batch.num.messages": 20_000,
            "batch.size": 1_000_000,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 500_000,
            "delivery.report.only.error": True,
            "on_delivery": lambda error, message: failures.append(str(error)) if error else None,
        }
    )
    sums = Sums()
    for number in range(first, last):
        text, quantity, price_cents = event(number)
        _send(producer, topic, text, number // 1000 % partitions)
        sums.rows += 1
        sums.quantity += quantity
        sums.price_cents += price_cents
    if producer.flush(60) or failures:
        raise RuntimeError(f"Kafka did not take all events: {failures[:3]}")
    return sums


def _send(producer: Producer, topic: str, text: str, partition: int) -> None:
    while True:
        try:
            return producer.produce(topic, text, partition=partition)
        except BufferError:
            producer.poll(0.1)


def produce(bootstrap_servers: str, topic: str, partitions: int, count: int, processes: int = 2) -> Sums:
    """Sends `count` events from several processes; Python alone would be slower than Kafka."""
    bounds = [count * part // processes for part in range(processes + 1)]
    parts = [(bootstrap_servers, topic, partitions, first, last) for first, last in zip(bounds, bounds[1:])]
    # Spawned, not forked: the parent may hold librdkafka's threads.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.map(_produce_part, parts), Sums())
