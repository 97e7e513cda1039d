# SPDX-License-Identifier: Apache-2.0
"""Reads of what has just arrived, over HTTP, against the real broker: hot ∪ cold, values, waiting, look-ups, the cage."""

import io
import json
import time

import pyarrow.ipc
import pytest
import requests

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers

# Nothing is flushed by age within a test's time.
LATE = {"flush_interval_seconds": 600}


@pytest.fixture
def stream(k2i, kafka4, sql_warehouse, topic):
    """Two partitions, 100 records in the table and 20 in memory alone."""
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, buffer=LATE | {"key": "text"}, schema={"infer_timeout_ms": 300})
    process = k2i(config)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process.start()
    process.wait_until(lambda: process.ask("SELECT count(*) FROM lake." + topic)["rows"] == [[100]], "100 rows")
    assert process.terminate() == 0
    assert total_records(sql_warehouse, "lake", topic) == 100
    process.restart()
    process.wait_until(lambda: process.get("/readyz").status_code == 200, "readiness")
    sent = topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 20), partitions=2)
    process.last_offsets = {each.partition: each.offset for each in sent}
    return process


def test_hot_and_cold_are_one(stream, sql_warehouse, topic):
    answer = stream.ask(f"SELECT n, text, _kafka_partition, _kafka_offset FROM {topic} ORDER BY n", wait_for={topic: {"0": 59, "1": 59}})
    assert [row[0] for row in answer["rows"]] == list(range(120))
    assert all(text == f"record {n}" and partition == n % 2 and offset == n // 2 for n, text, partition, offset in answer["rows"])
    assert answer["offsets"] == {topic: {"0": 60, "1": 60}}
    assert total_records(sql_warehouse, "lake", topic) == 100, "the rest is in memory only"
    current = sql_warehouse.pyiceberg().load_table(("lake", topic)).current_snapshot()
    assert answer["snapshot_id"] == current.snapshot_id
    assert [column["name"] for column in answer["columns"]] == ["n", "text", "_kafka_partition", "_kafka_offset"]


def test_filters_parameters_and_explain(stream, topic):
    stream.ask(f"SELECT 1 FROM {topic} LIMIT 1", wait_for={topic: {"0": 59, "1": 59}})
    assert stream.ask(f"SELECT n FROM {topic} WHERE n >= $1 AND text <> $2 ORDER BY n", parameters=[117, "record 118"])["rows"] == [[117], [119]]
    assert stream.ask(f"SELECT CAST(sum(n) AS BIGINT) FROM {topic} WHERE n BETWEEN 95 AND 104")["rows"] == [[sum(range(95, 105))]]
    assert "SCAN" in json.dumps(stream.ask(f"EXPLAIN SELECT n FROM {topic}")["rows"]).upper()


def test_read_your_writes(stream, kafka4, topic):
    for number in range(120, 130):
        sent = topics.produce(kafka4.bootstrap_servers, topic, numbers(number, 1))[0]
        answer = stream.ask(f"SELECT text FROM {topic} WHERE _kafka_partition = 0 AND _kafka_offset = {sent.offset}", wait_for={topic: {"0": sent.offset}})
        assert answer["rows"] == [[f"record {number}"]]
    late = stream.post({"sql": f"SELECT 1 FROM {topic}", "wait_for": {topic: {"0": 10_000}}, "timeout_ms": 200})
    assert late.status_code == 504 and late.json()["error"]["code"] == "Timeout"


def test_look_ups(stream, topic):
    stream.ask(f"SELECT 1 FROM {topic} LIMIT 1", wait_for={topic: {"0": 59, "1": 59}})
    hot = stream.get(f"/api/v1/tables/lake.{topic}/lookup?key=record%20111").json()
    assert [dict(zip((c["name"] for c in hot["columns"]), row))["n"] for row in hot["rows"]] == [111]
    cold = stream.get(f"/api/v1/tables/{topic}/lookup?key=record%207").json()
    assert [dict(zip((c["name"] for c in cold["columns"]), row))["n"] for row in cold["rows"]] == [7]
    assert stream.get(f"/api/v1/tables/{topic}/lookup?key=record%207&hot_only=true").status_code == 404
    for offset, n in ((3, 6), (55, 110)):
        found = stream.get(f"/api/v1/tables/{topic}/lookup?topic={topic}&partition=0&offset={offset}").json()
        assert [dict(zip((c["name"] for c in found["columns"]), row))["n"] for row in found["rows"]] == [n]
    assert stream.get(f"/api/v1/tables/{topic}/lookup?key=nobody").status_code == 404


def test_formats(stream, topic):
    sql = f"SELECT n, text FROM {topic} ORDER BY n"
    wait = {topic: {"0": 59, "1": 59}}
    wanted = [(n, f"record {n}") for n in range(120)]
    arrow = stream.post({"sql": sql, "wait_for": wait}, accept="application/vnd.apache.arrow.stream")
    table = pyarrow.ipc.open_stream(io.BytesIO(arrow.content)).read_all()
    assert list(zip(table["n"].to_pylist(), table["text"].to_pylist())) == wanted
    lines = stream.post({"sql": sql}, accept="application/x-ndjson").text.splitlines()
    assert [(row["n"], row["text"]) for row in map(json.loads, lines)] == wanted
    csv = stream.post({"sql": sql}, accept="text/csv").text.split("\r\n")
    assert csv[0] == "n,text" and csv[1:121] == [f"{n},{text}" for n, text in wanted]
    assert stream.post({"sql": sql}, accept="image/png").status_code == 406


def test_tables(stream, topic):
    stream.ask(f"SELECT 1 FROM {topic} LIMIT 1", wait_for={topic: {"0": 59, "1": 59}})
    listed = {each["table"]: each for each in stream.get("/api/v1/tables").json()["tables"]}
    described = stream.get(f"/api/v1/tables/lake.{topic}").json()
    assert f"lake.{topic}" in listed
    assert described["hot_rows"] == 20 and described["cold_rows"] == 100
    assert described["offsets"] == {topic: {"0": 60, "1": 60}}
    assert stream.get("/api/v1/tables/lake.nothing").status_code == 404


def test_a_live_tail(stream, kafka4, topic):
    stream.ask(f"SELECT 1 FROM {topic} LIMIT 1", wait_for={topic: {"0": 59, "1": 59}})
    url = f"http://127.0.0.1:{stream.health_port}/api/v1/tables/{topic}/tail?follow=true"
    with requests.get(url, stream=True, timeout=20, headers={"Accept": "application/x-ndjson"}) as tail:
        lines = tail.iter_lines()
        assert sorted(json.loads(next(lines))["n"] for _ in range(20)) == list(range(100, 120))
        topics.produce(kafka4.bootstrap_servers, topic, numbers(120, 4), partitions=2)
        assert sorted(json.loads(next(lines))["n"] for _ in range(4)) == list(range(120, 124))


ATTEMPTS = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('s3://elsewhere/file.parquet')",
    "SELECT * FROM 'http://127.0.0.1:1/file.csv'",
    "SELECT * FROM glob('/*')",
    "COPY (SELECT 1) TO '/tmp/k2i-cage.csv'",
    "ATTACH '/tmp/k2i-cage.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '100GB'",
    "PRAGMA database_list",
    "SELECT current_setting('memory_limit')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "CREATE TABLE mine AS SELECT 1",
    "DROP VIEW lake.anything",
    "SELECT 1; SELECT 2",
    "WITH x AS (SELECT * FROM read_blob('/etc/shadow')) SELECT * FROM x",
    "EXPLAIN SELECT * FROM read_csv('/etc/passwd')",
    "SELECT (SELECT count(*) FROM read_text('/etc/hostname'))",
    "SELECT * FROM query('SELECT 1')",
    "CALL pragma_version()",
    "EXPORT DATABASE '/tmp/k2i-cage'",
    "SELECT getenv('HOME')",
]


def test_the_cage(stream):
    for attempt in ATTEMPTS:
        refused = stream.post({"sql": attempt})
        assert refused.status_code == 400, f"{attempt}: {refused.status_code} {refused.text[:300]}"
        assert refused.json()["error"]["message"]
    assert stream.ask("SELECT 42")["rows"] == [[42]]


def test_limits(stream, topic):
    started = time.monotonic()
    slow = stream.post({"sql": "SELECT count(*) FROM range(100000000000)", "timeout_ms": 300})
    assert slow.status_code == 504 and time.monotonic() - started < 5
    assert stream.post({"sql": "SELECT range FROM range(100)", "max_rows": 10}).status_code != 200


def test_columns_added_by_another_engine(stream, sql_warehouse, kafka4, topic):
    """The hot rows have the columns that the stream was opened with; those of the table win at its next start."""
    table = sql_warehouse.pyiceberg().load_table(("lake", topic))
    with table.update_schema() as update:
        update.rename_column("text", "words")
    assert stream.terminate() == 0
    stream.config["buffer"]["key"] = "n"
    stream.start()
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 500, "words": "after"}])
    stream.wait_until(lambda: stream.ask(f"SELECT words FROM {topic} WHERE n IN (5, 500) ORDER BY n")["rows"] == [["record 5"], ["after"]], "both names")
