# SPDX-License-Identifier: Apache-2.0
"""Several processes of one group answer as one: each asks the others for the rows that they have in memory."""

import itertools
import json
import os
import random
import signal
import threading
import time

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow.flight
import pytest
import requests

from harness import topics
from harness.k2i_process import K2I, ingest_config, merged
from harness.log_events import events
from harness.numbered import numbers
from harness.steady import SteadyProducer
from services.places import LOOPBACK, free_ports

PARTITIONS = 4
# A dead member's partitions move after six seconds.
QUICK = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 500}
# One statement, so that one view answers it.
CHECK = """
SELECT _kafka_partition AS p, count(*), count(DISTINCT _kafka_offset), min(_kafka_offset), max(_kafka_offset), CAST(sum(n) AS BIGINT)
FROM {table} GROUP BY p ORDER BY p
"""


def wrong(answer: dict, topic: str) -> str:
    """What is not as the vector says; "" when all is. The numbers go round robin from 0, and nothing else is in the topic."""
    vector = {int(p): next_ for p, next_ in answer["offsets"].get(topic, {}).items()}
    seen = {p: tuple(rest) for p, *rest in answer["rows"]}
    for partition, next_ in vector.items():
        expected = (next_, next_, 0, next_ - 1, sum(offset * PARTITIONS + partition for offset in range(next_)))
        if seen.get(partition) != expected and (next_ > 0 or partition in seen):
            return f"partition {partition}: vector says {next_}, the answer {seen.get(partition)}"
    return "" if seen.keys() <= vector.keys() else f"rows of partitions without a vector: {seen.keys() - vector.keys()}"


def missing(answer: dict, topic: str) -> list[int]:
    """Partitions whose newest rows the answer lacks, those that it does not even know among them."""
    known = {int(p) for p in answer["offsets"].get(topic, {})}
    named = answer["tables"][0].get("missing", {}).get(topic, [])
    return sorted(set(named) | (set(range(PARTITIONS)) - known))


def failed(answer: dict) -> list[str]:
    return [each["peer"] for each in answer["tables"][0].get("failed_peers", [])]


class QueryLoop(threading.Thread):
    """Asks again and again; an answer that is not exactly the rows below its vector ends it."""

    def __init__(self, process: K2I, topic: str):
        super().__init__(daemon=True)
        self.process, self.topic = process, topic
        self.answers: list[dict] = []
        self.fault, self.slowest_s = "", 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set() and not self.fault:
            begun = time.monotonic()
            response = self.process.post({"sql": CHECK.format(table=self.topic)})
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            if response.status_code != 200:
                self.fault = f"{response.status_code} {response.text[:500]}"
                return
            answer = response.json()
            self.fault = wrong(answer, self.topic)
            self.answers.append(answer | {"rows": [], "at": time.time()})

    def finish(self) -> list[dict]:
        self.stopping.set()
        self.join(60)
        assert not self.fault, self.fault
        return self.answers


@pytest.fixture
def group(k2i, kafka4, sql_warehouse, unique):
    """Makes processes of one group on one topic, each of which has the list of all."""
    topics.create_topic(kafka4.bootstrap_servers, unique, PARTITIONS)

    def make(size: int, **overrides: dict) -> list[K2I]:
        ports = free_ports(size)
        peers = {"query": {"peers": [f"grpc://{LOOPBACK}:{port}" for port in ports]}}
        base = ingest_config(sql_warehouse, kafka4.bootstrap_servers, unique, unique, kafka=QUICK, schema={"infer_timeout_ms": 300})
        return [k2i(merged(merged(merged(base, peers), {"server": {"flight_port": port}}), overrides)) for port in ports]

    return make


def ask(process: K2I, topic: str) -> dict:
    response = process.post({"sql": CHECK.format(table=topic)})
    assert response.status_code == 200, response.text
    answer = response.json()
    assert not wrong(answer, topic), wrong(answer, topic)
    return answer


def covers_all(process: K2I, topic: str, rows: int = 0) -> bool:
    response = process.post({"sql": CHECK.format(table=topic)})
    if response.status_code != 200:
        return False
    answer = response.json()
    assert not wrong(answer, topic), wrong(answer, topic)
    return not missing(answer, topic) and sum(row[1] for row in answer["rows"]) >= rows


def moves(processes: list[K2I], since: float) -> list[str]:
    """What the group has done with partitions."""
    seen = [(at, process.pid, line["event"]) for process in processes for at, line in events(process.log_path) if at >= since]
    return [f"{at - since:.1f} s: {pid} {event}" for at, pid, event in sorted(seen) if event.startswith("partition")]


def assert_all_is_covered(processes: list[K2I], answers: list[dict], topic: str, since: float) -> None:
    """What an answer lacks has a cause that is told: a peer that failed, or partitions on the move. On a machine that is busy
    with other things either may be, and mostly is not."""
    lacking = [(f"{answer['at'] - since:.1f} s", missing(answer, topic), failed(answer)) for answer in answers if missing(answer, topic)]
    moved = moves(processes, since)
    told = f"{len(lacking)} of {len(answers)} answers lack rows: {lacking}, moves: {moved}"
    assert moved or all(peers for _, _, peers in lacking), told
    assert len(lacking) <= len(answers) / 4, told


def own_partitions(process: K2I, topic: str) -> set[int]:
    """Those that it reads itself, as the table's page says without asking anybody."""
    table = process.get(f"/api/v1/tables/{topic}").json()
    return {int(p) for p in table.get("offsets", {}).get(topic, {})} - set(table.get("missing", {}).get(topic, []))


def start_group(processes: list[K2I], topic: str, rows: int) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.wait_until(lambda: covers_all(process, topic, rows), "an answer that covers all", timeout_s=90)
    share = PARTITIONS // len(processes)
    processes[0].wait_until(lambda: all(len(own_partitions(each, topic)) >= share for each in processes), "partitions for each", timeout_s=90)


def test_rows_in_others_memory(group, kafka4, unique):
    """Nothing but the start is committed: what one has read, the other's answers have too."""
    bootstrap = kafka4.bootstrap_servers
    topics.produce(bootstrap, unique, numbers(0, 40), partitions=PARTITIONS)
    first, second = group(2, buffer={"key": "n"})
    start_group([first, second], unique, 40)
    first.wait_until(lambda: all(each.get(f"/api/v1/tables/{unique}").json().get("cold_rows") == 40 for each in (first, second)), "40 rows in the table")
    # From here on nothing is flushed: both are stopped before they would.
    assert first.terminate() == 0 and second.terminate() == 0
    for each in (first, second):
        each.config = merged(each.config, {"buffer": {"flush_interval_seconds": 600}})
        each.restart()
    for each in (first, second):
        each.wait_until(lambda: covers_all(each, unique, 40), "an answer that covers all", timeout_s=90)
    first.wait_until(lambda: len(own_partitions(first, unique)) == len(own_partitions(second, unique)) == 2, "two partitions for each", timeout_s=90)
    topics.produce(bootstrap, unique, numbers(40, 20), partitions=PARTITIONS)
    for each in (first, second):
        each.wait_until(lambda: covers_all(each, unique, 60), "60 rows", timeout_s=30)
        answer = ask(each, unique)
        assert answer["offsets"][unique] == {str(p): 15 for p in range(PARTITIONS)} and not missing(answer, unique) and not failed(answer)
        assert each.get(f"/api/v1/tables/{unique}").json()["cold_rows"] == 40, "20 of them are in memory alone"
        assert each.metric("k2i_query_peer_requests_total") > 0

    def lookup(process: K2I, query: str) -> list[int]:
        response = process.get(f"/api/v1/tables/{unique}/lookup?{query}")
        assert response.status_code == 200, response.text
        answer = response.json()
        return [row[[c["name"] for c in answer["columns"]].index("n")] for row in answer["rows"]]

    for each, partition, offset in itertools.product((first, second), range(PARTITIONS), (3, 14)):
        number = offset * PARTITIONS + partition
        assert lookup(each, f"topic={unique}&partition={partition}&offset={offset}") == [number]
        assert lookup(each, f"key={number}") == [number]
    assert first.get(f"/api/v1/tables/{unique}/lookup?key=60").status_code == 404

    # A producer reads what it wrote, whomever it asks.
    for number, each in zip((60, 64, 68), (first, second, first)):
        taken = topics.produce(bootstrap, unique, numbers(number, PARTITIONS), partitions=PARTITIONS)
        wait_for = {unique: {str(record.partition): record.offset for record in taken}}
        answer = each.ask(f"SELECT n FROM {unique} WHERE n >= {number} ORDER BY n", wait_for=wait_for)
        assert answer["rows"] == [[n] for n in range(number, number + PARTITIONS)], answer
    uri = f"grpc://{LOOPBACK}:{second.config['server']['flight_port']}"
    with flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT n FROM lake.{unique} ORDER BY n")
        assert cursor.fetch_arrow_table()["n"].to_pylist() == list(range(72))
    hot = pyarrow.flight.connect(uri).do_get(pyarrow.flight.Ticket(json.dumps({"table": f"lake.{unique}"}).encode())).read_all()
    assert set(hot["_kafka_partition"].to_pylist()) == own_partitions(second, unique), "a tail is of one process"


def test_a_peer_that_stops_answering(group, kafka4, unique):
    """It costs a query its time limit at most, and is named with what is missing."""
    topics.produce(kafka4.bootstrap_servers, unique, numbers(0, 40), partitions=PARTITIONS)
    first, second = group(2, query={"peer_timeout_ms": 500}, kafka={"session_timeout_ms": 45_000})
    start_group([first, second], unique, 40)
    peer = f"grpc://{LOOPBACK}:{second.config['server']['flight_port']}"
    theirs = sorted(own_partitions(second, unique))
    failures = first.metric("k2i_query_peer_failures_total", peer=peer)
    os.kill(second.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        answer = ask(first, unique)
        assert 0.4 < time.monotonic() - begun < 5
        assert missing(answer, unique) == theirs and failed(answer) == [peer]
        begun = time.monotonic()
        assert missing(ask(first, unique), unique) == theirs
        assert time.monotonic() - begun < 0.4, "it is left alone"
        assert first.metric("k2i_query_peer_failures_total", peer=peer) == failures + 1
    finally:
        os.kill(second.pid, signal.SIGCONT)
    first.wait_until(lambda: covers_all(first, unique, 40), "the peer's rows again", timeout_s=30)


def test_waiting_ends_when_the_client_leaves(group, kafka4, unique):
    topics.produce(kafka4.bootstrap_servers, unique, numbers(0, 4), partitions=PARTITIONS)
    (alone,) = group(1, query={"max_concurrent": 1})
    start_group([alone], unique, 4)
    with pytest.raises(requests.Timeout):
        requests.post(
            f"http://{LOOPBACK}:{alone.health_port}/api/v1/query", json={"sql": f"SELECT 1 FROM {unique}", "wait_for": {unique: {"0": 1000}}}, timeout=1
        )
    # The only place among the queries is free again.
    begun = time.monotonic()
    assert not missing(ask(alone, unique), unique)
    assert time.monotonic() - begun < 10


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("strategy", ["cooperative-sticky", "range"])
def test_no_row_is_missing_or_double_while_partitions_move(group, kafka4, unique, strategy):
    """The others stop, die and come back at random; whatever an answer covers then, it is exactly the rows below its vector."""
    kafka = {"options": {"partition.assignment.strategy": strategy}}
    first, *others = group(3, kafka=kafka, buffer={"ttl_seconds": 2})
    dice = random.Random(strategy)
    with SteadyProducer(kafka4.bootstrap_servers, unique, PARTITIONS, rate=1000) as producer:
        start_group([first, *others], unique, 1)
        loops = [QueryLoop(first, unique) for _ in range(2)]
        for loop in loops:
            loop.start()
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline and not any(loop.fault for loop in loops):
            other = dice.choice(others)
            if not other.is_running():
                other.restart()
            elif dice.random() < 0.5:
                other.kill()
            else:
                assert other.terminate() == 0
            time.sleep(dice.uniform(0.2, 3))
        counts = [len(loop.finish()) for loop in loops]
        for other in others:
            if not other.is_running():
                other.restart()
        produced = producer.stop()
    assert min(counts) > 20
    for process in [first, *others]:
        process.wait_until(lambda: covers_all(process, unique, produced), "every row", timeout_s=90)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size, ttl", [(2, 60), (3, 1)], ids=["2", "3, short ttl"])
def test_answers_cover_all_under_a_storm(group, kafka4, unique, size, ttl):
    """Each flushes every second, and rows that it has committed are asked for from an older snapshot on."""
    processes = group(size, buffer={"ttl_seconds": ttl}, query={"peer_timeout_ms": 10_000})
    with SteadyProducer(kafka4.bootstrap_servers, unique, PARTITIONS, rate=1000) as producer:
        start_group(processes, unique, 1)
        for process in processes:
            process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 2, "commits of each", timeout_s=90)
        began = time.time()
        loops = [QueryLoop(process, unique) for process in processes]
        for loop in loops:
            loop.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any(loop.fault for loop in loops):
            time.sleep(0.2)
        for loop in loops:
            answers = loop.finish()
            assert_all_is_covered(processes, answers, unique, began)
            assert len(answers) > 20 and len({answer["snapshot_id"] for answer in answers}) > 5, len(answers)

        # One dies: its partitions are missing until the group notices, and nothing is ever wrong.
        *rest, dead = processes
        lost = own_partitions(dead, unique)
        peer = f"grpc://{LOOPBACK}:{dead.config['server']['flight_port']}"
        dead.kill()
        loops = [QueryLoop(process, unique) for process in rest]
        for loop in loops:
            loop.start()
        for process in rest:
            process.wait_until(lambda: covers_all(process, unique), "all partitions again", timeout_s=60)
        for loop in loops:
            answers = loop.finish()
            without = [answer for answer in answers if missing(answer, unique)]
            assert without and lost <= set(missing(without[0], unique))
            assert all(peer in failed(answer) for answer in without)
        produced = producer.stop()
    for process in rest:
        process.wait_until(lambda: covers_all(process, unique, produced), "every row", timeout_s=60)
        assert process.terminate() == 0
