# SPDX-License-Identifier: Apache-2.0
"""`kill -9` at any moment of `k2i maintenance`, beside an ingest that goes on: rows, files and boundary stay true."""

import os
import random
import signal
import subprocess
import time

import pytest

from harness.k2i_process import BINARY, clean_environment, ingest_config
from harness.maintained import assert_proven, ingest_in_commits, maintain, table_of
from harness.numbered import assert_each_once
from harness.readers import read_pyiceberg
from harness.steady import SteadyProducer, lost_and_doubled
from harness.table_files import file_system, path_of, reachable, stored
from harness.warehouses import SqlWarehouse

CLEAN = ["clean-orphans"]
COMMANDS = (["compact"], ["rewrite-manifests"], ["expire-snapshots", "--older-than", "2s"], CLEAN)
AT_ONCE = ["--older-than", "0s", "--force-younger-than-a-day"]
PARTITIONS = 2


def killed(process, command: list[str], patience_s: float, at=lambda: False) -> bool:
    """Runs it for so long at most, and until `at` is true; whether it was killed."""
    running = subprocess.Popen(
        [str(BINARY), "maintenance", *command, "--json", "--config", str(process.config_path)],
        cwd=process.folder, env=clean_environment() | process.variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + patience_s
    while running.poll() is None and time.monotonic() < until and not at():
        time.sleep(0.001)
    if running.poll() is not None:
        return False
    running.kill()
    return running.wait() == -signal.SIGKILL


def plant(warehouse, table, names: list[str], days_old: int = 0) -> set[str]:
    """Files of those names that nothing refers to; where time can be set, as old as that."""
    planted, files = {f"{path_of(table.location())}/data/{name}" for name in names}, file_system(warehouse)
    for path in planted:
        with files.open_output_stream(path) as out:
            out.write(b"an orphan")
        if isinstance(warehouse, SqlWarehouse):
            os.utime(path, (time.time() - days_old * 24 * 3600,) * 2)
    return planted


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_killed_maintenance_leaves_a_true_table(k2i, kafka4, warehouse, topic):
    config = ingest_config(
        warehouse, kafka4.bootstrap_servers, topic, topic,
        buffer={"flush_interval_seconds": 1}, schema={"infer_timeout_ms": 300}, query={"enabled": False},
        maintenance={"compaction_enabled": False, "snapshot_expiration_enabled": False, "compaction_min_input_files": 2},
    )  # fmt: skip
    process = k2i(config, warehouse.environment()).start()
    draw = random.Random(7)
    kills, whole, planted = 0, [], set()
    with SteadyProducer(kafka4.bootstrap_servers, topic, PARTITIONS, rate=300) as producer:
        process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 3, "a few commits")
        until = time.monotonic() + 25
        while time.monotonic() < until:
            command = draw.choice(COMMANDS)
            if command is CLEAN:  # of what is younger than three days, the running flush's among it, nothing may go
                planted |= plant(warehouse, table_of(warehouse, topic), [f"orphan-{kills}-{number}.parquet" for number in range(20)], days_old=4)
            # What a run takes differs much from machine to machine: from much too short to nearly always enough.
            if killed(process, command, 0.03 * 1.6 ** draw.randrange(9)):
                kills += 1
            else:
                whole.append(command[0])
        producer.stop()
        taken = producer.taken
    assert kills >= 15 and len(whole) >= 3, (kills, whole)
    process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == len(taken), "the last records")
    assert process.terminate() == 0

    for command in COMMANDS:
        maintain(process, *command)
    left = planted & stored(warehouse, table_of(warehouse, topic))
    assert planted and left == (set() if isinstance(warehouse, SqlWarehouse) else planted)
    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)
    assert_proven(process)
    # What the killed ones left is found by what nothing refers to, and the rest stays.
    maintain(process, *CLEAN, *AT_ONCE)
    table = table_of(warehouse, topic)
    assert stored(warehouse, table) == reachable(table)
    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_clean_up_killed_among_its_deletions_is_gone_on_with(k2i, kafka4, sql_warehouse, topic):
    warehouse, command = sql_warehouse, [*CLEAN, *AT_ONCE, "--threads", "1"]
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, buffer={"flush_batch_size": 1}, query={"enabled": False}, maintenance={"compaction_enabled": False})
    process = ingest_in_commits(k2i(config), kafka4.bootstrap_servers, warehouse, topic, commits=3, rows=50)
    maintain(process, *command)
    table, names = table_of(warehouse, topic), [f"orphan-{number}.parquet" for number in range(2000)]
    rows, own = read_pyiceberg(warehouse, "lake", topic), stored(warehouse, table)
    assert own == reachable(table)
    folder = f"{path_of(table.location())}/data"
    draw, whole = random.Random(11), len(os.listdir(folder)) + len(names)
    before, among = 0, 0
    for number in range(6):
        planted = plant(warehouse, table, names)
        # At its start and while it reads; then among the deletions.
        gone = 0 if number < 3 else draw.randrange(1, 1000)
        ended = not killed(process, command, 0.015 * number if number < 3 else 30, lambda gone=gone: gone and len(os.listdir(folder)) <= whole - gone)
        now = stored(warehouse, table)
        assert own <= now <= own | planted
        assert not ended or now == own
        before += now == own | planted
        among += own < now < own | planted
    assert before >= 1 and among >= 1, (before, among)

    left: set[str] = set()
    for _ in range(5):  # a machine that is busy with other tests may look too late
        planted = plant(warehouse, table, names)
        killed(process, command, 30, lambda: len(os.listdir(folder)) <= whole - 200)
        if left := stored(warehouse, table) - own:
            break
    assert set() < left < planted
    assert maintain(process, *command)["deleted"]["files"] == len(left)
    assert stored(warehouse, table) == own
    assert table_of(warehouse, topic).metadata == table.metadata
    assert read_pyiceberg(warehouse, "lake", topic) == rows
    assert_each_once(warehouse, topic, 150)
    assert_proven(process)
