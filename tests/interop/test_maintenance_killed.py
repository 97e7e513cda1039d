# SPDX-License-Identifier: Apache-2.0
"""`kill -9` at any moment of `k2i maintenance`, beside an ingest that goes on: rows, files and boundary stay true."""

import random
import subprocess
import time

import pytest

from harness.k2i_process import BINARY, clean_environment, ingest_config
from harness.maintained import assert_proven, maintain, table_of
from harness.steady import SteadyProducer, lost_and_doubled
from harness.table_files import reachable, stored

COMMANDS = (["compact"], ["rewrite-manifests"], ["expire-snapshots", "--older-than", "2s"])
PARTITIONS = 2


def killed(process, command: list[str], patience_s: float) -> bool:
    """Runs it for so long at most; whether it was killed."""
    running = subprocess.Popen(
        [str(BINARY), "maintenance", *command, "--json", "--config", str(process.config_path)],
        cwd=process.folder, env=clean_environment() | process.variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        running.wait(patience_s)
        return False
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        return True


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
    kills, whole = 0, []
    with SteadyProducer(kafka4.bootstrap_servers, topic, PARTITIONS, rate=300) as producer:
        process.wait_until(lambda: process.metric("k2i_iceberg_commits_total") >= 3, "a few commits")
        until = time.monotonic() + 25
        while time.monotonic() < until:
            command = draw.choice(COMMANDS)
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
    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)
    assert_proven(process)
    # What the killed ones left is found by what nothing refers to, and the rest stays.
    maintain(process, "clean-orphans", "--older-than", "0s", "--force-younger-than-a-day")
    table = table_of(warehouse, topic)
    assert stored(warehouse, table) == reachable(table)
    assert lost_and_doubled(warehouse, topic, taken) == (0, 0)
