# SPDX-License-Identifier: Apache-2.0
"""Flight SQL and the command line, as ways into a stream that runs and into a table alone."""

import csv
import io
import json
import subprocess
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow.flight as flight
import pytest

from harness import topics
from harness.k2i_process import ingest_config
from harness.numbered import numbers
from harness.readers import duckdb_connection
from harness.warehouses import CATALOG
from services.places import JVM_FLAGS, class_path, free_port

JDBC_QUERY = Path(__file__).with_name("JdbcQuery.java")


@pytest.fixture
def stream(k2i, kafka4, sql_warehouse, topic):
    """Forty rows in the table, ten in memory."""
    config = ingest_config(
        sql_warehouse, kafka4.bootstrap_servers, topic, topic,
        buffer={"flush_interval_seconds": 600}, schema={"infer_timeout_ms": 300}, server={"flight_port": free_port()},
    )  # fmt: skip
    process = k2i(config)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 40), partitions=2)
    process.start()
    process.wait_until(lambda: process.ask("SELECT count(*) FROM " + topic)["rows"] == [[40]], "40 rows")
    assert process.terminate() == 0
    process.restart()
    process.wait_until(lambda: process.get("/readyz").status_code == 200, "readiness")
    topics.produce(kafka4.bootstrap_servers, topic, numbers(40, 10), partitions=2)
    process.wait_until(lambda: process.ask("SELECT count(*) FROM " + topic)["rows"] == [[50]], "50 rows")
    return process


def test_flight_sql_sees_hot_and_cold(stream, topic):
    uri = f"grpc://127.0.0.1:{stream.config['server']['flight_port']}"
    with flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT n, text FROM lake.{topic} WHERE n >= ? ORDER BY n", parameters=(35,))
        table = cursor.fetch_arrow_table()
    assert table["n"].to_pylist() == list(range(35, 50))
    assert table["text"].to_pylist() == [f"record {n}" for n in range(35, 50)]
    pinned = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items()}
    assert pinned["k2i.offsets"] == {topic: {"0": 25, "1": 25}}


def test_jdbc_sees_hot_and_cold(stream, topic):
    url = f"jdbc:arrow-flight-sql://127.0.0.1:{stream.config['server']['flight_port']}/?useEncryption=false"
    ran = subprocess.run(
        [
            "java", *JVM_FLAGS, "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", class_path("flight-sql"), str(JDBC_QUERY),
            url, f"SELECT n, text FROM lake.{topic} WHERE n >= ? ORDER BY n", "36",
        ],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert [line.split("\t") for line in ran.stdout.splitlines()] == [[str(n), f"record {n}"] for n in range(36, 50)]


def test_plain_flight_gives_the_hot_rows_alone(stream, sql_warehouse, topic):
    client = flight.connect(f"grpc://127.0.0.1:{stream.config['server']['flight_port']}")
    hot = client.do_get(flight.Ticket(json.dumps({"table": f"lake.{topic}"}).encode())).read_all()
    snapshot_id = json.loads(hot.schema.metadata[b"k2i.snapshot-id"])
    cold = sql_warehouse.pyiceberg().load_table(("lake", topic)).scan(snapshot_id=snapshot_id).to_arrow()
    assert sorted(hot["n"].to_pylist()) == list(range(40, 50))
    assert sorted(cold["n"].to_pylist() + hot["n"].to_pylist()) == list(range(50))


def test_spark_and_duckdb_add_the_hot_rows_to_the_table(stream, sql_warehouse, topic, spark):
    """As docs/flight.md shows it: each engine reads the snapshot that the hot rows begin at."""
    client = flight.connect(f"grpc://127.0.0.1:{stream.config['server']['flight_port']}")
    hot = client.do_get(flight.Ticket(json.dumps({"table": f"lake.{topic}"}).encode())).read_all()
    snapshot_id = json.loads(hot.schema.metadata[b"k2i.snapshot-id"])
    expected = [(n, f"record {n}") for n in range(50)]

    session = spark.session(sql_warehouse)
    cold = session.sql(f"SELECT * FROM {CATALOG}.lake.{topic} VERSION AS OF {snapshot_id}")
    union = cold.unionByName(session.createDataFrame(hot))
    assert [tuple(row) for row in union.select("n", "text").orderBy("n").collect()] == expected

    with duckdb_connection() as connection:
        connection.register("hot", hot)
        metadata = sql_warehouse.pyiceberg().load_table(("lake", topic)).metadata_location
        cold = f"iceberg_scan('{metadata}', snapshot_from_id = {snapshot_id})"
        both = f"SELECT * FROM {cold} UNION ALL BY NAME SELECT * FROM hot"
        assert connection.sql(f"SELECT n, text FROM ({both}) ORDER BY n").fetchall() == expected


def test_k2i_query(stream, topic):
    sql = f"SELECT n, text FROM {topic} ORDER BY n DESC LIMIT 2"
    url = f"http://127.0.0.1:{stream.health_port}"
    shown = stream.run_plain("query", sql, "--url", url)
    assert shown.returncode == 0, shown.stdout
    assert "record 49" in shown.stdout and "record 48" in shown.stdout and "2 rows" in shown.stdout
    as_csv = stream.run_plain("query", sql, "--url", url, "--csv").stdout
    assert list(csv.reader(io.StringIO(as_csv)))[:3] == [["n", "text"], ["49", "record 49"], ["48", "record 48"]]
    wrong = stream.run_plain("query", "SELECT nothing", "--url", url)
    assert wrong.returncode not in (0, 6) and "nothing" in wrong.stdout
    nobody = stream.run_plain("query", sql, "--url", f"http://127.0.0.1:{free_port()}")
    assert nobody.returncode == 6


def test_k2i_query_without_a_server(stream, topic):
    assert stream.terminate() == 0
    alone = stream.run("query", f"SELECT count(*) AS c, CAST(sum(n) AS BIGINT) AS s FROM {topic}", "--json")
    assert alone.returncode == 0, alone.stdout
    assert "reading the table alone" in alone.stdout
    answer = json.loads(alone.stdout[alone.stdout.index("{") : alone.stdout.rindex("}") + 1])
    assert answer["rows"] == [[50, sum(range(50))]]


def test_an_answer_names_what_other_processes_read(k2i, kafka4, sql_warehouse, topic):
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, schema={"infer_timeout_ms": 300})
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 40), partitions=2)
    first, second = k2i(config), k2i(config)
    first.start()
    first.wait_until(lambda: first.metric("k2i_iceberg_commits_total") >= 1, "a commit")
    assert "missing" not in first.ask("SELECT count(*) FROM " + topic)["tables"][0]
    second.start()

    def missing(process) -> list[int]:
        return process.ask("SELECT count(*) FROM " + topic).get("tables", [{}])[0].get("missing", {}).get(topic, [])

    first.wait_until(lambda: len(missing(first)) == 1 and len(missing(second)) == 1, "a partition for each", timeout_s=90)
    assert sorted(missing(first) + missing(second)) == [0, 1]
    assert first.ask("SELECT count(*) FROM " + topic)["rows"] == [[40]], "what is committed is never missing"
    assert second.terminate() == 0
    first.wait_until(lambda: missing(first) == [], "all partitions back", timeout_s=90)
