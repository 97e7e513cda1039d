# SPDX-License-Identifier: Apache-2.0
"""`k2i dlq list` and `replay`: what could not be decoded is seen, and comes in once it can be."""

import base64
import json
import subprocess

from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, LongType, NestedField, StringType

from harness import rows, topics
from harness.k2i_process import BINARY, clean_environment, ingest_config, total_records
from harness.readers import read_duckdb, read_pyiceberg

SCHEMA = Schema(
    NestedField(1, "n", IntegerType()),
    NestedField(2, "_kafka_topic", StringType()),
    NestedField(3, "_kafka_partition", IntegerType()),
    NestedField(4, "_kafka_offset", LongType()),
)
TOO_BIG = [{"n": 3_000_000_000 + i} for i in range(5)]


def verify(process, *arguments: str) -> subprocess.CompletedProcess:
    return process.run("verify", "--deep", *arguments)


def dlq(process, *arguments: str) -> str:
    """Standard output alone: log lines go to standard error."""
    done = subprocess.run(
        [str(BINARY), "dlq", *arguments, "--config", str(process.config_path)],
        cwd=process.folder,
        env=clean_environment() | process.variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_replay_brings_in_what_fits_by_now_once(k2i, kafka4, warehouse, topic):
    catalog = warehouse.pyiceberg()
    catalog.create_namespace_if_not_exists("lake")
    table = catalog.create_table(("lake", topic), SCHEMA)
    taken = topics.produce(kafka4.bootstrap_servers, topic, [{"n": 1}, *TOO_BIG, b"\xff{", {"n": 2}], partitions=2)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment()).start()
    process.wait_until(lambda: process.metric("k2i_dead_letters_total") == 6, "six dead letters")
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 2, "two rows")

    listed = [json.loads(line) for line in dlq(process, "list", "--json").splitlines()]
    by_place = {(each.partition, each.offset): each for each in taken}
    assert len(listed) == 6
    for letter in listed:
        record = by_place[(letter["partition"], letter["offset"])]
        value = base64.b64decode(letter["value_base64"]) if "value_base64" in letter else letter["value"].encode()
        assert value == record.value
        assert letter["topic"] == topic and letter["error_class"] == "InvalidArgument" and letter["error"]
    assert "6 dead letters" in dlq(process, "list")
    assert "2 dead letters; --limit" in dlq(process, "list", "--limit", "2")

    # While the stream runs on: the column is widened, by another engine, and the letters come in.
    table.refresh()
    with table.update_schema() as update:
        update.update_column("n", LongType())
    assert json.loads(dlq(process, "replay", "--dry-run", "--json"))["replayed"] == 5
    assert total_records(warehouse, "lake", topic) == 2
    report = json.loads(dlq(process, "replay", "--json"))
    assert (report["replayed"], report["already_there"], report["still_rejected"]) == (5, 0, 1)
    again = json.loads(dlq(process, "replay", "--json"))
    assert (again["replayed"], again["already_there"], again["still_rejected"]) == (0, 5, 1)

    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 3}], partitions=2)
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 8, "the stream goes on behind the replay")
    assert process.terminate() == 0
    for table in ((), ("--table", f"lake.{topic}__dlq")):
        proven = verify(process, *table)
        assert proven.returncode == 0, proven.stdout
    wanted = [
        {"n": json.loads(each.value)["n"], "_kafka_topic": topic, "_kafka_partition": each.partition, "_kafka_offset": each.offset}
        for each in taken
        if each.value != b"\xff{"
    ]
    for read in (read_pyiceberg, read_duckdb):
        rows.assert_same([row for row in read(warehouse, "lake", topic) if row["n"] != 3], wanted)


def test_no_dead_letters_is_no_error(k2i, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 1}], partitions=1)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 1, "the row")
    assert process.terminate() == 0
    assert "no dead letters" in dlq(process, "list")


def test_letters_are_queried_before_and_after_their_commit(k2i, kafka4, sql_warehouse, topic):
    letters = f'SELECT "offset", CAST(value AS VARCHAR) FROM {topic}__dlq ORDER BY "offset"'
    buffer = {"flush_interval_seconds": 600}
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, buffer=buffer, schema={"infer_timeout_ms": 300})).start()
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 1}, b"bad 1", {"n": 2}], partitions=1)
    process.wait_until(lambda: process.ask(f"SELECT n FROM {topic} ORDER BY n")["rows"] == [[1], [2]], "two rows")
    assert process.terminate() == 0
    alone = process.run("query", letters, "--csv").stdout
    assert "1,bad 1" in alone, alone
    process.restart()
    process.wait_until(lambda: process.ask(letters)["rows"] == [[1, "bad 1"]], "the committed letter")
    topics.produce(kafka4.bootstrap_servers, topic, [b"bad 2", {"n": 3}, b"bad 3"], partitions=1)
    process.wait_until(lambda: len(process.ask(letters)["rows"]) == 3, "letters in memory")
    answer = process.ask(letters)
    assert answer["rows"] == [[1, "bad 1"], [3, "bad 2"], [5, "bad 3"]]
    assert process.metric("k2i_dead_letters_total") == 0, "none is committed by this process yet"
    assert process.terminate() == 0
    process.restart()
    process.wait_until(lambda: process.ask(letters)["rows"] == answer["rows"], "all of them in the table")
