# SPDX-License-Identifier: Apache-2.0
"""`k2i maintenance compact --engine spark --where`: the engine rewrites what the condition chooses, and nothing else."""

import datetime
import decimal

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import BooleanType, DateType, DecimalType, DoubleType, LongType, NestedField, StringType, TimestampType, TimestamptzType

from harness.engines import spark_sql_command
from harness.k2i_process import ingest_config
from harness.maintained import maintain, table_of
from harness.readers import read_pyiceberg
from harness.warehouses import CATALOG

ODD = "it's \\ `${x}` \"; -- é"
NAMES = ("plain", ODD)
DAYS = (datetime.date(2024, 1, 30), datetime.date(2024, 1, 31))
SCHEMA = Schema(
    NestedField(1, "id", LongType()),
    NestedField(2, "odd ` name", StringType()),
    NestedField(3, "day", DateType()),
    NestedField(4, "at", TimestamptzType()),
    NestedField(5, "local", TimestampType()),
    NestedField(6, "price", DecimalType(9, 2)),
    NestedField(7, "score", DoubleType()),
    NestedField(8, "good", BooleanType()),
)


def rows_of(start: int) -> pa.Table:
    """One row of each partition, by name and day; those of the second day lie after noon."""
    rows = []
    for number, (name, day) in enumerate((name, day) for name in NAMES for day in DAYS):
        local = datetime.datetime.combine(day, datetime.time(10 if day == DAYS[0] else 14, start, 30, 500_000))
        at = local.replace(tzinfo=datetime.timezone.utc)
        price = decimal.Decimal(start * 10 + number) / 100
        rows.append({"id": start * 10 + number, "odd ` name": name, "day": day, "at": at, "local": local, "price": price, "score": number / 2, "good": name == ODD})
    return pa.Table.from_pylist(rows, schema=SCHEMA.as_arrow())


def files_by_partition(warehouse, name: str) -> dict[tuple, set[str]]:
    found: dict[tuple, set[str]] = {}
    for task in table_of(warehouse, name).scan().plan_files():
        found.setdefault((task.file.partition[0], task.file.partition[1]), set()).add(task.file.file_path)
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_spark_rewrites_what_the_condition_chooses(k2i, sql_warehouse, unique, tmp_path):
    catalog = sql_warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "by_name"), PartitionField(3, 1001, IdentityTransform(), "by_day"))
    table = catalog.create_table(("lake", unique), schema=SCHEMA, partition_spec=spec, properties={"format-version": "2"})
    for start in range(3):
        table.append(rows_of(start))
    before, files = sorted(read_pyiceberg(sql_warehouse, "lake", unique), key=lambda row: row["id"]), files_by_partition(sql_warehouse, unique)
    assert len(before) == 12 and sorted(map(len, files.values())) == [3, 3, 3, 3]
    settings = {"compaction_min_input_files": 2, "spark": {"command": spark_sql_command(sql_warehouse, tmp_path / "spark"), "catalog": CATALOG}}
    process = k2i(ingest_config(sql_warehouse, "127.0.0.1:1", "none", "other", maintenance=settings))

    def compact(condition: str) -> dict:
        return maintain(process, "compact", "--engine", "spark", "--table", f"lake.{unique}", "--where", condition, timeout_s=120)

    # By a text that would leave its quotes, and a test of each type; all are true of that partition's rows.
    quoted = ODD.replace("'", "''")
    report = compact(
        f"\"odd ` name\" IN ('{quoted}', 'nobody') AND day > '2024-01-30' AND \"at\" >= '2024-01-31T14:00:00+00:00' AND local < '2024-02-01'"
        " AND price BETWEEN 0.03 AND 9.5 AND score > 1.4 AND good = true AND id >= 3 AND (id IS NOT NULL OR day IS NULL)"
    )
    assert (report["rows"], report["removed"]["files"], report["added"]["files"]) == (3, 3, 1)
    after = files_by_partition(sql_warehouse, unique)
    changed = {partition for partition in files if files[partition] != after[partition]}
    assert len(changed) == 1 and [len(after[partition]) for partition in changed] == [1]
    (chosen,) = changed
    assert {task.file.partition[0] for task in table_of(sql_warehouse, unique).scan().plan_files() if task.file.file_path in after[chosen]} == {ODD}

    # By column bounds: the mornings are those of the first day.
    report = compact("\"at\" < '2024-01-31T10:00:00.5Z' AND local <= '2024-01-30 10:02:30.5'")
    assert (report["rows"], report["removed"]["files"], report["added"]["files"]) == (6, 6, 2)
    last = files_by_partition(sql_warehouse, unique)
    assert sorted(map(len, last.values())) == [1, 1, 1, 3]
    assert last[chosen] == after[chosen]
    assert sorted(read_pyiceberg(sql_warehouse, "lake", unique), key=lambda row: row["id"]) == before

    ran = process.run("maintenance", "compact", "--engine", "spark", "--table", f"lake.{unique}", "--where", "nosuch = 1")
    assert ran.returncode == 1 and "no column nosuch" in ran.stdout
