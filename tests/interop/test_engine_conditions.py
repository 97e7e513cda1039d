# SPDX-License-Identifier: Apache-2.0
"""`k2i maintenance compact --engine … --where`: the engine rewrites what the condition chooses, and nothing else."""

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
from harness.warehouses import CATALOG, RestWarehouse
from services.trino import CATALOG as TRINO_CATALOG
from services.trino import Trino

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


def rows(warehouse, name: str) -> list[dict]:
    return sorted(read_pyiceberg(warehouse, "lake", name), key=lambda row: row["id"])


def make_table(warehouse, name: str) -> None:
    """Twelve rows, each in a file of its own: three in each of four partitions."""
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "by_name"), PartitionField(3, 1001, IdentityTransform(), "by_day"))
    table = catalog.create_table(("lake", name), schema=SCHEMA, partition_spec=spec, properties={"format-version": "2"})
    for start in range(3):
        table.append(rows_of(start))
    assert len(rows(warehouse, name)) == 12 and sorted(map(len, files_by_partition(warehouse, name).values())) == [3, 3, 3, 3]


def assert_one_compacted(warehouse, name: str, report: dict, files: dict[tuple, set[str]]) -> tuple:
    """That of the odd name and the second day; it is returned."""
    assert (report["rows"], report["removed"]["files"], report["added"]["files"]) == (3, 3, 1)
    after = files_by_partition(warehouse, name)
    (chosen,) = {partition for partition in files if files[partition] != after[partition]}
    (file,) = after[chosen]
    (task,) = [task for task in table_of(warehouse, name).scan().plan_files() if task.file.file_path == file]
    assert task.file.partition[0] == ODD
    return chosen


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_spark_rewrites_what_the_condition_chooses(k2i, sql_warehouse, unique, tmp_path):
    make_table(sql_warehouse, unique)
    before, files = rows(sql_warehouse, unique), files_by_partition(sql_warehouse, unique)
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
    chosen = assert_one_compacted(sql_warehouse, unique, report, files)
    after = files_by_partition(sql_warehouse, unique)

    # By column bounds: the mornings are those of the first day.
    report = compact("\"at\" < '2024-01-31T10:00:00.5Z' AND local <= '2024-01-30 10:02:30.5'")
    assert (report["rows"], report["removed"]["files"], report["added"]["files"]) == (6, 6, 2)
    last = files_by_partition(sql_warehouse, unique)
    assert sorted(map(len, last.values())) == [1, 1, 1, 3]
    assert last[chosen] == after[chosen]
    assert rows(sql_warehouse, unique) == before

    ran = process.run("maintenance", "compact", "--engine", "spark", "--table", f"lake.{unique}", "--where", "nosuch = 1")
    assert ran.returncode == 1 and "no column nosuch" in ran.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Trino.is_there(), reason="no Trino: see tools/services/trino.py")
@pytest.mark.timeout(240)
def test_trino_rewrites_what_the_condition_chooses(k2i, trino, rest_s3, unique):
    warehouse = RestWarehouse(rest_s3)
    make_table(warehouse, unique)
    before, files = rows(warehouse, unique), files_by_partition(warehouse, unique)
    settings = {"compaction_min_input_files": 2, "trino": {"uri": trino.uri, "catalog": TRINO_CATALOG, "user": "upkeep"}}
    process = k2i(ingest_config(warehouse, "127.0.0.1:1", "none", "other", maintenance=settings))
    by_trino = ("compact", "--engine", "trino", "--table", f"lake.{unique}", "--where")
    quoted = ODD.replace("'", "''")
    report = maintain(process, *by_trino, f"\"odd ` name\" IN ('{quoted}', 'nobody') AND day > '2024-01-30'", timeout_s=120)
    assert_one_compacted(warehouse, unique, report, files)
    assert rows(warehouse, unique) == before
    ran = process.run("maintenance", *by_trino, "id = 3", timeout_s=60)  # no partition column
    assert ran.returncode == 10 and "Trino" in ran.stdout, ran.stdout
