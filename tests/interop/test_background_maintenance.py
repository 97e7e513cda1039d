# SPDX-License-Identifier: Apache-2.0
"""What `k2i ingest` does to its tables beside the stream, and how it tells of it."""

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.maintained import table_of


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
