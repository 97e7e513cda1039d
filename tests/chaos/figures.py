# SPDX-License-Identifier: Apache-2.0
"""How long until rows came again, from what the processes and the table's snapshots say."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from harness.log_events import events, percentile
from harness.warehouses import Warehouse


@dataclass
class Kill:
    at: float  # wall clock
    owned: set[int]  # partitions


@dataclass
class Figures:
    kills: int = 0
    records: int = 0
    lost: int = 0
    doubled: int = 0
    conflicts: int = 0
    retries: int = 0
    after_kill: list[float] = field(default_factory=list)
    after_start: list[float] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def spread(values: list[float]) -> str:
    if not values:
        return "nothing measured"
    return f"P50 {percentile(values, 0.5):.2f} s, P99 {percentile(values, 0.99):.2f} s, {len(values)} measured"


def recovery(warehouse: Warehouse, table: str, log_paths: list[Path], kills: list[Kill]) -> tuple[list[float], list[float]]:
    """Seconds from each kill to the first commit by a living process of rows of a partition that the victim owned, and
    from each start of a process to its first commit."""
    ranges = {s.snapshot_id: json.loads(s.summary["k2i.ranges"]) for s in warehouse.pyiceberg().load_table(("lake", table)).snapshots()}
    commits, after_start = [], []
    for path in log_paths:
        started = None
        for at, line in events(path):
            if line["event"] == "started":
                started = at
            elif line["event"] == "committed" and line.get("table") == f"lake.{table}":
                commits.append((at, {int(p) for p in ranges.get(line["snapshot_id"], {}).get(table, {})}))
                if started is not None:
                    after_start.append(at - started)
                started = None
    after_kill = []
    for kill in kills:
        later = [at - kill.at for at, partitions in commits if at > kill.at and partitions & kill.owned]
        if later:
            after_kill.append(min(later))
    return after_kill, after_start
