# SPDX-License-Identifier: Apache-2.0
"""Partition values in the manifests against the rows in the files, by PyIceberg's own transforms."""

import datetime
import uuid

import pyarrow as pa
import pyarrow.parquet

from harness.warehouses import Warehouse


def assert_partitions_true(warehouse: Warehouse, table: str, more_files_than: int) -> None:
    """Each data file holds only rows whose transformed values are the file's partition."""
    loaded = warehouse.pyiceberg().load_table(("lake", table))
    schema, spec = loaded.schema(), loaded.spec()
    tasks = list(loaded.scan().plan_files())
    assert len(tasks) > more_files_than
    for task in tasks:
        with loaded.io.new_input(task.file.file_path).open() as stream:
            held = pa.parquet.read_table(pa.BufferReader(stream.read()))
        for index, field in enumerate(spec.fields):
            source = schema.find_field(field.source_id)
            transform = field.transform.transform(source.field_type)
            values = {transform(as_stored(value)) for value in held[source.name].to_pylist()}
            assert values == {as_stored(task.file.partition[index])}, (field.name, task.file.file_path)


def as_stored(value):
    """Dates as days, timestamps as microseconds and UUIDs as bytes, as Iceberg's transforms take them."""
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, datetime.datetime):
        return (value - datetime.datetime(1970, 1, 1, tzinfo=value.tzinfo)) // datetime.timedelta(microseconds=1)
    return (value - datetime.date(1970, 1, 1)).days if isinstance(value, datetime.date) else value
