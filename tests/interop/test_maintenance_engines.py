# SPDX-License-Identifier: Apache-2.0
"""Other engines maintain a table that `k2i ingest` writes: beside it, and handed the job by `k2i maintenance --engine`."""

import json
import os
import random
import time
from pathlib import Path

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField
from py4j.protocol import Py4JJavaError

from harness import rows, topics
from harness.engines import spark_sql_command
from harness.k2i_process import ingest_config, total_records
from harness.maintained import assert_proven, ingest_in_commits, maintain, table_of
from harness.numbered import assert_each_once, numbers
from harness.readers import spark_rows
from harness.steady import SteadyProducer, lost_and_doubled
from harness.table_files import path_of, reachable, stored
from harness.warehouses import CATALOG, RestWarehouse
from services.trino import CATALOG as TRINO_CATALOG
from services.trino import Trino

PARTITIONS = 2


def offsets_of(snapshot) -> dict[int, int] | None:
    """The next offset of each partition, as K2I's snapshot says it."""
    said = snapshot.summary.additional_properties.get("k2i.offsets")
    if said is None:
        return None
    (topic,) = json.loads(said)["topics"].values()
    return {int(partition): offset for partition, offset in topic["next"].items()}


def assert_time_travel(warehouse, name: str, taken: dict[tuple[int, int], int]) -> int:
    """Each kept snapshot that states its offsets holds the rows below them, and those alone. How many there are."""
    table, checked = table_of(warehouse, name), 0
    for snapshot in table.snapshots():
        offsets = offsets_of(snapshot)
        if offsets is None:
            continue
        found = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().select(["_kafka_partition", "_kafka_offset", "n"]).to_pylist()
        expected = {place: n for place, n in taken.items() if place[1] < offsets.get(place[0], 0)}
        assert len(found) == len(expected)
        assert {(row["_kafka_partition"], row["_kafka_offset"]): row["n"] for row in found} == expected
        checked += 1
    return checked


PROCEDURES = {
    "rewrite_data_files": "options => map('min-input-files', '2')",
    "rewrite_manifests": "use_caching => false",
    "expire_snapshots": "older_than => TIMESTAMP '{before}', retain_last => 3",
}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_spark_maintains_beside_ingest_that_maintains_too(k2i, kafka4, warehouse, topic, spark):
    """Both change the same files: who is late plans anew, or fails and has changed nothing."""
    config = ingest_config(
        warehouse, kafka4.bootstrap_servers, topic, topic,
        iceberg={"properties": {"history.expire.max-snapshot-age-ms": "20000", "history.expire.min-snapshots-to-keep": "5"}},
        maintenance={"compaction_interval_seconds": 6, "compaction_min_input_files": 2, "manifest_rewrite_interval_seconds": 10, "snapshot_expiration_interval_seconds": 8},
        schema={"infer_timeout_ms": 300}, query={"enabled": False},
    )  # fmt: skip
    process = k2i(config, warehouse.environment()).start()
    session, dice = spark.session(warehouse), random.Random(11)
    done = dict.fromkeys(PROCEDURES, 0)
    refused, tagged = [], None
    with SteadyProducer(kafka4.bootstrap_servers, topic, PARTITIONS, rate=500) as producer:
        process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 3, "a few commits")
        until = time.monotonic() + 40
        while time.monotonic() < until or min(done.values()) < 2 or tagged is None:
            assert time.monotonic() < until + 150, (done, refused)
            name = min(done, key=lambda each: (done[each], dice.random()))
            before = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time.time() - 15))
            try:
                session.sql(f"CALL {CATALOG}.system.{name}(table => 'lake.{topic}', {PROCEDURES[name].format(before=before)})").collect()
                done[name] += 1
                if tagged is None and done["rewrite_data_files"]:
                    name = "tag"
                    session.sql(f"ALTER TABLE {CATALOG}.lake.{topic} CREATE TAG audit")
                    tagged = table_of(warehouse, topic).refs()["audit"].snapshot_id
                    at_tag = read_at(warehouse, topic, tagged)
            except Py4JJavaError as error:
                refused.append(f"{name}: {str(error.java_exception).splitlines()[0]}")
        producer.stop()
        taken = producer.taken
    print(f"Spark: {done}, refused {refused}; K2I: {[(n, l, v) for n, l, v in process.metrics() if n == 'k2i_maintenance_runs_total' and v]}")
    assert process.metric("k2i_maintenance_runs_total", task="compaction", outcome="done") >= 2
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == len(taken), "the last records")
    assert process.terminate() == 0

    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)
    assert_proven(process)
    assert assert_time_travel(warehouse, topic, taken) >= 2
    rows.assert_same(read_at(warehouse, topic, tagged), at_tag)
    rows.assert_same(spark_rows(session.sql(f"SELECT * FROM {CATALOG}.lake.{topic} VERSION AS OF 'audit'")), at_tag)

    # Spark's is the newest snapshot, and a process that knows nothing goes on from the boundary behind it.
    session.sql(f"CALL {CATALOG}.system.rewrite_data_files(table => 'lake.{topic}', options => map('rewrite-all', 'true'))").collect()
    session.sql(f"CALL {CATALOG}.system.expire_snapshots(table => 'lake.{topic}', older_than => TIMESTAMP '{time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime())}', retain_last => 1)").collect()
    process.config["transaction_log"] = {"log_dir": str(process.folder / "another")}
    process.restart()
    with SteadyProducer(kafka4.bootstrap_servers, topic, PARTITIONS, rate=500) as producer:
        time.sleep(1)
        producer.stop()
        taken |= producer.taken
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == len(taken), "the rows after the restart")
    assert process.terminate() == 0
    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)
    assert_proven(process)


def read_at(warehouse, name: str, snapshot_id: int) -> list[dict]:
    return rows.from_arrow(table_of(warehouse, name).scan(snapshot_id=snapshot_id).to_arrow())


# Handed over.


def by_engine(process, engine: str, command: str, *flags: str) -> dict:
    report = maintain(process, command, "--engine", engine, *flags, timeout_s=180)
    assert report["engine"] == engine
    return report


@pytest.fixture
def filled(k2i, kafka4, topic):
    """600 numbers in six commits or more; the stopped process."""

    def fill(warehouse, **maintenance):
        config = ingest_config(
            warehouse, kafka4.bootstrap_servers, topic, topic,
            buffer={"flush_batch_size": 1}, query={"enabled": False}, maintenance={"compaction_enabled": False, "compaction_min_input_files": 2} | maintenance,
        )  # fmt: skip
        return ingest_in_commits(k2i(config, warehouse.environment()), kafka4.bootstrap_servers, warehouse, topic, commits=6, rows=100)

    return fill


def assert_goes_on(process, kafka4, warehouse, topic: str) -> None:
    """A process without a log finds the boundary."""
    process.config["transaction_log"] = {"log_dir": str(process.folder / "another")}
    topics.produce(kafka4.bootstrap_servers, topic, numbers(600, 100), partitions=PARTITIONS)
    process.restart()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 700, "the rows after it")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 700)
    assert_proven(process)


def assert_compacted(warehouse, topic: str, report: dict, before, engine: str) -> None:
    """The report says what the table says."""
    table = table_of(warehouse, topic)
    head = table.current_snapshot()
    files = table.inspect.files().to_pylist()
    assert (head.snapshot_id, head.summary.operation.value, head.summary["engine-name"]) == (report["snapshot_id"], "replace", engine)
    assert report["live_files"] == {"before": len(before), "after": len(files)} and len(files) == 1
    assert report["removed"] == {"files": len(before), "bytes": sum(file["file_size_in_bytes"] for file in before)}
    assert report["added"] == {"files": 1, "bytes": files[0]["file_size_in_bytes"]}
    assert (report["rows"], report["commits"], report["deletes"]) == (600, 1, {"files_removed": 0, "rows": 0})
    assert_each_once(warehouse, topic, 600)


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_handed_to_spark(filled, kafka4, sql_warehouse, topic, tmp_path):
    warehouse = sql_warehouse
    process = filled(warehouse, spark={"command": spark_sql_command(warehouse, tmp_path / "spark"), "catalog": CATALOG})
    table = table_of(warehouse, topic)
    files, written = table.inspect.files().to_pylist(), table.current_snapshot().snapshot_id
    planned = by_engine(process, "spark", "compact", "--dry-run")
    assert "rewrite_data_files" in planned["statement"] and table_of(warehouse, topic).metadata == table.metadata
    report = by_engine(process, "spark", "compact")
    assert_compacted(warehouse, topic, report, files, "spark")
    assert table_of(warehouse, topic).current_snapshot().summary["app-id"] == report["engine_job"]

    report = by_engine(process, "spark", "rewrite-manifests")
    table = table_of(warehouse, topic)
    assert (report["manifests"]["created"], report["snapshot_id"]) == (len(table.inspect.manifests()), table.current_snapshot().snapshot_id)

    # Spark does not know of leases: what one holds stays all the same.
    everything = [snapshot.snapshot_id for snapshot in table.snapshots()]
    with table.transaction() as transaction:
        transaction.set_properties({"k2i.lease.a": json.dumps({"snapshot": everything[3], "until_ms": int(time.time() * 1000) + 3_600_000})})
    before = stored(warehouse, table_of(warehouse, topic))
    report = by_engine(process, "spark", "expire-snapshots", "--older-than", "0s")
    table = table_of(warehouse, topic)
    assert report["expired_snapshots"] == everything[:3]
    assert [snapshot.snapshot_id for snapshot in table.snapshots()] == everything[3:]
    assert report["kept_snapshots"] == len(everything) - 3
    # Spark leaves the table's old metadata files and deletes no others.
    gone = before - stored(warehouse, table)
    assert report["deleted"]["files"] == len(gone) > 0
    assert len(read_at(warehouse, topic, written)) == 600 > len(read_at(warehouse, topic, everything[3]))

    lost = Path(path_of(table.location())) / "data" / "lost.parquet"
    lost.write_bytes(b"lost")
    os.utime(lost, (time.time() - 4 * 24 * 3600,) * 2)
    assert by_engine(process, "spark", "clean-orphans")["deleted"]["files"] == 1
    assert not lost.exists() and reachable(table) <= stored(warehouse, table)
    assert_goes_on(process, kafka4, warehouse, topic)


def test_engines_that_cannot(filled, sql_warehouse, topic):
    process = filled(sql_warehouse)
    before = table_of(sql_warehouse, topic).metadata
    ran = process.run("maintenance", "compact", "--engine", "spark")
    assert ran.returncode == 1 and "maintenance.spark.command" in ran.stdout
    ran = process.run("maintenance", "compact", "--engine", "trino")
    assert ran.returncode == 1 and "maintenance.trino.uri" in ran.stdout
    assert process.run("maintenance", "compact", "--engine", "flink").returncode == 64

    def by_spark(command: list[str], *flags: str):
        process.config["maintenance"]["spark"] = {"catalog": "c", "command": command}
        return process.run("maintenance", "compact", "--engine", "spark", *flags)

    ran = by_spark(["/nowhere/spark-sql"])
    assert ran.returncode == 1 and "/nowhere/spark-sql" in ran.stdout
    ran = by_spark(["sh", "-c", "echo broken >&2; exit 7"], "--json")
    assert ran.returncode == 10 and "broken" in ran.stdout and '"code":"Internal"' in ran.stdout
    ran = by_spark(["true"], "--old-specs")
    assert ran.returncode == 1 and "--old-specs" in ran.stdout
    trino = ("--engine", "trino", "--set", "maintenance.trino.catalog=c", "--set", "maintenance.trino.uri=http://127.0.0.1:1")
    ran = process.run("maintenance", "compact", *trino)
    assert ran.returncode == 10 and "Trino at http://127.0.0.1:1" in ran.stdout
    # What K2I refuses itself, no engine is asked for.
    ran = process.run("maintenance", "clean-orphans", "--older-than", "1h", *trino)
    assert ran.returncode == 1 and "--force-younger-than-a-day" in ran.stdout
    catalog = sql_warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("elsewhere")
    catalog.create_table(("elsewhere", topic), Schema(NestedField(1, "n", LongType())), location=f"{before.location}/nested")
    ran = process.run("maintenance", "clean-orphans", *trino)
    assert ran.returncode == 4 and f"elsewhere.{topic}" in ran.stdout
    assert table_of(sql_warehouse, topic).metadata == before


@pytest.mark.slow
@pytest.mark.skipif(not Trino.is_there(), reason="no Trino: see tools/services/trino.py")
@pytest.mark.timeout(400)
def test_handed_to_trino(filled, kafka4, trino, rest_s3, topic):
    warehouse = RestWarehouse(rest_s3)
    process = filled(warehouse, trino={"uri": trino.uri, "catalog": TRINO_CATALOG, "user": "upkeep"})
    table = table_of(warehouse, topic)
    files, written = table.inspect.files().to_pylist(), table.current_snapshot().snapshot_id
    # Trino counts ages from its own clock, and a minute is left for that: what is younger stays.
    assert by_engine(process, "trino", "expire-snapshots", "--older-than", "0s")["expired_snapshots"] == []
    time.sleep(61)
    report = by_engine(process, "trino", "compact")
    assert_compacted(warehouse, topic, report, files, "trino")
    summary = table_of(warehouse, topic).current_snapshot().summary
    assert (summary["trino_query_id"], summary["trino_user"]) == (report["engine_job"], "upkeep")

    report = by_engine(process, "trino", "rewrite-manifests")
    table = table_of(warehouse, topic)
    assert (report["manifests"]["created"], report["snapshot_id"]) == (len(table.inspect.manifests()), table.current_snapshot().snapshot_id)

    assert by_engine(process, "trino", "clean-orphans")["deleted"] is None
    report = by_engine(process, "trino", "expire-snapshots", "--older-than", "0s")
    kept = {snapshot.snapshot_id for snapshot in table_of(warehouse, topic).snapshots()}
    assert written in kept and len(report["expired_snapshots"]) >= 5 and not kept & set(report["expired_snapshots"])
    assert len(read_at(warehouse, topic, written)) == 600
    ran = process.run("maintenance", "rewrite-manifests", "--engine", "trino", "--set", "maintenance.trino.catalog=nosuch", timeout_s=60)
    assert ran.returncode == 10 and "TABLE_NOT_FOUND" in ran.stdout
    assert_goes_on(process, kafka4, warehouse, topic)
