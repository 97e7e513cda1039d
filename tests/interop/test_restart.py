# SPDX-License-Identifier: Apache-2.0
"""Ends of the process, gentle and not: every record is in the table once."""

import shutil
import threading
import time

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import assert_each_once, numbers


COUNT = 20_000


def test_sigterm_flushes_and_leaves_with_0(k2i, kafka4, warehouse, topic):
    """The flush interval is far off: only the stop can have written the rows."""
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 500), partitions=2)
    never = {"buffer": {"flush_interval_seconds": 3600}}
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **never), warehouse.environment()).start()
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == 500, "500 records read")
    assert total_records(warehouse, "lake", topic) == 0
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 500)


def test_kill_and_resume_lose_and_double_nothing(k2i, kafka4, warehouse, topic):
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, buffer={"flush_batch_size": 700})
    process = k2i(config, warehouse.environment())
    producing = threading.Thread(target=lambda: [produce_slowly(kafka4, topic, start) for start in range(0, COUNT, 1000)])
    producing.start()
    process.start()
    for pause_s in (1.0, 0.3, 1.7, 0.8):
        time.sleep(pause_s)
        process.kill()
        process.restart()
    producing.join()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) >= COUNT, f"{COUNT} rows")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, COUNT)


def produce_slowly(kafka, topic: str, start: int) -> None:
    topics.produce(kafka.bootstrap_servers, topic, numbers(start, 1000), partitions=2)
    time.sleep(0.2)


def test_a_lost_disk_loses_nothing(k2i, kafka4, sql_warehouse, topic):
    """The transaction log goes with the folder; the table alone says where to go on."""
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 300), partitions=2)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 300, "300 rows")
    process.kill()
    shutil.rmtree(process.folder)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(300, 300), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= 600, "600 rows")
    assert process.terminate() == 0
    assert_each_once(sql_warehouse, topic, 600)


def test_from_the_latest_on_a_kill_before_the_first_rows_loses_nothing(k2i, kafka4, sql_warehouse, topic):
    """Where it began is committed at once: what comes while it is down is read by the next start."""
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 10), partitions=2)
    config = ingest_config(
        sql_warehouse,
        kafka4.bootstrap_servers,
        topic,
        topic,
        kafka={"auto_offset_reset": "latest"},
        schema={"columns": [{"name": "n", "type": "long"}]},
        buffer={"flush_interval_seconds": 3600},
    )
    process = k2i(config).start()
    process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 1, "the start committed")
    process.kill()
    topics.produce(kafka4.bootstrap_servers, topic, numbers(10, 20), partitions=2)
    process.restart()
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == 20, "what came meanwhile")
    assert process.terminate() == 0
    assert total_records(sql_warehouse, "lake", topic) == 20
