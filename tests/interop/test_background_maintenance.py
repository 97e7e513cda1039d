# SPDX-License-Identifier: Apache-2.0
"""What `k2i ingest` does to its tables beside the stream, and how it tells of it."""

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.maintained import table_of
from harness.numbered import assert_each_once, numbers
from harness.warehouses import RestWarehouse
from services import IcebergRest


def last_run(process) -> dict:
    (task,) = process.get("/api/v1/maintenance").json()["tasks"]
    return task["last"] or {}


def test_a_table_that_fails_keeps_no_other_from_its_upkeep(k2i, kafka4, sql_warehouse, topic):
    config = ingest_config(
        sql_warehouse, kafka4.bootstrap_servers, topic, topic,
        query={"enabled": False}, schema={"columns": [{"name": "n", "type": "long"}]},
        maintenance={"compaction_enabled": False, "manifest_rewrite_interval_seconds": 0, "snapshot_expiration_interval_seconds": 1},
    )  # fmt: skip
    process = k2i(config).start()
    letters = f"{topic}__dlq"
    for number in range(2):
        topics.produce(kafka4.bootstrap_servers, topic, [{"n": number}, b"\xff{"], partitions=2)
        process.wait_until(lambda: total_records(sql_warehouse, "lake", letters) == number + 1, "a dead letter")
        process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == number + 1, "a row")
    before = [snapshot.snapshot_id for snapshot in table_of(sql_warehouse, letters).snapshots()]
    with table_of(sql_warehouse, topic).transaction() as transaction:
        transaction.set_properties({"gc.enabled": "false"})
    process.wait_until(lambda: not last_run(process).get("ok", True), "a failure")
    with table_of(sql_warehouse, letters).transaction() as transaction:
        transaction.set_properties({"history.expire.max-snapshot-age-ms": "0"})
    process.wait_until(lambda: len(table_of(sql_warehouse, letters).snapshots()) < len(before), "the expiry of the dead letters")

    # What was done stands beside what was not.
    process.wait_until(lambda: letters in str(last_run(process).get("summary")), "the run in the status")
    last = last_run(process)
    assert f"lake.{topic}" in last["error"] and "gc.enabled" in last["error"]
    own, others = last["summary"][f"lake.{topic}"], last["summary"][f"lake.{letters}"]
    assert own["error"]["code"] == "InvalidConfig" and "expired_snapshots" not in own
    assert others["error"] is None and others["kept_snapshots"] >= 1 and others["deleted"]["failed"] == 0
    assert process.metric("k2i_maintenance_runs_total", task="snapshot_expiration", outcome="failed") >= 1
    said = process.run_plain("status", "--url", f"http://127.0.0.1:{process.health_port}").stdout
    assert "gc.enabled" in said
    assert process.terminate() == 0
    failed = next(line for line in process.logs() if line.get("event") == "maintenance_failed" or line.get("message") == "maintenance_failed")
    assert failed["summary"]


def upkeep_of(process) -> tuple[str | None, dict]:
    """Why it is held, and its one task."""
    answer = process.get("/api/v1/maintenance").json()
    (task,) = answer["tasks"]
    return answer["held"], task


# With a breaker that opens, the catalog itself is the reason; with one that does not, rows pile up until they are.
@pytest.mark.parametrize("opens_after, more, reason", [(2, 100, "the catalog is away"), (1000, 20_000, "the buffer is nearly full")])
def test_upkeep_waits_while_nothing_can_be_committed(opens_after, more, reason, k2i, kafka4, topic, tmp_path):
    with IcebergRest(tmp_path / "rest") as rest:
        warehouse = RestWarehouse(rest)
        config = ingest_config(
            warehouse, kafka4.bootstrap_servers, topic, topic,
            query={"enabled": False}, circuit_breaker={"failure_threshold": opens_after, "open_seconds": 4}, buffer={"max_size_mb": 16},
            maintenance={"compaction_interval_seconds": 1, "manifest_rewrite_interval_seconds": 0, "snapshot_expiration_enabled": False},
        )  # fmt: skip
        topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
        process = k2i(config).start()

        process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
        process.wait_until(lambda: upkeep_of(process)[1]["runs"] >= 1 and upkeep_of(process)[1]["last"]["ok"], "a run")
        assert upkeep_of(process)[0] is None

        rest.kill()
        late = numbers(100, more)
        topics.produce(kafka4.bootstrap_servers, topic, [each | {"text": each["text"].ljust(900)} for each in late] if more > 100 else late, partitions=2)
        process.wait_until(lambda: process.metric("k2i_messages_consumed_total") > 100, "more records read")
        process.wait_until(lambda: upkeep_of(process)[0] is not None, "held upkeep")
        held, task = upkeep_of(process)
        assert held == reason and task["state"] == "waiting"
        assert f"held: {held}" in process.run_plain("status", "--url", f"http://127.0.0.1:{process.health_port}").stdout
        # A run that is due does not begin.
        process.wait_until(lambda: upkeep_of(process)[1]["due_in_seconds"] == 0, "a run that is due")

        rest.restart()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100 + more, "all rows")
        before = upkeep_of(process)[1]["runs"]
        process.wait_until(lambda: upkeep_of(process)[0] is None and upkeep_of(process)[1]["runs"] > before and upkeep_of(process)[1]["last"]["ok"], "upkeep that goes on")
        assert process.terminate() == 0
        assert_each_once(warehouse, topic, 100 + more)
