# SPDX-License-Identifier: Apache-2.0
"""Tables in need of maintenance, and `k2i maintenance` itself."""

import json

from pyiceberg.table import Table

from harness import topics
from harness.k2i_process import K2I, total_records
from harness.numbered import numbers
from harness.warehouses import Warehouse


def table_of(warehouse: Warehouse, name: str) -> Table:
    return warehouse.pyiceberg().load_table(("lake", name))


def ingest_in_commits(process: K2I, bootstrap_servers: str, warehouse: Warehouse, topic: str, commits: int, rows: int) -> K2I:
    """`commits` times `rows` numbers to the table of the topic's name, each a commit of its own or more; the process is stopped then."""
    for number in range(commits):
        topics.produce(bootstrap_servers, topic, numbers(number * rows, rows), partitions=2)
        if not process.is_running():
            process.start()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == (number + 1) * rows, "the rows")
    assert process.terminate() == 0
    return process


def maintain(process: K2I, *arguments: str, timeout_s: float = 60) -> dict:
    """The report of a command that must succeed."""
    ran = process.run("maintenance", *arguments, "--json", timeout_s=timeout_s)
    assert ran.returncode == 0, ran.stdout
    # Logs stand on other lines.
    report = json.loads(next(line for line in ran.stdout.splitlines() if '"dry_run"' in line))
    assert report["error"] is None
    return report


def assert_proven(process: K2I, *flags: str) -> dict:
    """The report of `k2i verify --deep`, which has nothing to say against the table."""
    ran = process.run("verify", "--deep", "--json", *flags)
    assert ran.returncode == 0, ran.stdout
    report = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert report["problems"] == []
    return report


def assert_proven_whole(process: K2I) -> dict:
    """And nothing of it is left unchecked, as where snapshots are gone."""
    report = assert_proven(process)
    assert report["unchecked"] == []
    return report
