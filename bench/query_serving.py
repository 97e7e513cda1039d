# SPDX-License-Identifier: Apache-2.0
"""./dev bench query [--seconds S] [PART …]: reads beside ingestion, producer and broker on the same machine.

  freshness   a probe record's acknowledgement by the broker → seen by SQL over HTTP, beside a load of 1,000, 10,000 and 100,000
              records a second
  lookups     by key and by (topic, partition, offset) over HTTP, one keep-alive connection, under 10,000 records a second
  scans       count and group-by over a million hot rows; the same over hot ∪ cold, beside DuckDB reading the Parquet files itself
  serving     ingestion of a preloaded topic with and without a query every 100 ms and up to 1,000 look-ups a second by another process
  paced       the same readers beside 100,000 records a second: what of that is kept up with, and freshness

Prints figures and judges nothing.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import shutil
import statistics
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import duckdb
from confluent_kafka import Producer

from demo import events
from harness.k2i_process import K2I, ingest_config
from harness.log_events import percentile
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from ingest_throughput import machine
from services import Kafka

PARTITIONS = 8
# Of the threads of queries; K2I_BENCH_NICENESS=0 shows what they cost when they share evenly.
NICENESS = int(os.environ.get("K2I_BENCH_NICENESS", "10"))
# Of "serving" and "paced": runs without and with readers in turn; records of each of the former.
RUNS = int(os.environ.get("K2I_BENCH_RUNS", "4"))
RECORDS = int(os.environ.get("K2I_BENCH_RECORDS", "12000000"))
GROUP_BY = "SELECT country, count(*), sum(price_cents) FROM {table} GROUP BY country ORDER BY country"
# In memory until the end of the part.
UNFLUSHED = {"flush_interval_seconds": 3600, "flush_size_mb": 4000, "max_size_mb": 4000}


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> tuple[int, bytes]:
        self.connection.request("GET", path)
        return self._answer()

    def ask(self, sql: str, **body) -> dict:
        self.connection.request("POST", "/api/v1/query", json.dumps({"sql": sql} | body), {"Content-Type": "application/json"})
        status, text = self._answer()
        if status != 200:
            raise SystemExit(f"{sql}: {status} {text[:500]!r}")
        return json.loads(text)

    def _answer(self) -> tuple[int, bytes]:
        response = self.connection.getresponse()
        return response.status, response.read()


def load(bootstrap_servers: str, topic: str, rate: int, stop) -> None:
    """Sends events at `rate` a second until told to stop; keys are the event's id."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 5, "compression.type": "lz4", "queue.buffering.max.messages": 500_000, "delivery.report.only.error": True})
    started, sent = time.monotonic(), 0
    while not stop.is_set():
        due = int((time.monotonic() - started) * rate)
        while sent < due:
            try:
                producer.produce(topic, events.event(sent)[0], partition=sent % PARTITIONS)
                sent += 1
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)
        time.sleep(0.002)
    producer.flush(30)


class Load:
    def __init__(self, kafka: Kafka, topic: str, rate: int):
        context = multiprocessing.get_context("fork")
        self.stop = context.Event()
        self.process = context.Process(target=load, args=(kafka.bootstrap_servers, topic, rate, self.stop), daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.process.join(40)


def show(name: str, seconds: list[float], unit: str = "ms") -> None:
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    shown = "  ".join(f"{label} {scale * percentile(seconds, share):9.2f} {unit}" for label, share in (("P50", 0.5), ("P90", 0.9), ("P99", 0.99)))
    print(f"{name:46} {shown}  longest {scale * max(seconds):9.2f} {unit}  of {len(seconds):,}", flush=True)


def started(folder: Path, kafka: Kafka, topic: str, **overrides) -> tuple[K2I, SqlWarehouse]:
    warehouse = SqlWarehouse(folder / f"warehouse-{topic}")
    config = ingest_config(warehouse, kafka.bootstrap_servers, topic, topic, schema={"infer_timeout_ms": 300}, **overrides)
    process = K2I(folder / f"k2i-{topic}", config).start()
    return process, warehouse


def wait_for_table(process: K2I, topic: str) -> None:
    process.wait_until(lambda: process.ask(f"SELECT count(*) FROM {topic}")["rows"] not in ([], [[0]]), "first rows")


def probe(kafka: Kafka, topic: str, client: Client, seconds: float) -> list[float]:
    """From the acknowledgement of one record to the answer that has it, one after the other."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "linger.ms": 0})
    taken: list = []
    times, number, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        producer.produce(topic, events.event(number)[0], partition=number % PARTITIONS, on_delivery=lambda error, message: taken.append((message.partition(), message.offset())))
        while not taken:
            producer.poll(0.1)
        acknowledged = time.monotonic()
        partition, offset = taken.pop()
        sql = f"SELECT event_id FROM {topic} WHERE _kafka_partition = {partition} AND _kafka_offset = {offset}"
        answer = client.ask(sql, wait_for={topic: {str(partition): offset}})
        times.append(time.monotonic() - acknowledged)
        if answer["rows"] != [[json.loads(events.event(number)[0])["event_id"]]]:
            raise SystemExit(f"offset {offset} of {partition}: {answer['rows']}")
        time.sleep(0.005)
    return times


def freshness(folder: Path, kafka: Kafka, seconds: float) -> None:
    for rate in (1_000, 10_000, 100_000):
        topic = create_topic(kafka.bootstrap_servers, f"fresh{rate}", PARTITIONS)
        process, _ = started(folder, kafka, topic, buffer={"flush_interval_seconds": 10})
        try:
            with Load(kafka, topic, rate):
                wait_for_table(process, topic)
                time.sleep(2)
                show(f"acknowledged → seen by SQL, {rate:,} records/s", probe(kafka, topic, Client(process.health_port), seconds))
        finally:
            process.kill()


def lookups(folder: Path, kafka: Kafka, seconds: float) -> None:
    topic = create_topic(kafka.bootstrap_servers, "lookups", PARTITIONS)
    process, _ = started(folder, kafka, topic, buffer={"flush_interval_seconds": 30, "key": "event_id"})
    try:
        with Load(kafka, topic, 10_000):
            wait_for_table(process, topic)
            time.sleep(5)
            client = Client(process.health_port)
            rows = client.ask(f"SELECT event_id, _kafka_partition, _kafka_offset FROM {topic} ORDER BY _kafka_offset DESC LIMIT 5000")["rows"]
            paths = {
                "look-up by key over HTTP": [f"key={urllib.parse.quote(key)}&hot_only=true" for key, _, _ in rows],
                "look-up by offset over HTTP": [f"topic={topic}&partition={partition}&offset={offset}&hot_only=true" for _, partition, offset in rows],
            }
            for name, queries in paths.items():
                times = []
                for query in queries:
                    before = time.monotonic()
                    status, text = client.get(f"/api/v1/tables/{topic}/lookup?{query}")
                    times.append(time.monotonic() - before)
                    if status != 200:
                        raise SystemExit(f"{query}: {status} {text[:300]!r}")
                show(name, times)
    finally:
        process.kill()


def timed(run, times: int = 15) -> list[float]:
    found = []
    for _ in range(times):
        before = time.monotonic()
        run()
        found.append(time.monotonic() - before)
    return found


def scans(folder: Path, kafka: Kafka, _: float) -> None:
    topic = create_topic(kafka.bootstrap_servers, "scans", PARTITIONS)
    events.produce(kafka.bootstrap_servers, topic, PARTITIONS, 1_000_000)
    process, warehouse = started(folder, kafka, topic, buffer=UNFLUSHED)
    try:
        count = f"SELECT count(*) FROM {topic}"
        process.wait_until(lambda: process.ask(count)["rows"] == [[1_000_000]], "a million hot rows")
        client = Client(process.health_port)
        show("count(*), 1 M hot rows, over HTTP", timed(lambda: client.ask(count)))
        show("group by, 1 M hot rows, over HTTP", timed(lambda: client.ask(GROUP_BY.format(table=topic))))
        if process.terminate(120) != 0:
            raise SystemExit(process.log_tail())
        process.restart()
        events.produce(kafka.bootstrap_servers, topic, PARTITIONS, 1_000_000)
        process.wait_until(lambda: process.ask(count)["rows"] == [[2_000_000]], "a million hot rows above a million cold ones")
        client = Client(process.health_port)
        show("count(*), 1 M hot ∪ 1 M cold", timed(lambda: client.ask(count)))
        show("group by, 1 M hot ∪ 1 M cold", timed(lambda: client.ask(GROUP_BY.format(table=topic))))
        if process.terminate(120) != 0:
            raise SystemExit(process.log_tail())
        process.restart()
        process.wait_until(lambda: process.ask(count)["rows"] == [[2_000_000]], "two million cold rows")
        client = Client(process.health_port)
        show("group by, 2 M cold rows, by K2I", timed(lambda: client.ask(GROUP_BY.format(table=topic))))
        files = [task.file.file_path.removeprefix("file://") for task in warehouse.pyiceberg().load_table(("lake", topic)).scan().plan_files()]
        with duckdb.connect(config={"threads": 2}) as connection:
            show("group by, 2 M cold rows, DuckDB on the files", timed(lambda: connection.execute(GROUP_BY.format(table=f"read_parquet({files})")).fetchall()))
    finally:
        process.kill()


def cpu_seconds(process: K2I) -> float:
    import psutil

    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def cpu_by_priority(process: K2I) -> tuple[float, float]:
    """CPU seconds of the threads that do not stand back, and of those that do."""
    seconds = [0.0, 0.0]
    for stat in Path(f"/proc/{process.pid}/task").glob("*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue  # the thread has ended
        user, system, nice = int(fields[11]), int(fields[12]), int(fields[16])
        seconds[nice > 0] += (user + system) / os.sysconf("SC_CLK_TCK")
    return seconds[0], seconds[1]


class Meter:
    """What the process does from now on."""

    def __init__(self, process: K2I):
        self.process = process
        self.begun, self.cpu, self.split, self.started = self.rows(), cpu_seconds(process), cpu_by_priority(process), time.monotonic()

    def rows(self) -> float:
        return self.process.metric("k2i_messages_consumed_total")

    def rate(self) -> float:
        return (self.rows() - self.begun) / (time.monotonic() - self.started)

    def text(self) -> str:
        millions = (self.rows() - self.begun) / 1e6
        parts = [after - before for before, after in zip(self.split, cpu_by_priority(self.process))]
        return f"{self.rate():,.0f} rows/s, {(cpu_seconds(self.process) - self.cpu) / millions:.2f} CPU s per million rows ({parts[0] / millions:.2f} of ingestion, {parts[1] / millions:.2f} of threads that stand back)"


def stand_back() -> None:
    """Puts this process behind all others. Where Linux groups threads by session, niceness counts within the group alone, and the group
    has one of its own."""
    os.setsid()
    os.nice(19)
    group = Path("/proc/self/autogroup")
    if group.exists():
        group.write_text("19")


def read_on(port: int, topic: str, stop, scans, looks) -> None:
    """A group-by every 100 ms and a look-up every ms, until told to stop; behind everybody else, for such clients are on other machines.
    `scans` and `looks`: how many, and seconds in all and of the longest."""
    stand_back()

    def repeat(pause: float, tally, ask) -> None:
        client, number = Client(port), 0
        while not stop.wait(pause):
            number += 1
            before = time.monotonic()
            ask(client, number)
            seconds = time.monotonic() - before
            tally[:] = [number, tally[1] + seconds, max(tally[2], seconds)]

    def scan(client: Client, _: int) -> None:
        client.ask(GROUP_BY.format(table=topic))

    def look(client: Client, number: int) -> None:
        client.get(f"/api/v1/tables/{topic}/lookup?topic={topic}&partition={number % PARTITIONS}&offset={number}&hot_only=true")

    threads = [threading.Thread(target=repeat, args=each, daemon=True) for each in ((0.1, scans, scan), (0.001, looks, look))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Readers:
    """A process of its own that reads."""

    def __init__(self, process: K2I, topic: str):
        context = multiprocessing.get_context("fork")
        self.stop, self.scans, self.looks = context.Event(), context.Array("d", 3), context.Array("d", 3)
        self.process = context.Process(target=read_on, args=(process.health_port, topic, self.stop, self.scans, self.looks), daemon=True)
        self.process.start()

    def text(self) -> str:
        def each(name: str, tally) -> str:
            count, total, longest = tally
            return f"{count:,.0f} {name} of {1e3 * total / max(count, 1):.1f} ms, longest {1e3 * longest:.0f} ms"

        return f"; {each('scans', self.scans)}; {each('look-ups', self.looks)}"

    def end(self) -> None:
        self.stop.set()
        self.process.join(60)


def serving(folder: Path, kafka: Kafka, _: float) -> None:
    topic = create_topic(kafka.bootstrap_servers, "serving", PARTITIONS)
    events.produce(kafka.bootstrap_servers, topic, PARTITIONS, RECORDS)
    rates = {False: [], True: []}
    for run in range(RUNS):
        read = run % 2 == 1
        warehouse = SqlWarehouse(folder / f"warehouse-serving{run}")
        config = ingest_config(
            warehouse, kafka.bootstrap_servers, topic, topic,
            kafka={"group_id": f"serving{run}"}, buffer={"flush_interval_seconds": 30}, query={"niceness": NICENESS},
        )  # fmt: skip
        process = K2I(folder / f"k2i-serving{run}", config).start()
        readers = None
        try:
            process.wait_until(lambda: process.ask(f"SELECT 1 FROM {topic} LIMIT 1")["rows"] != [], "the first rows")
            readers = Readers(process, topic) if read else None
            meter = Meter(process)
            while meter.rows() < RECORDS:
                time.sleep(0.02)
            rates[read].append(meter.rate())
            text = meter.text()
            if readers is not None:
                readers.end()
            print(f"serving {'with' if read else 'without'} readers: {text}{readers.text() if readers else ''}", flush=True)
        finally:
            if readers is not None:
                readers.end()
            process.kill()
    print(f"ingestion with readers / without, niceness {NICENESS}: {statistics.mean(rates[True]) / statistics.mean(rates[False]):.2f}")


def paced(folder: Path, kafka: Kafka, seconds: float) -> None:
    for run in range(RUNS):
        read = run % 2 == 1
        topic = create_topic(kafka.bootstrap_servers, f"paced{run}", PARTITIONS)
        process, _ = started(folder, kafka, topic, buffer={"flush_interval_seconds": 10}, query={"niceness": NICENESS})
        readers = None
        try:
            with Load(kafka, topic, 100_000):
                wait_for_table(process, topic)
                time.sleep(2)
                readers = Readers(process, topic) if read else None
                meter = Meter(process)
                times = probe(kafka, topic, Client(process.health_port), seconds)
                text = meter.text()
            if readers is not None:
                readers.end()
            show(f"acknowledged → seen by SQL, {'with' if read else 'without'} readers", times)
            print(f"  {text}{readers.text() if readers else ''}", flush=True)
        finally:
            if readers is not None:
                readers.end()
            process.kill()


PARTS = {"freshness": freshness, "lookups": lookups, "scans": scans, "serving": serving, "paced": paced}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench query", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=20, help="of probing, for each rate")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine: {machine()}")
    try:
        with Kafka(folder / "kafka") as kafka:
            for part in given.parts or PARTS:
                PARTS[part](folder, kafka, given.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
