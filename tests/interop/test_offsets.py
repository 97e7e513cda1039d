# SPDX-License-Identifier: Apache-2.0
"""`k2i offsets`: what stops a start names the command that resolves it, and that command does."""

import json
import time

import pytest
from confluent_kafka.admin import AdminClient

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import assert_each_once, numbers
from harness.readers import read_duckdb

KAFKA, CATALOG, LOG, USAGE = 2, 3, 5, 1


@pytest.fixture
def process(k2i, kafka4, sql_warehouse, topic):
    return k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic))


@pytest.fixture
def fill(process, kafka4, sql_warehouse, topic):
    """Sends `count` numbers from `start` on, lets K2I take them, and stops it."""

    def send(start: int, count: int, rows: int | None = None) -> None:
        topics.produce(kafka4.bootstrap_servers, topic, numbers(start, count), partitions=2)
        process.start()
        wanted = start + count if rows is None else rows
        process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= wanted, f"{wanted} rows")
        assert process.terminate() == 0

    return send


def shown(process, *flags: str) -> dict:
    ran = process.run("offsets", "show", "--json", *flags)
    assert ran.returncode == 0, ran.stdout
    return json.loads(ran.stdout[ran.stdout.index("{\n") :])  # librdkafka's complaints come before


def next_of(process) -> list[int]:
    return [each["next"] for each in shown(process, "--offline")["partitions"]]


def verified(process, *flags: str) -> tuple[int, dict]:
    ran = process.run("verify", "--deep", "--json", *flags)
    return ran.returncode, json.loads(ran.stdout)


def remake(kafka, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    for future in admin.delete_topics([topic]).values():
        future.result(30)
    deadline = time.monotonic() + 30
    while topic in admin.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    topics.create_topic(kafka.bootstrap_servers, topic, partitions=2)


def stopped_at_start(process) -> tuple[int, str]:
    """Its exit code and its last words."""
    return process.run_until_exit(40), process.log_tail()


def test_show(process, fill, kafka4, topic):
    fill(0, 100)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 20), partitions=2)
    found = shown(process)
    assert found["boundary"]["origin"] == "tag"
    assert found["boundary"]["cluster_id"] == found["kafka"]["cluster_id"]
    assert found["boundary"]["topic_ids"] == found["kafka"]["topic_ids"]
    assert found["identity_error"] is None
    assert [(each["next"], each["log_start"], each["log_end"], each["lag"]) for each in found["partitions"]] == [(50, 0, 60, 10)] * 2
    for_people = process.run("offsets", "show")
    assert "✓ cluster and topics are still the same" in for_people.stdout
    nobody = shown(process, "--set", "kafka.bootstrap_servers=127.0.0.1:1")
    assert nobody["kafka"] is None and nobody["kafka_error"]
    assert [each["next"] for each in nobody["partitions"]] == [50, 50]


def test_roll_back_to_a_snapshot_reads_every_row_again_once(process, fill, sql_warehouse, topic):
    fill(0, 100)
    first = shown(process, "--offline")["boundary"]["snapshot_id"]
    fill(100, 100)
    before = next_of(process)

    refused = process.run("offsets", "rewind", "--to-snapshot", str(first))
    assert refused.returncode == USAGE and "--yes" in refused.stdout
    dry = process.run("offsets", "rewind", "--to-snapshot", str(first), "--dry-run")
    assert dry.returncode == 0 and "which are read again" in dry.stdout
    assert next_of(process) == before

    assert process.run("offsets", "rewind", "--to-snapshot", str(first), "--yes").returncode == 0
    assert next_of(process) == [50, 50]
    assert total_records(sql_warehouse, "lake", topic) == 100
    code, report = verified(process)
    assert (code, report["problems"]) == (0, [])

    fill(200, 10)
    assert_each_once(sql_warehouse, topic, 210)
    code, report = verified(process)
    assert (code, report["problems"], report["deep"]["rows"]) == (0, [], 210)


def test_rewind_of_a_partition_is_declared(process, fill, topic):
    fill(0, 100)
    move = ("offsets", "rewind", "--partition", f"{topic}/1", "--offset", "40", "--yes")
    refused = process.run(*move)
    assert refused.returncode == USAGE and "--allow-duplicates" in refused.stdout
    assert process.run(*move, "--allow-duplicates").returncode == 0
    assert next_of(process) == [50, 40]
    fill(100, 10, rows=120)
    code, report = verified(process)
    assert (code, report["problems"], report["deep"]["declared_repeats"]) == (0, [], 10)
    assert [(each["kind"], each["partition"]) for each in report["notes"]] == [("rewind", 1)]

    skip = ("offsets", "rewind", "--partition", f"{topic}/0", "--offset", "57", "--yes")
    assert "--allow-gap" in process.run(*skip).stdout
    assert process.run(*skip, "--allow-gap").returncode == 0
    fill(110, 10, rows=120 + 5 + 3)
    assert verified(process)[0] == 0


def test_a_topic_made_anew_is_adopted(process, fill, kafka4, sql_warehouse, topic):
    fill(0, 100)
    assert "nothing to adopt" in process.run("offsets", "adopt", "--from", "earliest", "--yes").stdout
    remake(kafka4, topic)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 60), partitions=2)
    code, said = stopped_at_start(process)
    assert code == KAFKA
    assert "has been re-created" in said and "k2i offsets adopt --from earliest" in said
    assert "re-created" in shown(process)["identity_error"]

    assert process.run("offsets", "adopt", "--yes").returncode == USAGE
    assert process.run("offsets", "adopt", "--from", "earliest", "--yes").returncode == 0
    assert shown(process)["identity_error"] is None
    process.start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= 160, "160 rows")
    assert process.terminate() == 0
    assert sorted(row["n"] for row in read_duckdb(sql_warehouse, "lake", topic)) == list(range(160))
    code, report = verified(process)
    assert (code, report["problems"], report["deep"]["rows"]) == (0, [], 160)
    assert [each["kind"] for each in report["notes"]] == ["adopt"]


def test_a_table_made_anew_is_adopted(process, fill, kafka4, sql_warehouse, topic):
    fill(0, 100)
    sql_warehouse.pyiceberg().drop_table(("lake", topic))
    code, said = stopped_at_start(process)
    assert code == CATALOG
    assert "uuid" in said and "k2i offsets adopt --from earliest" in said
    assert process.run("offsets", "adopt", "--from", "earliest", "--yes").returncode == 0
    fill(100, 10)
    assert_each_once(sql_warehouse, topic, 110)
    assert verified(process)[0] == 0


def test_a_lost_boundary_is_adopted(process, fill, sql_warehouse, topic):
    fill(0, 100)
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    table.manage_snapshots().remove_tag(f"k2i-k2i-{topic}").commit()
    with table.transaction() as transaction:
        transaction.remove_properties(f"k2i.k2i-{topic}.offsets")
    table.append(table.scan("n < 1").to_arrow())
    table.maintenance.expire_snapshots().by_ids([each.snapshot_id for each in table.snapshots()[:-1]]).commit()
    code, said = stopped_at_start(process)
    assert code == CATALOG
    assert "k2i offsets adopt" in said
    adopt = [word for n in (0, 1) for word in ("--partition", f"{topic}/{n}", "--offset", "50")]
    assert process.run("offsets", "adopt", *adopt, "--yes").returncode == 0
    fill(100, 10, rows=111)
    assert sorted(row["n"] for row in read_duckdb(sql_warehouse, "lake", topic)) == [0] + list(range(110))


def test_refused_while_k2i_runs(process, fill, topic):
    fill(0, 10)
    process.start()
    ran = process.run("offsets", "rewind", "--partition", f"{topic}/0", "--offset", "0", "--allow-duplicates", "--yes")
    assert ran.returncode == LOG
    assert "stop it first" in ran.stdout
    assert process.terminate() == 0
