# SPDX-License-Identifier: Apache-2.0
"""Several `k2i ingest` of one group on one table, which come and go."""

import random
import time
from pathlib import Path

from harness.k2i_process import K2I, ingest_config, merged, total_records
from harness.warehouses import Warehouse


class Fleet:
    """Each member has a folder, a transaction log and ports of its own, which it keeps over its restarts."""

    def __init__(self, folder: Path, warehouse: Warehouse, bootstrap_servers: str, topic: str, size: int, **overrides: dict):
        self.warehouse, self.table = warehouse, topic
        config = ingest_config(warehouse, bootstrap_servers, topic, topic, **overrides)
        self.members = [K2I(folder / f"member-{n}", self.config_of(n, config), warehouse.environment()) for n in range(size)]
        self.conflicts = self.retries = 0.0

    def config_of(self, number: int, config: dict) -> dict:
        """`{n}` in the instance id becomes the member's number."""
        instance = config["kafka"].get("group_instance_id")
        return merged(config, {"kafka": {"group_instance_id": instance.format(n=number)}}) if instance else config

    def running(self) -> list[K2I]:
        return [member for member in self.members if member.is_running()]

    def stopped(self) -> list[K2I]:
        return [member for member in self.members if not member.is_running()]

    def shake(self, dice: random.Random) -> str:
        """Starts, stops or kills one at random; at least one keeps running. Returns what was done."""
        moves = ["start"] * bool(self.stopped()) + ["stop", "kill"] * (len(self.running()) > 1)
        move = dice.choice(moves)
        if move == "start":
            self.start(dice.choice(self.stopped()))
        else:
            member = dice.choice(self.running())
            self.count(member)
            member.kill() if move == "kill" else self.leave(member)
        return move

    def start(self, member: K2I) -> None:
        member.start() if member.process is None else member.restart()

    def leave(self, member: K2I) -> None:
        code = member.terminate()
        assert code == 0, f"exit code {code} at SIGTERM:\n{member.log_tail()}"

    def count(self, member: K2I) -> None:
        """Adds a member's metrics, which end with its process."""
        self.conflicts += member.metric("k2i_cas_conflicts_total")
        self.retries += member.metric("k2i_commit_retries_total")

    def wait_for(self, count: int, timeout_s: float = 60) -> None:
        """Until the table holds so many rows; a member that ends by itself is a failure."""
        started = {member.pid for member in self.running()}
        deadline = time.monotonic() + timeout_s
        while (rows := total_records(self.warehouse, "lake", self.table)) < count:
            ended = [m for m in self.members if m.process and m.pid in started and not m.is_running()]
            assert not ended, f"a member ended with {ended[0].process.returncode}:\n{ended[0].log_tail()}"
            assert time.monotonic() < deadline, f"{rows} of {count} rows after {timeout_s:.0f} s:\n" + "\n".join(m.log_tail(8) for m in self.running())
            time.sleep(0.2)

    def leave_all(self) -> None:
        for member in self.running():
            self.count(member)
            self.leave(member)

    def kill_all(self) -> None:
        for member in self.members:
            member.kill()
