# SPDX-License-Identifier: Apache-2.0
"""./dev bench recovery [--kills N]: kill -9 of the only process of a group, started again at once; how long until the next
committed row, by kind of membership.

1,000 records a second into 6 partitions, flush interval 1 s, SQLite catalog. The time has in it: the start of the process, the
table's boundary, joining the group (where the dead member's session counts), reading, the flush interval, the commit.
Prints figures and judges nothing.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from harness.k2i_process import K2I, ingest_config, speaks_consumer_protocol
from harness.log_events import events, percentile
from harness.steady import SteadyProducer, lost_and_doubled
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from ingest_throughput import machine
from services import Kafka

PARTITIONS = 6
CONSUMER_SESSION_S = 10

VARIANTS = {
    "classic, dynamic, session 6 s": {"session_timeout_ms": 6000, "heartbeat_interval_ms": 1000},
    "classic, dynamic, session 10 s (default)": {},
    "classic, dynamic, session 30 s": {"session_timeout_ms": 30000},
    "classic, static, session 10 s": {"group_instance_id": "one"},
    "consumer, dynamic, broker's session 10 s": {"group_protocol": "consumer"},
    "consumer, static, broker's session 10 s": {"group_protocol": "consumer", "group_instance_id": "one"},
}


def first_commit_after(process: K2I, moment: float) -> float | None:
    return next((at for at, line in events(process.log_path) if line["event"] == "committed" and at > moment), None)


def wait_for_commit(process: K2I, moment: float) -> float:
    deadline = time.monotonic() + 120
    while (at := first_commit_after(process, moment)) is None:
        if time.monotonic() > deadline or not process.is_running():
            raise SystemExit(f"no commit:\n{process.log_tail()}")
        time.sleep(0.05)
    return at


def measure(folder: Path, kafka: Kafka, number: int, settings: dict, kills: int) -> list[float]:
    table = f"recovery{number}"
    warehouse = SqlWarehouse(folder / table)
    create_topic(kafka.bootstrap_servers, table, PARTITIONS)
    config = ingest_config(warehouse, kafka.bootstrap_servers, table, table, kafka=settings, schema={"infer_timeout_ms": 300})
    process = K2I(folder / f"k2i{number}", config).start()
    after_kill = []
    try:
        with SteadyProducer(kafka.bootstrap_servers, table, PARTITIONS, rate=1000) as producer:
            wait_for_commit(process, 0)
            for _ in range(kills):
                time.sleep(2.3)
                killed = time.time()
                process.kill()
                process.restart()
                after_kill.append(wait_for_commit(process, killed) - killed)
            producer.stop()
        if process.terminate() != 0:
            raise SystemExit(process.log_tail())
    finally:
        process.kill()
    if lost_and_doubled(warehouse, table, producer.taken) != (0, 0):
        raise SystemExit("rows were lost or doubled")
    return after_kill


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench recovery", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5, help="for each kind of membership")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    session = {"group.consumer.min.session.timeout.ms": 1000, "group.consumer.session.timeout.ms": CONSUMER_SESSION_S * 1000}
    print(f"machine: {machine()}")
    print(f"{'membership':42} {'kill -9 to next row: P50':>24} {'longest':>8}   {given.kills} kills each")
    try:
        with Kafka(folder / "kafka", properties=session) as kafka:
            for number, (name, settings) in enumerate(VARIANTS.items()):
                if "group_protocol" in settings and not speaks_consumer_protocol():
                    continue
                after_kill = measure(folder, kafka, number, settings, given.kills)
                print(f"{name:42} {percentile(after_kill, 0.5):22.2f} s {max(after_kill):6.2f} s", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
