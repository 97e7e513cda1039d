# SPDX-License-Identifier: Apache-2.0
"""Records that are numbers, for tests of which rows are there rather than of what they hold."""

from harness.readers import read_duckdb
from harness.warehouses import Warehouse


def numbers(start: int, count: int) -> list[dict]:
    return [{"n": n, "text": f"record {n}"} for n in range(start, start + count)]


def assert_each_once(warehouse: Warehouse, table: str, count: int) -> None:
    """The table holds the numbers below `count`, each from a place of its own in Kafka."""
    found = read_duckdb(warehouse, "lake", table)
    assert sorted(row["n"] for row in found) == list(range(count))
    assert len({(row["_kafka_partition"], row["_kafka_offset"]) for row in found}) == count
