# SPDX-License-Identifier: Apache-2.0
"""The servers of a run, with a proxy before each of them, and one round: a topic, a table, members, a steady stream."""

import random
import subprocess
import time
from pathlib import Path

import requests

from chaos.disk import build_library
from chaos.figures import Figures, Kill, recovery
from chaos.places import SERVED, LocalPlace, Place
from chaos.proxy import Fault, Proxy
from harness.fleet import Fleet
from harness.k2i_process import K2I
from harness.steady import SteadyProducer, lost_and_doubled
from harness.topics import create_topic
from harness.warehouses import Warehouse
from services import S3, Kafka, Postgres
from services.places import LOOPBACK
from services.server import Server, ServerFailed

PARTITIONS = 6
SESSION_S = 3.0

KAFKA_PROPERTIES = {
    "group.min.session.timeout.ms": 1000,
    "group.consumer.min.session.timeout.ms": 1000,
    "group.consumer.session.timeout.ms": int(SESSION_S * 1000),
    "group.consumer.min.heartbeat.interval.ms": 500,
    "group.consumer.heartbeat.interval.ms": 500,
}


class World:
    """Kafka, and the places for tables: each starts when a round first asks for it."""

    def __init__(self, folder: Path, dice: random.Random):
        self.folder, self.dice = folder, dice
        self.rounds = 0
        self.kafka_proxy = Proxy(lambda: self.kafka.port, dice.random())
        # Later lines win: the broker tells its clients the proxy's address.
        through = {"advertised.listeners": f"PLAIN://{LOOPBACK}:{self.kafka_proxy.port}"}
        self.kafka = Kafka(folder / "kafka", properties=KAFKA_PROPERTIES | through)
        self._s3 = S3(folder / "s3")  # of all places
        self._places: dict[str, Place] = {"sql": LocalPlace()}

    @property
    def servers(self) -> list[Server]:
        """In the order of starting, each once."""
        return [self.kafka, *dict.fromkeys(server for place in self._places.values() for server in place.servers)]

    @property
    def proxies(self) -> list[Proxy]:
        return [self.kafka_proxy, *(proxy for place in self._places.values() for proxy in place.proxies)]

    def place(self, name: str) -> Place:
        if name not in self._places:
            self._places[name] = SERVED[name](self.folder, self._s3, self.dice)
            for server in self._places[name].servers:
                if not server.is_running():
                    server.start()
        return self._places[name]

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.kafka_proxy.port}"

    def __enter__(self) -> "World":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.disk_library = build_library(self.folder)
        self.kafka.start()
        return self

    def __exit__(self, *exception) -> None:
        for server in reversed(self.servers):
            server.stop() if isinstance(server, Postgres) else server.kill()  # it alone leaves something behind
        for proxy in self.proxies:
            proxy.close()

    def calm(self) -> None:
        for proxy in self.proxies:
            proxy.set(Fault.NONE)
        for server in self.servers:
            server.resume() if server.is_running() else server.restart()


class Round:
    """Members of one group, restarted when they die, under a steady stream; its end proves the table."""

    def __init__(self, world: World, name: str, place: str, *, members: int = 3, rate: int = 300, kafka: dict | None = None, environments=None, **overrides):
        world.rounds += 1
        self.world, self.dice, self.name = world, world.dice, name
        self.table = f"chaos{world.rounds}"
        self.folder = world.folder / self.table
        self.place = world.place(place)
        self.warehouse: Warehouse = self.place.warehouse(self.folder / "warehouse")
        create_topic(world.bootstrap_servers, self.table, PARTITIONS)
        timing = {"session_timeout_ms": int(SESSION_S * 1000), "heartbeat_interval_ms": 500}
        protocol = kafka or {}
        kafka = protocol if protocol.get("group_protocol") == "consumer" else protocol | timing
        self.fleet = Fleet(
            self.folder, self.warehouse, world.bootstrap_servers, self.table, members,
            kafka=kafka, schema={"infer_timeout_ms": 300}, transaction_log={"log_dir": "txlog"}, **overrides,
        )  # fmt: skip
        for member, environment in zip(self.fleet.members, environments(self.fleet.members) if environments else []):
            member.variables = member.variables | environment
        self.producer = SteadyProducer(world.bootstrap_servers, self.table, PARTITIONS, rate)
        self.kills: list[Kill] = []
        self.died: dict[K2I, int] = {}

    def __enter__(self) -> "Round":
        for member in self.fleet.members:
            member.start()
        self.producer.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self.fleet.kill_all()

    def owned(self, member: K2I) -> set[int]:
        try:
            return {each["partition"] for each in member.status().get("partitions", [])}
        except requests.RequestException:
            return set()

    def pause(self, longest_s: float) -> None:
        time.sleep(self.dice.uniform(0.1, longest_s))

    def any_member(self) -> K2I:
        return self.dice.choice(self.fleet.running() or [self.revive(self.dice.choice(self.fleet.members))])

    def kill(self, member: K2I) -> None:
        """kill -9."""
        owned = self.owned(member)
        self.kills.append(Kill(time.time(), owned))
        member.kill()

    def revive(self, member: K2I) -> K2I:
        """Starts a dead member; one that cannot start while servers are away is tried again later."""
        try:
            self.fleet.start(member)
        except ServerFailed as failure:
            print(f"    did not start: {str(failure).splitlines()[0]}", flush=True)
        return member

    def wait_for_work(self, member: K2I, within_s: float) -> None:
        """Until it has committed something, or time is up."""
        self._wait_to_count(member, "k2i_iceberg_commits_total", within_s)

    def wait_for_upkeep(self, member: K2I, within_s: float) -> None:
        """Until it has maintained the table, or time is up."""
        self._wait_to_count(member, "k2i_maintenance_runs_total", within_s)

    def _wait_to_count(self, member: K2I, metric: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and member.is_running():
            try:
                if member.metric(metric) > 0:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)

    def wait_for_death(self, member: K2I, within_s: float) -> bool:
        try:
            member.process.wait(within_s)
            return True
        except subprocess.TimeoutExpired:
            return False

    def revive_all(self) -> None:
        for member in self.fleet.stopped():
            if member.process.returncode not in (0, -9):
                self.died[member] = member.process.returncode
            self.revive(member)

    def finish(self, within_s: float = 120) -> Figures:
        """Calm again: waits until every record is there, lets the members leave, and checks the table."""
        self.world.calm()
        records = self.producer.stop()
        self.revive_all()
        self.fleet.wait_for(records, within_s)
        self.fleet.leave_all()
        lost, doubled = lost_and_doubled(self.warehouse, self.table, self.producer.taken)
        logs = [member.log_path for member in self.fleet.members]
        after_kill, after_start = recovery(self.warehouse, self.table, logs, self.kills)
        self.verify()
        return Figures(len(self.kills), records, lost, doubled, int(self.fleet.conflicts), int(self.fleet.retries), after_kill, after_start)

    def verify(self) -> None:
        """K2I's own proof, where this build has it."""
        member = self.fleet.members[0]
        if "verify" not in member.run_plain("--help").stdout:
            return
        proof = member.run("verify", "--deep", timeout_s=120)
        assert proof.returncode == 0, f"verify ended with {proof.returncode}:\n{proof.stdout}"
