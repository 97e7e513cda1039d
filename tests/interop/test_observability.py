# SPDX-License-Identifier: Apache-2.0
"""What an operator sees: metrics that move, health, JSON logs."""

import time

from harness import topics
from harness.k2i_process import ingest_config, total_records


COUNT = 1000

EXACT = {"k2i_messages_consumed_total": COUNT, "k2i_rows_flushed_total": COUNT, "k2i_dead_letters_total": 0, "k2i_consumer_lag": 0, "k2i_circuit_breaker_state": 0}
POSITIVE = (
    "k2i_bytes_consumed_total", "k2i_flushes_total", "k2i_iceberg_commits_total", "k2i_last_commit_timestamp_seconds",
    "k2i_freshness_seconds_count", "k2i_flush_duration_seconds_count", "k2i_parquet_write_seconds_count",
    "k2i_upload_seconds_count", "k2i_catalog_commit_seconds_count", "k2i_health_status",
)  # fmt: skip
PRESENT = (
    "k2i_cas_conflicts_total", "k2i_commit_retries_total", "k2i_backpressure_events_total", "k2i_buffer_size_bytes", "k2i_buffer_record_count",
    "k2i_buffer_oldest_uncommitted_seconds",
)  # fmt: skip
COMPONENTS = {"kafka", "buffer", "iceberg", "catalog", "txlog", "schema"}


def test_metrics_health_and_logs(k2i, kafka4, sql_warehouse, topic):
    started = time.time()
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": n} for n in range(COUNT)], partitions=2)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == COUNT, f"{COUNT} rows")
    process.wait_until(lambda: process.metric("k2i_rows_flushed_total") == COUNT, "the flush counted")
    process.wait_until(lambda: process.metric("k2i_consumer_lag", topic=topic) == 0, "no lag")

    names = {name for name, _, _ in process.metrics()}
    assert {name: process.metric(name) for name in EXACT} == EXACT
    assert [name for name in POSITIVE if process.metric(name) <= 0] == []
    assert [name for name in PRESENT if name not in names] == []
    assert started <= process.metric("k2i_last_commit_timestamp_seconds") <= time.time()

    health = process.health()
    assert health["status"] == "healthy" and health["version"] and health["uptime_seconds"] >= 0
    assert set(health["components"]) == COMPONENTS
    assert all(part["status"] == "healthy" for part in health["components"].values())
    assert process.get("/readyz").status_code == 200
    assert process.status()

    assert process.terminate() == 0
    assert process.logs()
