# SPDX-License-Identifier: Apache-2.0
"""The union property: while rows come in, flushes follow each other, files are compacted, snapshots expire with their files and
another engine commits, every answer is exactly the rows below its vector."""

import threading
import time

import pytest

from harness.k2i_process import ingest_config
from harness.steady import SteadyProducer

PARTITIONS = 2
TASKS = ("compaction", "manifest_rewrite", "snapshot_expiration")
# One statement, so that one view answers it.
CHECK = """
SELECT _kafka_partition AS p, count(*), count(DISTINCT _kafka_offset), min(_kafka_offset), max(_kafka_offset), CAST(sum(n) AS BIGINT)
FROM {table} WHERE _kafka_offset IS NOT NULL GROUP BY p ORDER BY p
"""


def wrong(answer: dict, topic: str) -> str:
    """What is not as the vector says; "" when all is. The numbers go round robin from 0, and nothing else is in the topic."""
    vector = {int(p): next_ for p, next_ in answer["offsets"].get(topic, {}).items()}
    seen = {p: (rows, distinct, low, high, total) for p, rows, distinct, low, high, total in answer["rows"]}
    for partition, next_ in vector.items():
        if next_ == 0 and partition not in seen:
            continue
        total = sum(offset * PARTITIONS + partition for offset in range(next_))
        if seen.get(partition) != (next_, next_, 0, next_ - 1, total):
            return f"partition {partition}: vector says {next_}, the answer {seen.get(partition)}"
    return "" if seen.keys() <= vector.keys() else f"rows of partitions without a vector: {seen.keys() - vector.keys()}"


class QueryLoop(threading.Thread):
    """Asks again and again; the first wrong answer ends it."""

    def __init__(self, process, topic: str):
        super().__init__(daemon=True)
        self.process, self.topic = process, topic
        self.answers, self.views, self.fault = 0, set(), ""
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set() and not self.fault:
            response = self.process.post({"sql": CHECK.format(table=self.topic)})
            if response.status_code != 200:
                self.fault = f"{response.status_code} {response.text[:500]}"
                return
            answer = response.json()
            self.fault = wrong(answer, self.topic)
            self.answers += 1
            self.views.add((answer["snapshot_id"], tuple(sorted(answer["offsets"].get(self.topic, {}).items()))))


def foreign_commits(warehouse, table: str, stop: threading.Event) -> None:
    """Another engine sets properties and deletes nothing: commits of its own between ours."""
    number = 0
    while not stop.wait(1.5):
        number += 1
        try:
            with warehouse.pyiceberg().load_table(("lake", table)).transaction() as transaction:
                transaction.set_properties({"foreign": str(number)})
        except Exception:  # noqa: BLE001: a conflict is the other engine's own business
            pass


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_row_is_missing_or_double(k2i, kafka4, sql_warehouse, topic):
    process = k2i(
        ingest_config(
            sql_warehouse, kafka4.bootstrap_servers, topic, topic,
            buffer={"flush_interval_seconds": 1, "ttl_seconds": 3}, schema={"infer_timeout_ms": 300}, query={"timeout_seconds": 10},
            maintenance={
                "compaction_interval_seconds": 4, "compaction_min_input_files": 2,
                "snapshot_expiration_interval_seconds": 3, "manifest_rewrite_interval_seconds": 7,
            },
            iceberg={"properties": {"history.expire.max-snapshot-age-ms": "1500"}},
        )
    )  # fmt: skip
    process.start()
    stop = threading.Event()
    with SteadyProducer(kafka4.bootstrap_servers, topic, PARTITIONS, rate=2000) as producer:
        process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 1, "a first commit")
        others = threading.Thread(target=foreign_commits, args=(sql_warehouse, topic, stop), daemon=True)
        others.start()
        loops = [QueryLoop(process, topic) for _ in range(2)]
        for loop in loops:
            loop.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not any(loop.fault for loop in loops):
            time.sleep(0.2)
        for loop in loops:
            loop.stopping.set()
        for loop in loops:
            loop.join(30)
        stop.set()
        others.join(30)
        produced = producer.stop()
    assert not [loop.fault for loop in loops if loop.fault]
    assert sum(loop.answers for loop in loops) > 200 and len(set.union(*(loop.views for loop in loops))) > 100
    assert process.metric("k2i_iceberg_commits_total") > 20
    runs = {task: process.metric("k2i_maintenance_runs_total", task=task, outcome="done") for task in TASKS}
    assert min(runs.values()) >= 3, runs
    assert process.metric("k2i_maintenance_seconds_count") >= sum(runs.values())
    tasks = {task["name"]: task for task in process.get("/api/v1/maintenance").json()["tasks"]}
    assert tasks.keys() == set(TASKS) and not [task for task in tasks.values() if task["failures"]], tasks
    assert "snapshot_expiration" in process.run_plain("status", "--url", f"http://127.0.0.1:{process.health_port}").stdout
    process.wait_until(lambda: process.ask(f"SELECT count(*) FROM {topic}")["rows"] == [[produced]], "every row")
    assert process.terminate() == 0
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert len(list(table.scan().plan_files())) < 10, "sixty seconds of commits"
    assert len(table.metadata.snapshots) < 30
    assert process.run("verify", "--deep").returncode == 0
