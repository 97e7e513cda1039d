# SPDX-License-Identifier: Apache-2.0
"""`k2i verify`: tables that K2I made are proven; ones that were damaged on purpose are not."""

import json
from pathlib import Path

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers

PROVEN, FAILED = 0, 7
COUNT = 4000


@pytest.fixture
def ingested(k2i, kafka4, topic):
    """Fills the topic's table with COUNT numbers in several commits; returns the stopped process."""

    def fill(warehouse, **overrides):
        buffer = {"buffer": {"flush_batch_size": 1}}
        config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **(buffer | overrides))
        process = k2i(config, warehouse.environment())
        for start in range(0, COUNT, COUNT // 4):
            topics.produce(kafka4.bootstrap_servers, topic, numbers(start, COUNT // 4), partitions=2)
            if not process.is_running():
                process.start()
            process.wait_until(lambda: total_records(warehouse, "lake", topic) == start + COUNT // 4, "the rows")
        assert process.terminate() == 0
        return process

    return fill


def verify(process, *flags: str) -> tuple[int, dict]:
    ran = process.run("verify", "--json", *flags)
    assert ran.stdout.startswith("{"), ran.stdout
    return ran.returncode, json.loads(ran.stdout)


def kinds(report: dict) -> set[str]:
    return {problem["kind"] for problem in report["problems"]}


def table_of(warehouse, topic: str):
    return warehouse.pyiceberg().load_table(("lake", topic))


def test_proves_what_ingest_wrote(ingested, warehouse, topic):
    process = ingested(warehouse)
    code, report = verify(process, "--deep", "--sums")
    assert (code, report["problems"], report["unchecked"], report["notes"]) == (PROVEN, [], [], [])
    assert report["files"]["rows"] == report["deep"]["rows"] == COUNT
    assert report["snapshots"]["ours"] >= 4
    assert [(each["from"], each["next"], each["rows"]) for each in report["partitions"]] == [(0, COUNT // 2, COUNT // 2)] * 2
    sums = {each["column"]: each for each in report["sums"]}
    assert int(sums["n"]["sum"]) == sum(range(COUNT))
    assert sums["n"]["count"] == COUNT
    assert int(sums["_kafka_offset"]["sum"]) == 2 * sum(range(COUNT // 2))
    for_people = process.run("verify", "--deep")
    assert for_people.returncode == PROVEN
    assert "✗" not in for_people.stdout and for_people.stdout.endswith("proven\n"), for_people.stdout


def test_the_same_data_file_appended_twice(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    table = table_of(sql_warehouse, topic)
    again = next(iter(table.scan().plan_files())).file
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(again)
    code, report = verify(process)
    assert (code, kinds(report)) == (FAILED, {"double-reference"})
    problem = report["problems"][0]
    assert problem["snapshot_id"] == table_of(sql_warehouse, topic).current_snapshot().snapshot_id
    assert again.file_path.removeprefix("file://") in problem["message"]
    assert kinds(verify(process, "--deep")[1]) == {"double-reference", "repeated-position"}


def test_rows_copied_by_others_are_found_by_the_deep_check(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    table = table_of(sql_warehouse, topic)
    table.append(table.scan("n < 10").to_arrow())
    assert verify(process)[0] == PROVEN
    code, report = verify(process, "--deep")
    assert (code, kinds(report)) == (FAILED, {"repeated-position"})
    assert {(each["topic"], each["partition"]) for each in report["problems"]} == {(topic, 0), (topic, 1)}
    assert all("5 offsets from 0 to 4" in each["message"] for each in report["problems"])


def test_deleted_rows(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    table_of(sql_warehouse, topic).delete("n < 7")
    code, report = verify(process)
    assert (code, kinds(report)) == (FAILED, {"deleted-rows"})
    removed = sum(int(each["message"].split("removed ")[1].split()[0]) for each in report["problems"])
    assert removed == 7
    assert kinds(verify(process, "--deep")[1]) == {"deleted-rows", "missing-rows"}
    code, report = verify(process, "--deep", "--allow-deletes")
    assert (code, report["problems"]) == (PROVEN, [])
    assert {each["kind"] for each in report["unchecked"]} == {"deleted-rows", "missing-rows"}
    assert report["files"]["rows"] == COUNT - 7


def test_a_forged_snapshot(ingested, sql_warehouse, topic):
    """It claims offsets that do not join, and more rows than they are."""
    process = ingested(sql_warehouse)
    table = table_of(sql_warehouse, topic)
    said = {name: value for name, value in table.current_snapshot().summary.additional_properties.items() if name.startswith("k2i.")}
    vector = json.loads(said["k2i.offsets"])
    vector["topics"][topic]["next"]["0"] = COUNT + 3
    said |= {"k2i.offsets": json.dumps(vector), "k2i.ranges": json.dumps({topic: {"0": [COUNT, COUNT + 3]}})}
    table.append(table.scan("n < 10").to_arrow(), snapshot_properties=said)
    code, report = verify(process)
    assert code == FAILED
    assert kinds(report) == {"gap", "counters", "tag", "property"}
    gap = next(each for each in report["problems"] if each["kind"] == "gap")
    assert (gap["topic"], gap["partition"]) == (topic, 0)
    assert gap["snapshot_id"] == table_of(sql_warehouse, topic).current_snapshot().snapshot_id
    assert f"[{COUNT // 2}, {COUNT})" in gap["message"]


def test_a_lost_and_a_broken_data_file(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    lost, broken = [Path(task.file.file_path.removeprefix("file://")) for task in table_of(sql_warehouse, topic).scan().plan_files()][:2]
    lost.unlink()
    broken.write_bytes(broken.read_bytes()[:100])
    code, report = verify(process)
    assert (code, kinds(report)) == (FAILED, {"unreadable"})
    assert {name for name in (str(lost), str(broken)) if any(name in each["message"] for each in report["problems"])} == {str(lost), str(broken)}


def test_partitioned_tables_without_metadata_columns(ingested, sql_warehouse, topic):
    """Positions cannot be told, and that is said; the rest can."""
    off = {"metadata": {"topic": False, "partition": False, "offset": False}}
    spec = {"partition_spec": [{"source_field": "n", "transform": "bucket[3]"}]}
    process = ingested(sql_warehouse, schema=off, iceberg=spec)
    code, report = verify(process, "--deep")
    assert (code, report["problems"], report["deep"]) == (PROVEN, [], None)
    assert [each["kind"] for each in report["unchecked"]] == ["positions"]


def test_expired_history_and_errors(ingested, sql_warehouse, topic):
    process = ingested(sql_warehouse)
    table = table_of(sql_warehouse, topic)
    oldest = table.snapshots()[0].snapshot_id
    table.maintenance.expire_snapshots().by_id(oldest).commit()
    code, report = verify(process, "--deep")
    assert (code, report["problems"], report["snapshots"]["complete"]) == (PROVEN, [], False)
    assert [each["kind"] for each in report["unchecked"]] == ["history"]

    assert process.run("verify", "--table", "lake.nowhere").returncode == 3
    assert process.run("verify", "--table", "nowhere").returncode == 1
    other = process.run("verify", "--set", "kafka.group_id=other")
    assert other.returncode == 3
    assert f"k2i-{topic}" in other.stdout
