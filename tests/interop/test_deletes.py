# SPDX-License-Identifier: Apache-2.0
"""Tables whose rows Spark has deleted, updated and merged on read: K2I reads them from the files as Spark does."""

import pytest
from pyarrow import parquet

from harness import rows
from harness.equality_deletes import delete_where_equal
from harness.k2i_process import ingest_config
from harness.readers import read_pyiceberg, read_spark, spark_rows
from harness.warehouses import CATALOG

pytestmark = pytest.mark.slow

COLUMNS = "id BIGINT, name STRING, part INT, day DATE, amount DECIMAL(12, 2), ratio DOUBLE, seen TIMESTAMP, tags ARRAY<STRING>"
NO_PARTITIONS, PARTITIONED = "", "PARTITIONED BY (part, months(day))"
SMALL_ROW_GROUPS = ", ".join(
    f"'write.parquet.row-group-{name}'='{value}'"
    for name, value in {"size-bytes": 2000, "check-min-record-count": 10, "check-max-record-count": 20}.items()
)
ON_READ = "'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read'"


def values(first: int, last: int) -> str:
    """Rows of SQL, with nulls and NaN among them."""
    return f"""
        SELECT id, IF(id % 11 = 0, NULL, concat('name ', id % 23)) AS name, CAST(id % 3 AS INT) AS part,
            date_add(DATE '2024-01-15', CAST(id % 60 AS INT)) AS day, CAST(id * 1.25 AS DECIMAL(12, 2)) AS amount,
            IF(id % 13 = 0, double('NaN'), id / 7) AS ratio, timestamp_seconds(1700000000 + id * 61) AS seen,
            array('a', CAST(id AS STRING)) AS tags
        FROM range({first}, {last})"""


class Table:
    """Asked through Spark, PyIceberg and K2I."""

    def __init__(self, spark, k2i, warehouse, name: str):
        self.spark, self.warehouse, self.table = spark, warehouse, name
        self.name = f"{CATALOG}.lake.{name}"
        self.session = spark.session(warehouse)
        # No broker is asked: nothing is ingested.
        self.k2i = k2i(ingest_config(warehouse, "127.0.0.1:1", name, name), warehouse.environment())

    def create(self, partitions: str, version: int, properties: str = ON_READ) -> None:
        self.session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
        self.session.sql(
            f"CREATE TABLE {self.name} ({COLUMNS}) USING iceberg {partitions}"
            f" TBLPROPERTIES ('format-version'='{version}', {SMALL_ROW_GROUPS}, {properties})"
        )

    def run(self, sql: str) -> None:
        self.session.sql(sql.format(table=self.name))

    def insert(self, first: int, last: int) -> None:
        self.run(f"INSERT INTO {{table}} {values(first, last)}")

    def delete_files(self) -> set[tuple[int, str]]:
        """Content (1 position deletes, 2 equality deletes) and format."""
        found = self.session.sql(f"SELECT content, file_format FROM {self.name}.delete_files").collect()
        return {(row["content"], row["file_format"]) for row in found}

    def most_row_groups(self) -> int:
        """Of a data file."""
        files = self.session.sql(f"SELECT file_path FROM {self.name}.data_files").collect()
        return max(parquet.read_metadata(row["file_path"].removeprefix("file:")).num_row_groups for row in files)

    def cold(self, condition: str = "true") -> list[dict]:
        return by_id(rows.from_arrow(self.k2i.ask_alone(f"SELECT * FROM {self.table} WHERE {condition}")))

    def count(self) -> int:
        return self.k2i.ask_alone(f"SELECT count(*) AS c FROM {self.table}")["c"][0].as_py()

    def assert_same_as_spark(self, pyiceberg_too: bool = True) -> list[dict]:
        wanted = by_id(read_spark(self.spark, self.warehouse, "lake", self.table))
        if pyiceberg_too:
            same(by_id(read_pyiceberg(self.warehouse, "lake", self.table)), wanted)
        same(self.cold(), wanted)
        assert self.count() == len(wanted)
        for condition in ("part = 1", "id BETWEEN 180 AND 220", "day >= DATE '2024-02-20' AND name IS NULL", "seen < TIMESTAMP '2023-11-15'"):
            same(self.cold(condition), by_id(spark_rows(self.session.sql(f"SELECT * FROM {self.name} WHERE {condition}"))))
        return wanted


def by_id(found: list[dict]) -> list[dict]:
    return sorted(found, key=lambda row: row["id"])


def same(actual: list[dict], expected: list[dict]) -> None:
    """Every value of every row; NaN is NaN."""
    assert [row["id"] for row in actual] == [row["id"] for row in expected]
    for left, right in zip(actual, expected):
        assert repr(sorted(left.items())) == repr(sorted(right.items()))


@pytest.fixture
def table(spark, k2i, sql_warehouse, unique) -> Table:
    return Table(spark, k2i, sql_warehouse, unique)


def change_rows(table: Table) -> None:
    table.insert(0, 400)
    table.insert(400, 600)
    table.run("DELETE FROM {table} WHERE id % 7 = 3")
    table.run("UPDATE {table} SET name = 'changed', amount = amount + 1 WHERE id % 10 = 4")
    table.insert(600, 700)
    table.run(
        "MERGE INTO {table} t USING (SELECT id * 50 AS id, 'merged' AS name FROM range(0, 20)) s ON t.id = s.id"
        " WHEN MATCHED AND t.id % 100 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET t.name = s.name"
        " WHEN NOT MATCHED THEN INSERT (id, name, part, day) VALUES (s.id, s.name, 1, DATE '2024-03-01')"
    )


def assert_changed(found: list[dict]) -> None:
    """What the statements of change_rows leave, said without Iceberg."""
    ids = [row["id"] for row in found]
    gone = {n for n in range(600) if n % 7 == 3}
    merged = {n: n in range(700) and n not in gone for n in range(0, 1000, 50)}
    assert ids == sorted(({*range(700)} - gone - {n for n, there in merged.items() if there and n % 100 == 0}) | {n for n, there in merged.items() if not there})
    names = {row["id"]: row["name"] for row in found}
    assert names[4] == "changed" and names[604] == "name 6" and names[250] == "merged" and names[950] == "merged"


@pytest.mark.parametrize("granularity", ["file", "partition"])
@pytest.mark.parametrize("partitions", [NO_PARTITIONS, PARTITIONED], ids=["unpartitioned", "partitioned"])
def test_position_deletes(table, partitions, granularity):
    table.create(partitions, 2, f"{ON_READ}, 'write.delete.granularity'='{granularity}'")
    change_rows(table)
    assert table.delete_files() == {(1, "PARQUET")}
    assert_changed(table.assert_same_as_spark())


@pytest.mark.parametrize("partitions", [NO_PARTITIONS, PARTITIONED], ids=["unpartitioned", "partitioned"])
def test_deletion_vectors(table, partitions):
    table.create(partitions, 3)
    change_rows(table)
    assert table.delete_files() == {(1, "PUFFIN")}
    assert table.most_row_groups() > 2
    assert_changed(table.assert_same_as_spark())


def test_a_table_upgraded_with_its_position_deletes(table):
    table.create(PARTITIONED, 2)
    table.insert(0, 400)
    table.run("DELETE FROM {table} WHERE id % 7 = 3")
    table.run("ALTER TABLE {table} SET TBLPROPERTIES ('format-version'='3')")
    table.run("DELETE FROM {table} WHERE part = 1 AND id % 5 = 0")
    assert table.delete_files() == {(1, "PARQUET"), (1, "PUFFIN")}
    found = table.assert_same_as_spark()
    assert [row["id"] for row in found] == [n for n in range(400) if n % 7 != 3 and not (n % 3 == 1 and n % 5 == 0)]


def test_deletes_after_the_spec_and_the_schema_have_changed(table):
    table.create("PARTITIONED BY (part)", 2)
    table.insert(0, 300)
    table.run("ALTER TABLE {table} ADD PARTITION FIELD bucket(4, id)")
    table.run("ALTER TABLE {table} RENAME COLUMN name TO label")
    table.run("ALTER TABLE {table} ADD COLUMN extra STRING FIRST")
    table.run(f"INSERT INTO {{table}} SELECT 'x' AS extra, * FROM ({values(300, 500)})")
    table.run("DELETE FROM {table} WHERE id % 4 = 1")
    table.run("ALTER TABLE {table} DROP PARTITION FIELD part")
    table.run("DELETE FROM {table} WHERE id % 9 = 2 AND label IS NOT NULL")
    assert table.delete_files() == {(1, "PARQUET")}
    wanted = by_id(read_spark(table.spark, table.warehouse, "lake", table.table))
    assert [row["id"] for row in wanted] == [n for n in range(500) if n % 4 != 1 and (n % 9 != 2 or n % 11 == 0)]
    same(table.cold(), wanted)
    assert table.count() == len(wanted)


# More than 32 bits, as harness/equality_deletes.py needs it.
LARGE = 10_000_000_000


def insert_large(table: Table, first: int, last: int) -> None:
    rest = "name, part, day, amount, ratio, seen, tags"
    table.run(f"INSERT INTO {{table}} SELECT id + {LARGE} AS id, {rest} FROM ({values(first, last)})")


def test_equality_deletes(table):
    """In one partition, in all by a spec without any, and by several columns; newer rows stay."""
    table.create(NO_PARTITIONS, 2)
    table.run("ALTER TABLE {table} ADD PARTITION FIELD part")
    insert_large(table, 0, 300)

    def delete(found: list[dict], **where) -> None:
        delete_where_equal(table.spark, table.warehouse, f"lake.{table.table}", found, **where)

    delete([{"name": "name 5"}, {"name": None}], partition="part=1")
    delete([{"id": LARGE + 7}, {"id": LARGE + 8}, {"id": LARGE + 9000}], spec_id=0)
    delete([{"name": "name 6", "id": LARGE + 6}, {"name": "name 6", "id": LARGE + 7}], spec_id=0)
    table.run(f"DELETE FROM {{table}} WHERE id IN ({LARGE + 10}, {LARGE + 13})")
    insert_large(table, 300, 330)
    delete([{"name": "name 9"}], spec_id=0)
    insert_large(table, 330, 400)
    assert table.delete_files() == {(1, "PARQUET"), (2, "PARQUET")}
    found = table.assert_same_as_spark(pyiceberg_too=False)

    def name(n):
        return None if n % 11 == 0 else n % 23

    def stays(n):
        in_one = n < 300 and n % 3 == 1 and name(n) in (5, None)
        return not (in_one or n in (6, 7, 8, 10, 13) or (n < 330 and name(n) == 9))

    assert [row["id"] - LARGE for row in found] == [n for n in range(400) if stays(n)]


def test_a_damaged_deletion_vector_is_noticed(table):
    table.create(NO_PARTITIONS, 3)
    table.insert(0, 100)
    table.run("DELETE FROM {table} WHERE id % 2 = 0")
    puffin = next(table.warehouse.folder.rglob("*.puffin"))
    damaged = bytearray(puffin.read_bytes())
    damaged[20] ^= 1
    puffin.write_bytes(damaged)
    refused = table.k2i.run("query", f"SELECT id FROM {table.table}")
    assert refused.returncode != 0
    assert "checksum" in refused.stdout and puffin.name in refused.stdout
