# SPDX-License-Identifier: Apache-2.0
"""The transaction log of a real process: shown, locked, on a full disk, and what a start makes of it."""

import json
import time
from pathlib import Path

import pytest

from chaos.disk import FailingDisk, build_library
from harness import topics
from harness.k2i_process import K2I, ingest_config, total_records
from harness.numbered import assert_each_once, numbers

LOG = 5


@pytest.fixture
def process(k2i, kafka4, sql_warehouse, topic):
    return k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic))


def log_folder(process: K2I) -> Path:
    return next(process.folder.rglob("txlog-*.k2i")).parent


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def show(process: K2I) -> tuple[int, list[dict]]:
    """The exit code, and the lines: k2i's own errors are no JSON."""
    ran = process.run("txlog", "show", "--json")
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]


def types_of(lines: list[dict]) -> list[str]:
    return [line["type"] for line in lines if "type" in line]


def wait_for_rows(process: K2I, warehouse, topic: str, count: int) -> None:
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= count, f"{count} rows")


def test_show_beside_a_running_process_and_after_its_death(process, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process.start()
    wait_for_rows(process, sql_warehouse, topic, 100)
    process.wait_until(lambda: "CommitDone" in types_of(show(process)[1]), "CommitDone in the log")
    before = contents(log_folder(process))
    code, lines = show(process)
    assert code == 0
    assert contents(log_folder(process)) == before  # nobody writes while nothing comes
    assert types_of(lines)[-5:] == ["FlushStarted", "FileStarted", "FileWritten", "CommitIntent", "CommitDone"]
    table = lines[-1]["recovery_state"]["tables"][f"lake.{topic}"]
    assert table["next"] == {topic: {"0": 50, "1": 50}}
    for_people = process.run("txlog", "show")
    assert for_people.returncode == 0
    assert "a start would know of 0 open flushes and 1 table" in for_people.stdout
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 20), partitions=2)
    wait_for_rows(process, sql_warehouse, topic, 120)  # it was not in the process' way

    process.kill()
    dead = contents(log_folder(process))
    assert show(process)[0] == 0
    newest = sorted(log_folder(process).glob("txlog-*.k2i"))[-1]
    newest.write_bytes(newest.read_bytes() + b"half a frame")
    code, lines = show(process)
    assert (code, lines[-2]) == (0, {"segment": newest.name, "torn_offset": len(dead[newest.name]), "torn_bytes": 12})

    damaged = bytearray(dead[newest.name])
    damaged[30] ^= 1
    newest.write_bytes(damaged)
    ran = process.run("txlog", "show")
    assert ran.returncode == LOG
    assert newest.name in ran.stdout and "byte 16" in ran.stdout
    assert process.run_until_exit(40) == LOG
    assert newest.read_bytes() == damaged


def test_a_second_process_on_one_folder_is_refused(process, k2i, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 10), partitions=2)
    process.start()
    wait_for_rows(process, sql_warehouse, topic, 10)
    folder = str(log_folder(process))
    second = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, transaction_log={"log_dir": folder}))
    assert second.run_until_exit(40) == LOG
    assert f"another process uses the transaction log in {folder}" in second.log_tail()
    assert "transaction_log.log_dir" in second.log_tail()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(10, 10), partitions=2)
    wait_for_rows(process, sql_warehouse, topic, 20)
    assert process.terminate() == 0


def test_a_full_disk_is_waited_for(k2i, kafka4, sql_warehouse, topic, tmp_path):
    folder = tmp_path / "log"
    disk = FailingDisk(build_library(tmp_path), folder)
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, transaction_log={"log_dir": str(folder)})
    process = k2i(config, disk.environment()).start()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 50), partitions=2)
    wait_for_rows(process, sql_warehouse, topic, 50)

    disk.set("enospc")
    topics.produce(kafka4.bootstrap_servers, topic, numbers(50, 50), partitions=2)
    process.wait_until(lambda: process.health()["components"]["txlog"]["status"] == "degraded", "a degraded log")
    assert "No space left on device" in process.health()["components"]["txlog"]["message"]
    time.sleep(2)
    assert total_records(sql_warehouse, "lake", topic) == 50

    disk.set("ok")
    wait_for_rows(process, sql_warehouse, topic, 100)
    assert process.health()["components"]["txlog"]["status"] == "healthy"
    assert process.terminate() == 0
    assert_each_once(sql_warehouse, topic, 100)


def test_a_complete_upload_is_committed_by_the_next_start(k2i, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)
    process = k2i(config, {"K2I_CRASH_AT": "CommitIntent:after"})
    assert process.run_until_exit(40) == -9
    lines = show(process)[1]
    intent = next(line["payload"] for line in lines if line.get("type") == "CommitIntent")
    written = {line["payload"]["location"] for line in lines if line.get("type") == "FileWritten"}
    assert total_records(sql_warehouse, "lake", topic) == 0

    process.variables.clear()
    process.start()
    wait_for_rows(process, sql_warehouse, topic, 100)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 20), partitions=2)
    wait_for_rows(process, sql_warehouse, topic, 120)
    adopted = [line for line in process.logs() if line.get("event") == "open_flush_adopted"]
    assert [(line["flush_id"], line["snapshot_id"]) for line in adopted] == [(intent["flush_id"], intent["snapshot_id"])]
    assert process.terminate() == 0
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert written <= {task.file.file_path for task in table.scan().plan_files()}
    assert table.snapshot_by_id(intent["snapshot_id"]).summary["k2i.flush-id"] == intent["flush_id"]
    assert_each_once(sql_warehouse, topic, 120)
    verified = process.run("verify", "--deep")
    assert verified.returncode == 0, verified.stdout


def test_an_encrypted_log_is_read_with_its_key_only(k2i, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 20), partitions=2)
    encrypted = {"encryption_key": "00112233445566778899aabbccddeeff" * 2}
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, transaction_log=encrypted)).start()
    wait_for_rows(process, sql_warehouse, topic, 20)
    process.kill()
    assert all(topic.encode() not in data for data in contents(log_folder(process)).values())
    code, lines = show(process)
    assert code == 0 and "CommitIntent" in types_of(lines)
    process.config["transaction_log"] = {"encryption_key": "ff112233445566778899aabbccddeeff" * 2}
    refused = process.run("txlog", "show")
    assert refused.returncode == LOG and "is not the key it was written with" in refused.stdout
    assert process.run_until_exit(40) == LOG
    process.config["transaction_log"] = encrypted
    topics.produce(kafka4.bootstrap_servers, topic, numbers(20, 20), partitions=2)
    process.start()
    wait_for_rows(process, sql_warehouse, topic, 40)
    assert process.terminate() == 0
