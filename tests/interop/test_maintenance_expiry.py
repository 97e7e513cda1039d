# SPDX-License-Identifier: Apache-2.0
"""`k2i maintenance expire-snapshots` and `clean-orphans`: what goes is exactly what nobody can reach, as PyIceberg sees it."""

import json
import os
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.maintained import assert_proven, ingest_in_commits, maintain, table_of
from harness.numbered import numbers
from harness.readers import duckdb_connection
from harness.table_files import file_system, path_of, reachable, stored
from harness.warehouses import CATALOG, SqlWarehouse

COUNT, STEPS = 1200, 6
THREE_DAYS_S = 3 * 24 * 3600
CONFIGURATION, CATALOG_ERROR, STORAGE_ERROR = 1, 3, 4


@pytest.fixture
def ingested(k2i, kafka4, topic):
    """Fills the topic's table with COUNT numbers in STEPS commits or more; returns the stopped process."""

    def fill(warehouse):
        config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, buffer={"flush_batch_size": 1})
        return ingest_in_commits(k2i(config, warehouse.environment()), kafka4.bootstrap_servers, warehouse, topic, STEPS, COUNT // STEPS)

    return fill


def held_by_refs_and_leases(table) -> set[int]:
    """K2I leases what it has just committed, for its queries."""
    leases = [json.loads(value) for name, value in table.properties.items() if name.startswith("k2i.lease.")]
    # Those that end while the test runs would be a matter of luck; K2I's last for minutes.
    return {ref.snapshot_id for ref in table.refs().values()} | {each["snapshot"] for each in leases if each["until_ms"] > time.time() * 1000}


def at_snapshot(table, snapshot_id: int) -> list[dict]:
    return rows.from_arrow(table.scan(snapshot_id=snapshot_id).to_arrow())


def duckdb_at_snapshot(warehouse, name: str, snapshot_id: int) -> list[dict]:
    with duckdb_connection() as connection:
        relation = warehouse.duckdb_relation(connection, "lake", name)
        if relation.startswith("iceberg_scan("):
            relation = relation.replace(")", f", snapshot_from_id => {snapshot_id}::UBIGINT)")
        else:
            relation += f" AT (VERSION => {snapshot_id})"
        return rows.from_arrow(connection.execute(f"SELECT * FROM {relation}").arrow().read_all())


def change_by_pyiceberg(warehouse, name: str) -> int:
    """Tags the newest snapshot, then makes data files of it unreachable but for the tag, and others for good."""
    table = table_of(warehouse, name)
    tagged = table.current_snapshot().snapshot_id
    table.manage_snapshots().create_tag(tagged, "audit").commit()
    table = table_of(warehouse, name)
    row = table.scan("n = 0").to_arrow()
    table.append(row.set_column(row.schema.get_field_index("n"), row.schema.field("n"), pa.array([-1], pa.int64())))
    table.overwrite(row, overwrite_filter="n = -1")  # the file of -1 is in no kept snapshot
    table.delete("n < 300 AND n > 0")
    return tagged


def test_expiry_deletes_exactly_what_nobody_reaches(ingested, kafka4, warehouse, topic):
    process = ingested(warehouse)
    tagged = change_by_pyiceberg(warehouse, topic)
    before = table_of(warehouse, topic)
    head = before.current_snapshot().snapshot_id
    held = held_by_refs_and_leases(before)
    assert {head, tagged} <= held
    expected = {each: at_snapshot(before, each) for each in held}
    files = stored(warehouse, before)
    assert reachable(before) <= files
    assert len(before.snapshots()) > STEPS

    planned = maintain(process, "expire-snapshots", "--older-than", "0s", "--dry-run")
    assert stored(warehouse, before) == files and table_of(warehouse, topic).metadata == before.metadata
    done = maintain(process, "expire-snapshots", "--older-than", "0s")

    after = table_of(warehouse, topic)
    assert {each.snapshot_id for each in after.snapshots()} == held
    assert set(done["expired_snapshots"]) == {each.snapshot_id for each in before.snapshots()} - held
    assert (done["expired_snapshots"], done["deleted"]["kinds"]) == (planned["expired_snapshots"], planned["deleted"]["kinds"])
    assert stored(warehouse, after) == reachable(after)
    gone = files - stored(warehouse, after)
    assert gone == {path_of(each) for each in planned["deleted"]["listed"]}
    assert done["deleted"]["files"] == len(gone) and done["deleted"]["failed"] == done["deleted"]["missing"] == 0
    assert done["deleted"]["kinds"]["data"]["files"] == len([each for each in gone if each.endswith(".parquet")]) > 0
    for each in held:
        rows.assert_same(at_snapshot(after, each), expected[each])
        rows.assert_same(duckdb_at_snapshot(warehouse, topic, each), expected[each])

    assert_proven(process, "--allow-deletes")
    topics.produce(kafka4.bootstrap_servers, topic, numbers(COUNT, 100), partitions=2)
    process.restart()
    live = len(expected[head])
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= live + 100, "the rows after it")
    assert process.terminate() == 0
    found = sorted(row["n"] for row in rows.from_arrow(table_of(warehouse, topic).scan().to_arrow()))
    assert found == sorted([row["n"] for row in expected[head]] + list(range(COUNT, COUNT + 100)))
    assert_proven(process, "--allow-deletes")


def test_expiry_while_ingest_commits(ingested, kafka4, sql_warehouse, topic):
    process = ingested(sql_warehouse).restart()
    for start in range(COUNT, COUNT + 500, 100):
        topics.produce(kafka4.bootstrap_servers, topic, numbers(start, 100), partitions=2)
        maintain(process, "expire-snapshots", "--older-than", "0s")
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == COUNT + 500, "the rows")
    assert process.terminate() == 0
    maintain(process, "expire-snapshots", "--older-than", "0s")
    table = table_of(sql_warehouse, topic)
    assert {each.snapshot_id for each in table.snapshots()} == held_by_refs_and_leases(table)
    assert len(table.snapshots()) < STEPS
    assert stored(sql_warehouse, table) == reachable(table)
    assert sorted(row["n"] for row in rows.from_arrow(table.scan().to_arrow())) == list(range(COUNT + 500))
    assert_proven(process)


def test_what_holds_snapshots_back(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    everything = [each.snapshot_id for each in table_of(sql_warehouse, topic).snapshots()]
    assert maintain(process, "expire-snapshots")["expired_snapshots"] == []  # five days
    assert maintain(process, "expire-snapshots", "--older-than", "0s", "--retain-last", str(len(everything)))["expired_snapshots"] == []

    with table_of(sql_warehouse, topic).transaction() as transaction:
        lease = {"snapshot": everything[1], "until_ms": int(time.time() * 1000) + 3_600_000}
        ended = {"snapshot": everything[0], "until_ms": 1}
        transaction.set_properties({"k2i.lease.a": json.dumps(lease), "k2i.lease.b": json.dumps(ended), "gc.enabled": "false"})
    refused = process.run("maintenance", "expire-snapshots", "--older-than", "0s")
    assert refused.returncode == CONFIGURATION and "gc.enabled" in refused.stdout
    with table_of(sql_warehouse, topic).transaction() as transaction:
        transaction.remove_properties("gc.enabled")
    held = held_by_refs_and_leases(table_of(sql_warehouse, topic))
    assert {everything[1], everything[-1]} <= held < set(everything)
    done = maintain(process, "expire-snapshots", "--older-than", "0s")
    assert {each.snapshot_id for each in table_of(sql_warehouse, topic).snapshots()} == held
    assert done["ended_leases"] == ["k2i.lease.b"]
    assert set(table_of(sql_warehouse, topic).properties) & {"k2i.lease.a", "k2i.lease.b"} == {"k2i.lease.a"}

    for wrong in ("soon", "5", "2024-01-31T12:00:00"):
        assert process.run("maintenance", "expire-snapshots", "--older-than", wrong).returncode == CONFIGURATION
    assert process.run("maintenance", "expire-snapshots", "--table", "lake.nowhere").returncode == CATALOG_ERROR


def test_any_sequence_of_maintenance_keeps_the_rows(ingested, kafka4, warehouse, topic):
    process = ingested(warehouse)
    tagged = table_of(warehouse, topic).current_snapshot().snapshot_id
    table_of(warehouse, topic).manage_snapshots().create_tag(tagged, "audit").commit()
    at_tag = at_snapshot(table_of(warehouse, topic), tagged)
    compact = ("compact", "--set", "maintenance.compaction_min_input_files=2")
    expire = ("expire-snapshots", "--older-than", "0s")
    clean = ("clean-orphans", "--older-than", "0s", "--force-younger-than-a-day")
    count, removed = COUNT, 0
    for sequence in ((expire, compact, expire), (compact, ("rewrite-manifests",), clean, expire), (clean, compact, expire, expire)):
        topics.produce(kafka4.bootstrap_servers, topic, numbers(count, 100), partitions=2)
        process.restart()
        count += 100
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == count, "the rows")
        assert process.terminate() == 0
        expected = at_snapshot(table_of(warehouse, topic), table_of(warehouse, topic).current_snapshot().snapshot_id)
        assert sorted(row["n"] for row in expected) == list(range(count))
        for command in sequence:
            removed += maintain(process, *command).get("deleted", {"files": 0})["files"]
            table = table_of(warehouse, topic)
            head = table.current_snapshot().snapshot_id
            rows.assert_same(at_snapshot(table, head), expected)
            rows.assert_same(duckdb_at_snapshot(warehouse, topic, head), expected)
            rows.assert_same(at_snapshot(table, tagged), at_tag)
            assert reachable(table) == stored(warehouse, table), command
    assert removed > 0
    assert_proven(process)


# Orphans.


def put(warehouse, path: str, age_s: float = 0) -> str:
    if isinstance(warehouse, SqlWarehouse):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    with file_system(warehouse).open_output_stream(path) as stream:
        stream.write(b"strange")
    if age_s:
        os.utime(path, (time.time() - age_s,) * 2)
    return path


def make_old(folder: str) -> None:
    for path in Path(folder).rglob("*"):
        os.utime(path, (time.time() - 2 * THREE_DAYS_S,) * 2)


def test_orphans_of_a_local_table(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    change_by_pyiceberg(sql_warehouse, topic)
    table = table_of(sql_warehouse, topic)
    location = path_of(table.location())
    make_old(location)
    live = stored(sql_warehouse, table)
    assert live == reachable(table)
    strange = {put(sql_warehouse, f"{location}/{name}", 4 * 24 * 3600) for name in ("data/lost.parquet", "metadata/lost-m0.avro", "data/a b%20c.parquet")}
    young = {put(sql_warehouse, f"{location}/data/{name}", age) for name, age in (("now.parquet", 0), ("yesterday.parquet", 3600 * 23), ("two-days.parquet", 3600 * 48))}

    planned = maintain(process, "clean-orphans", "--dry-run")
    assert {path_of(each) for each in planned["deleted"]["listed"]} == strange
    assert stored(sql_warehouse, table) == live | strange | young
    some = maintain(process, "clean-orphans", "--max-files", "1")
    assert some["reached_max_files"]
    done = maintain(process, "clean-orphans", "--max-files", "2")
    assert not done["reached_max_files"]
    assert [(each["deleted"]["files"], each["deleted"]["bytes"]) for each in (some, done)] == [(1, len("strange")), (2, 2 * len("strange"))]
    assert stored(sql_warehouse, table) == live | young

    refused = process.run("maintenance", "clean-orphans", "--older-than", "1h")
    assert refused.returncode == CONFIGURATION and "--force-younger-than-a-day" in refused.stdout
    assert maintain(process, "clean-orphans", "--older-than", "25h")["deleted"]["files"] == 1
    assert maintain(process, "clean-orphans", "--older-than", "1h", "--force-younger-than-a-day")["deleted"]["files"] == 1
    assert stored(sql_warehouse, table) == live | {f"{location}/data/now.parquet"}
    assert_proven(process, "--allow-deletes")


def test_orphans_of_either_warehouse(ingested, warehouse, topic):
    """Times cannot be set in S3, so that here every file is young."""
    process = ingested(warehouse)
    change_by_pyiceberg(warehouse, topic)
    table = table_of(warehouse, topic)
    location, live = path_of(table.location()), stored(warehouse, table)
    strange = {put(warehouse, f"{location}/{name}") for name in ("data/lost.parquet", "data/deep/er/lost.parquet", "metadata/lost.avro")}
    time.sleep(1.1)  # S3 tells times to the second
    assert maintain(process, "clean-orphans")["deleted"]["files"] == 0
    done = maintain(process, "clean-orphans", "--older-than", "0s", "--force-younger-than-a-day")
    assert (done["deleted"]["files"], done["found"]["files"]) == (3, len(live | strange))
    assert stored(warehouse, table) == live == reachable(table)


def test_orphans_are_left_where_another_table_lies_below(ingested, warehouse, topic):
    process = ingested(warehouse)
    location = table_of(warehouse, topic).location()
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("elsewhere")
    nested = f"{topic}_nested"
    catalog.create_table(("elsewhere", nested), Schema(NestedField(1, "n", LongType())), location=f"{location}/nested")
    put(warehouse, f"{path_of(location)}/data/lost.parquet")
    everything = stored(warehouse, table_of(warehouse, topic))
    refused = process.run("maintenance", "clean-orphans")
    assert refused.returncode == STORAGE_ERROR
    assert f"elsewhere.{nested}" in refused.stdout
    assert stored(warehouse, table_of(warehouse, topic)) == everything
    catalog.drop_table(("elsewhere", nested))
    maintain(process, "clean-orphans")


@pytest.mark.slow
def test_tables_and_tags_of_spark(warehouse, topic, spark, k2i, kafka4):
    """A table K2I did not write, with a tag, a branch, position deletes and statistics of Spark's."""
    session, name = spark.session(warehouse), f"{CATALOG}.lake.{topic}"
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    properties = "TBLPROPERTIES ('write.delete.mode'='merge-on-read')"
    session.sql(f"CREATE TABLE {name} (n BIGINT, part STRING) USING iceberg PARTITIONED BY (part) {properties}")
    for n in range(4):
        session.sql(f"INSERT INTO {name} VALUES ({4 * n}, 'a b'), ({4 * n + 1}, 'a b'), ({4 * n + 2}, 'c'), ({4 * n + 3}, 'c')")
        session.sql(f"CALL {CATALOG}.system.compute_table_stats(table => 'lake.{topic}')")
    session.sql(f"ALTER TABLE {name} CREATE TAG audit")
    session.sql(f"ALTER TABLE {name} CREATE BRANCH side")
    session.sql(f"INSERT INTO {name}.branch_side VALUES (100, 'c')")
    session.sql(f"DELETE FROM {name} WHERE n % 2 = 0")
    session.sql(f"INSERT OVERWRITE {name} VALUES (7, 'c')")
    before = table_of(warehouse, topic)
    held = {ref.snapshot_id for ref in before.refs().values()}
    read = {each: sorted(tuple(row) for row in session.sql(f"SELECT n, part FROM {name} VERSION AS OF {each}").collect()) for each in held}
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment())
    done = maintain(process, "expire-snapshots", "--older-than", "0s")
    after = table_of(warehouse, topic)
    assert {each.snapshot_id for each in after.snapshots()} == held
    assert stored(warehouse, after) == reachable(after)
    assert done["deleted"]["kinds"]["delete"]["files"] > 0 and done["deleted"]["kinds"]["statistics"]["files"] == 3
    assert read == {each: sorted(tuple(row) for row in session.sql(f"SELECT n, part FROM {name} VERSION AS OF {each}").collect()) for each in held}
    maintain(process, "clean-orphans", "--older-than", "0s", "--force-younger-than-a-day")
    assert stored(warehouse, after) == reachable(after)
