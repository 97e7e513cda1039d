# SPDX-License-Identifier: Apache-2.0
"""Rows as plain Python values, the same whoever read them: structs and maps are dicts, lists lists, UUIDs text,
timestamps with a zone are in UTC, those without have none."""

import datetime
import uuid

import pyarrow as pa

POSITION = ("_kafka_partition", "_kafka_offset")


def plain(value):
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(datetime.timezone.utc)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def _from_arrow(value, data_type: pa.DataType):
    """Arrow gives maps as lists of pairs, which only the type tells from other lists."""
    if value is None:
        return None
    if pa.types.is_map(data_type):
        return {key: _from_arrow(item, data_type.item_type) for key, item in value}
    if pa.types.is_struct(data_type):
        return {field.name: _from_arrow(value[field.name], field.type) for field in data_type}
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return [_from_arrow(each, data_type.value_type) for each in value]
    return plain(value)


def in_order(rows: list[dict]) -> list[dict]:
    """By position in Kafka; rows of other writers, which have none, last."""
    return sorted(rows, key=lambda row: tuple((row.get(name) is None, row.get(name) or 0) for name in POSITION))


def from_arrow(table: pa.Table) -> list[dict]:
    types = {field.name: field.type for field in table.schema}
    return in_order([{name: _from_arrow(row[name], types[name]) for name in types} for row in table.to_pylist()])


def _difference(expected: dict, actual: dict) -> str | None:
    for name in expected.keys() | actual.keys():
        left, right = expected.get(name, "no such column"), actual.get(name, "no such column")
        # bool is an int and 1 == 1.0 in Python; to a reader of the table they differ.
        if left != right or type(left) is not type(right):
            return f"{name}: expected {left!r}, found {right!r}"
    return None


def assert_same(actual: list[dict], expected: list[dict]) -> None:
    """Every value of every row."""
    actual, expected = in_order(actual), in_order(expected)
    positions = [tuple(row.get(name) for name in POSITION) for row in actual]
    wanted = [tuple(row.get(name) for name in POSITION) for row in expected]
    missing, extra = sorted(set(wanted) - set(positions), key=str), sorted(set(positions) - set(wanted), key=str)
    assert not missing and not extra, f"{len(missing)} rows missing {missing[:5]}, {len(extra)} too many {extra[:5]}"
    assert len(actual) == len(expected), f"{len(actual)} rows for {len(expected)}: some are there twice"
    for left, right in zip(expected, actual):
        difference = _difference(left, right)
        assert difference is None, f"row {tuple(left.get(name) for name in POSITION)}: {difference}"
