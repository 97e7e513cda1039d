# SPDX-License-Identifier: Apache-2.0
"""What `k2i maintenance compact` does to tables of others: row lineage kept, row groups copied, files chosen, runs gone on with."""

import random
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import maintained
from harness.k2i_process import BINARY, clean_environment, ingest_config
from harness.readers import duckdb_connection, read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import CATALOG
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, IntegerType, ListType, LongType, NestedField, StringType, TimestamptzType


@pytest.fixture
def maintain(k2i, sql_warehouse, unique):
    """Runs a maintenance command on lake.<unique> and returns its report."""

    def command(*arguments: str, **maintenance) -> dict:
        return maintained.maintain(process(**maintenance), *arguments, "--table", f"lake.{unique}")

    def process(**maintenance):
        few = {"compaction_min_input_files": 2} | maintenance
        made = k2i(ingest_config(sql_warehouse, "127.0.0.1:1", "none", "other", maintenance=few))
        made.prepare()
        return made

    command.process = process
    return command


def data_files(warehouse, name: str) -> list:
    return [task.file for task in maintained.table_of(warehouse, name).scan().plan_files()]


def arrow_of(warehouse, name: str) -> pa.Table:
    return maintained.table_of(warehouse, name).scan().to_arrow()


def by_id(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row["id"])


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    """The same rows, by their ids. Row by row in Python, that would take a minute for half a million."""
    in_order = [each.select(expected.column_names).cast(expected.schema).sort_by("id").combine_chunks() for each in (found, expected)]
    assert in_order[0].num_rows == in_order[1].num_rows
    assert in_order[0].equals(in_order[1])


def lineage(session, name: str) -> dict[int, tuple]:
    found = session.sql(f"SELECT id, name, _row_id, _last_updated_sequence_number AS seq FROM {name}").toArrow()
    ids, *others = (found[column].to_pylist() for column in ("id", "name", "_row_id", "seq"))
    assert len(set(ids)) == len(ids)
    return dict(zip(ids, zip(*others)))


@pytest.mark.slow
def test_row_ids_of_version_3_stay(maintain, spark, sql_warehouse, unique):
    """Inserts, updates (whose rows say their ids), deletion vectors and rows that inherit theirs, all by Spark; twice compacted."""
    session, name = spark.session(sql_warehouse), f"{CATALOG}.lake.{unique}"
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    session.sql(
        f"CREATE TABLE {name} (id BIGINT, name STRING, part INT) USING iceberg PARTITIONED BY (part)"
        " TBLPROPERTIES ('format-version'='3', 'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read')"
    )
    for first in (0, 200, 400):
        session.sql(f"INSERT INTO {name} SELECT id, concat('name ', id % 23), CAST(id % 2 AS INT) FROM range({first}, {first + 200})")
    session.sql(f"DELETE FROM {name} WHERE id % 5 = 0")
    session.sql(f"UPDATE {name} SET name = 'changed' WHERE id % 7 = 1")
    before, values = lineage(session, name), by_id(read_spark(spark, sql_warehouse, "lake", unique))
    assert len(before) == 480 and len({row_id for _, row_id, _ in before.values()}) == 480
    assert len({seq for _, _, seq in before.values()}) == 4  # three inserts and the update

    report = maintain("compact")
    assert report["removed"]["files"] > 6 and report["live_files"]["after"] == 2 and report["deletes"]["rows"] > 0
    assert lineage(session, name) == before
    assert session.sql(f"SELECT count(*) AS c FROM {name}.delete_files").collect()[0]["c"] == 0

    session.sql(f"INSERT INTO {name} SELECT id, 'late', CAST(id % 2 AS INT) FROM range(600, 700)")
    session.sql(f"UPDATE {name} SET name = 'again' WHERE id < 50")
    before, values = lineage(session, name), by_id(read_spark(spark, sql_warehouse, "lake", unique))
    assert len({row_id for _, row_id, _ in before.values()}) == len(before) == 580
    assert maintain("compact")["live_files"]["after"] == 2
    assert lineage(session, name) == before
    assert by_id(read_spark(spark, sql_warehouse, "lake", unique)) == values
    assert by_id(read_pyiceberg(sql_warehouse, "lake", unique)) == values
    assert by_id(read_duckdb(sql_warehouse, "lake", unique)) == values
    # What Spark writes on top of it gets ids that nobody has.
    session.sql(f"INSERT INTO {name} VALUES (1000, 'new', 0)")
    after = lineage(session, name)
    assert after.pop(1000)[1] not in {row_id for _, row_id, _ in before.values()}
    assert after == before


WIDE = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "name", StringType(), required=False),
    NestedField(3, "at", TimestamptzType(), required=False),
    NestedField(4, "score", DoubleType(), required=False),
    NestedField(5, "tags", ListType(6, StringType(), element_required=False), required=False),
)


def wide_rows(first: int, count: int) -> pa.Table:
    ids = range(first, first + count)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "name": pa.array([None if n % 9 == 0 else f"name {n % 1000}" for n in ids]),
            "at": pa.array([1_767_225_600_000_000 + n * 1000 for n in ids], pa.timestamp("us", "UTC")),
            "score": pa.array([n / 3 for n in ids]),
            "tags": pa.array([[f"t{n % 7}"] * (n % 3) for n in ids], pa.list_(pa.string())),
        },
        schema=WIDE.as_arrow(),
    )


def wide_table(warehouse, name: str, files: int, count: int, **settings) -> None:
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    table = catalog.create_table(("lake", name), schema=WIDE, properties={"format-version": "2"}, **settings)
    for number in range(files):
        table.append(wide_rows(number * count, count))


@pytest.mark.parametrize("copies", [True, False])
def test_large_row_groups_are_copied(maintain, sql_warehouse, unique, copies):
    wide_table(sql_warehouse, unique, 3, 130_000)
    before = pa.concat_tables(wide_rows(number * 130_000, 130_000) for number in range(3))
    assert_same(arrow_of(sql_warehouse, unique), before)
    sources = data_files(sql_warehouse, unique)
    report = maintain("compact", compaction_copies=copies)
    assert report["groups_copied"] == (1 if copies else 0) and report["rows"] == 390_000
    (file,) = data_files(sql_warehouse, unique)
    table = maintained.table_of(sql_warehouse, unique)
    footer = pq.read_metadata(table.io.new_input(file.file_path).open())
    assert footer.num_row_groups == (3 if copies else 1) and file.split_offsets[0] == 4
    assert file.value_counts == {id: sum(source.value_counts[id] for source in sources) for id in sources[0].value_counts}
    assert file.null_value_counts == {id: sum(source.null_value_counts[id] for source in sources) for id in sources[0].null_value_counts}
    (said,) = table.inspect.files().to_pylist()
    assert (said["readable_metrics"]["id"]["lower_bound"], said["readable_metrics"]["id"]["upper_bound"]) == (0, 389_999)
    assert (said["readable_metrics"]["name"]["lower_bound"], said["readable_metrics"]["name"]["upper_bound"]) == ("name 0", "name 999")
    assert_same(arrow_of(sql_warehouse, unique), before)
    with duckdb_connection() as connection:
        relation = sql_warehouse.duckdb_relation(connection, "lake", unique)
        assert_same(connection.execute(f"SELECT * FROM {relation}").arrow().read_all(), before)
    # Pruning by the statistics of row groups, and by bounds.
    assert sorted(table.scan("id >= 389990").to_arrow()["id"].to_pylist()) == list(range(389_990, 390_000))
    found = pq.read_table(table.io.new_input(file.file_path).open(), columns=["id"], filters=[("id", "=", 200_000)])
    assert found["id"].to_pylist() == [200_000]


@pytest.mark.slow
def test_spark_reads_copied_row_groups(maintain, spark, sql_warehouse, unique):
    """Files that Spark has written, copied; and in version 3 those of an earlier compaction, which say their row ids."""
    session, name = spark.session(sql_warehouse), f"{CATALOG}.lake.{unique}"
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    session.sql(f"CREATE TABLE {name} (id BIGINT, name STRING, score DOUBLE) USING iceberg TBLPROPERTIES ('format-version'='3')")
    for first in (0, 150_000):
        session.sql(
            f"INSERT INTO {name} SELECT /*+ COALESCE(1) */ id, concat('name ', id % 100), id / 3 FROM range({first}, {first + 150_000})"
        )
    before = lineage(session, name)
    assert maintain("compact")["groups_copied"] == 0  # their rows inherit their ids
    session.sql(f"INSERT INTO {name} SELECT /*+ COALESCE(1) */ id, 'more', 0.5 FROM range(300000, 450000)")
    before = lineage(session, name)
    # The new file alone is decoded; then both say all ids.
    session.sql(f"INSERT INTO {name} VALUES (500000, 'one', 1.5)")
    before = lineage(session, name)
    maintain("compact", "--where", "id >= 300000")
    assert lineage(session, name) == before
    report = maintain("compact")
    assert report["groups_copied"] == 1 and report["live_files"]["after"] == 1
    assert lineage(session, name) == before
    assert_same(session.sql(f"SELECT id, name, score FROM {name}").toArrow(), arrow_of(sql_warehouse, unique))
    assert session.sql(f"SELECT count(*) AS c FROM {name} WHERE id BETWEEN 299999 AND 300000").collect()[0]["c"] == 2


def test_where_chooses_files(maintain, sql_warehouse, unique):
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "name"))
    catalog = sql_warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    schema = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "name", StringType(), required=False), NestedField(3, "n", IntegerType(), required=False))
    table = catalog.create_table(("lake", unique), schema=schema, partition_spec=spec)
    for number in range(4):
        table.append(pa.table({"id": pa.array([number * 10 + n for n in range(6)], pa.int64()), "name": ["a", "b", None] * 2, "n": pa.array([number] * 6, pa.int32())}))
    before = by_id(read_pyiceberg(sql_warehouse, "lake", unique))

    def planned(where: str) -> dict[str, int]:
        return {group["partition"]: group["files"] for group in maintain("compact", "--dry-run", "--where", where)["groups"]}

    assert planned("name = 'a'") == {"name=a": 4}
    assert planned("name IN ('a', 'b') AND id >= 20") == {"name=a": 2, "name=b": 2}
    assert planned("name IS NULL") == {"name=null": 4}
    assert planned("n BETWEEN 1 AND 2 AND name IS NOT NULL") == {"name=a": 2, "name=b": 2}
    assert planned("id > 1000") == {}
    report = maintain("compact", "--where", "name = 'b'")
    assert report["removed"]["files"] == 4 and report["live_files"]["after"] == 9
    assert by_id(read_pyiceberg(sql_warehouse, "lake", unique)) == before
    for wrong, why in {"nosuch = 1": "it has id, name, n", "n = 'x'": "column n is of type int", "id + 1 = 2": "compares columns with constants"}.items():
        ran = maintain.process().run("maintenance", "compact", "--table", f"lake.{unique}", "--where", wrong)
        assert ran.returncode == 1 and why in ran.stdout, ran.stdout


def test_a_killed_run_is_gone_on_with(maintain, sql_warehouse, unique):
    """`kill -9` between two commits: what is committed is not read again."""
    catalog = sql_warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    schema = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "part", IntegerType(), required=False), NestedField(3, "text", StringType(), required=False))
    table = catalog.create_table(("lake", unique), schema=schema, partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "part")))
    draw = random.Random(1)
    for number in range(3):
        ids = range(number * 48_000, (number + 1) * 48_000)
        texts = [f"{draw.getrandbits(512):0128x}" for _ in ids]
        table.append(pa.table({"id": pa.array(ids, pa.int64()), "part": pa.array([n % 8 for n in ids], pa.int32()), "text": texts}))
    before = {row["id"]: row["text"] for row in read_pyiceberg(sql_warehouse, "lake", unique)}
    total = sum(file.file_size_in_bytes for file in data_files(sql_warehouse, unique))
    assert len(data_files(sql_warehouse, unique)) == 24 and total > 8 << 20
    slow = maintain.process(compaction_commit_mb=1, compaction_rate_mb=3)
    running = subprocess.Popen(
        [str(BINARY), "maintenance", "compact", "--table", f"lake.{unique}", "--config", str(slow.config_path)],
        cwd=slow.folder, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30
    while len(catalog.load_table(("lake", unique)).snapshots()) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    running.kill()
    running.wait()
    files = data_files(sql_warehouse, unique)
    assert 8 < len(files) <= 24 - 4
    left = {}
    for file in files:
        left.setdefault(file.partition[0], []).append(file.file_size_in_bytes)
    undone = sum(sum(sizes) for sizes in left.values() if len(sizes) == 3)
    report = maintain("compact")
    assert report["bytes_read"] == report["removed"]["bytes"] == undone < total * 0.8
    assert report["live_files"]["after"] == 8
    assert {row["id"]: row["text"] for row in read_duckdb(sql_warehouse, "lake", unique)} == before
