# SPDX-License-Identifier: Apache-2.0
"""What is done to the members of a round and to the world around them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from chaos.disk import FailingDisk
from chaos.figures import Figures, Kill
from chaos.proxy import Fault
from chaos.world import SESSION_S, Round, World
from harness.k2i_process import BINARY, speaks_consumer_protocol
from services.server import Server

# Of docs/format/txlog.md; a step that a history does not come to is said so.
LOG_STEPS = ("FlushStarted", "FileStarted", "FileWritten", "CommitIntent", "CommitDone")

Run = Callable[[World, int, str], Figures]  # the world, kills to make, the place of the tables


@dataclass(frozen=True)
class Scenario:
    """`place`: where its tables lie unless that is chosen. `share` of the kills."""

    name: str
    run: Run
    place: str
    share: float
    is_short: bool = False  # one of those that --short runs
    needs_servers: bool = False  # of the place


def random_kills(kafka: dict | None = None, members: int = 3) -> Run:
    """kill -9 at any time, sometimes of all members at once, sometimes while they start."""

    def run(world: World, kills: int, place: str) -> Figures:
        with Round(world, "random kills", place, kafka=kafka, members=members) as chaos:
            while len(chaos.kills) < kills:
                victim = chaos.any_member()
                # Mostly one that is at work; killing faster than the group recovers would hit none but idle members.
                if world.dice.random() < 0.7:
                    chaos.wait_for_work(victim, 8)
                chaos.pause(1.2)
                victims = chaos.fleet.running() if world.dice.random() < 0.1 else [victim]
                for member in victims[: kills - len(chaos.kills)]:
                    chaos.kill(member)
                if world.dice.random() < 0.3:
                    chaos.pause(1.5)
                chaos.revive_all()
            chaos.pause(2.0)
            return chaos.finish()

    return run


# The table looks after itself every few seconds, so that a kill hits each step of maintenance sooner or later.
BUSY_UPKEEP = {
    "iceberg": {"properties": {"history.expire.max-snapshot-age-ms": "5000"}},
    "maintenance": {
        "compaction_interval_seconds": 1,
        "compaction_min_input_files": 2,
        "manifest_rewrite_interval_seconds": 2,
        "snapshot_expiration_interval_seconds": 2,
    },
}


def maintained(world: World, kills: int, place: str) -> Figures:
    """kill -9 while the members maintain the table too; mostly the one that does so now."""
    with Round(world, "maintained", place, **BUSY_UPKEEP) as chaos:
        while len(chaos.kills) < kills:
            # Of the group, the one that reads partition 0 maintains.
            keepers = [member for member in chaos.fleet.running() if 0 in chaos.owned(member)]
            victim = keepers[0] if keepers and chaos.dice.random() < 0.7 else chaos.any_member()
            chaos.wait_for_upkeep(victim, 6)
            chaos.pause(1.2)
            chaos.kill(victim)
            chaos.revive_all()
        chaos.pause(3.0)
        chaos.wait_for_upkeep(chaos.any_member(), 1)
        return chaos.finish()


def lying_connections(world: World, kills: int, place: str) -> Figures:
    """Connections to catalog, store and broker are cut, delayed, held up, and lose replies to requests that were carried out."""
    with Round(world, "lying connections", place) as chaos:
        faults = [Fault.LOSE_REPLIES, Fault.CUT, Fault.LOSE_REPLIES, Fault.DELAY, Fault.HANG]
        proxies = [world.kafka_proxy, *chaos.place.proxies]
        for number in range(max(len(proxies) * len(faults), kills)):  # each fault on each connection
            proxy = proxies[number % len(proxies)]
            proxy.set(faults[number % len(faults)])
            chaos.pause(2.5)
            if number < kills:
                chaos.kill(chaos.any_member())
            chaos.pause(1.0)
            proxy.set(Fault.NONE)
            chaos.revive_all()
            chaos.pause(1.5)
        return chaos.finish()


def zombies(world: World, kills: int, place: str) -> Figures:
    """SIGSTOP past the session's end: the group gives the partitions away, and then the owner of old goes on as if
    nothing had been, perhaps in the middle of a commit. Now and then it is killed instead."""
    with Round(world, "zombies", place) as chaos:
        for number in range(max(3, kills)):
            member = chaos.any_member()
            member.pause()
            chaos.pause(1.0)
            time.sleep(SESSION_S + 1)
            if number < kills:
                chaos.kill(member)
                chaos.revive_all()
            else:
                member.resume()
            chaos.pause(2.0)
        return chaos.finish()


def slow_commits_of_zombies(world: World, kills: int, place: str) -> Figures:
    """The same with the catalog's answers delayed, so that old owners are stopped with requests under way."""
    with Round(world, "zombies in commit", place) as chaos:
        for number in range(max(3, kills)):
            chaos.place.catalog_proxy.set(Fault.DELAY)
            chaos.pause(1.5)
            member = chaos.any_member()
            member.pause()
            chaos.place.catalog_proxy.set(Fault.NONE)
            time.sleep(SESSION_S + 1)
            if number < kills:
                chaos.kill(chaos.dice.choice([m for m in chaos.fleet.running() if m is not member] or [member]))
            member.resume() if member.is_running() else None
            chaos.pause(1.5)
            chaos.revive_all()
        return chaos.finish()


def broker_restarts(world: World, kills: int, place: str) -> Figures:
    """The broker stops, or is killed, and comes back; members die meanwhile."""
    with Round(world, "broker restarts", place) as chaos:
        for number in range(2):
            chaos.pause(2.0)
            world.kafka.kill() if number % 2 else world.kafka.stop()
            for _ in range(kills // 2 + (kills % 2 if number else 0)):
                chaos.pause(1.0)
                chaos.kill(chaos.any_member())
                chaos.revive_all()
            world.kafka.restart()
            chaos.pause(4.0)
        return chaos.finish()


def outages(world: World, kills: int, place: str, *, of: Callable[[Round], Server]) -> Figures:
    """A server is killed, stopped, and made to hang with requests under way; members die and start meanwhile."""
    with Round(world, "outages", place) as chaos:
        server = of(chaos)
        for number, end in enumerate((server.kill, server.stop, server.pause)):
            chaos.pause(2.5)
            end()
            for _ in range(kills // 3 + (kills % 3 > number)):
                chaos.pause(1.5)
                chaos.kill(chaos.any_member())
                if server.is_running():
                    server.resume()  # what it was asked by the dead it does now
                chaos.revive_all()
            chaos.pause(1.5)
            server.resume() if server.is_running() else server.restart()
            chaos.pause(3.0)
        return chaos.finish()


def catalog_outages(world: World, kills: int, place: str) -> Figures:
    return outages(world, kills, place, of=lambda chaos: chaos.place.catalog)


def store_outages(world: World, kills: int, place: str) -> Figures:
    return outages(world, kills, place, of=lambda chaos: chaos.place.store)


def failing_disks(world: World, kills: int, place: str) -> Figures:
    """fsync fails and the disk is full, under one member's transaction log at a time. It may end, with the exit code for
    that, or wait for room."""
    disks: list[FailingDisk] = []

    def environments(members):
        disks.extend(FailingDisk(world.disk_library, member.folder / "txlog") for member in members)
        return [disk.environment() for disk in disks]

    with Round(world, "failing disks", place, environments=environments) as chaos:
        for number in range(max(4, kills)):
            index = number % len(disks)
            disks[index].set("enospc" if number % 2 else "eio")
            chaos.pause(2.5)
            member = chaos.fleet.members[index]
            if number < kills:
                chaos.kill(member if member.is_running() else chaos.any_member())
            disks[index].set("ok")
            chaos.revive_all()
            chaos.pause(1.5)
        for member, code in chaos.died.items():
            assert code in (0, 5), f"exit code {code} for a failing disk:\n{member.log_tail()}"
        return chaos.finish()


def named_points(world: World, kills: int, place: str) -> Figures:
    """A member ends itself at a step of the transaction log, once each before and after, in turn."""
    with Round(world, "named points", place) as chaos:
        for number in range(kills):
            point = f"{LOG_STEPS[number // 2 % len(LOG_STEPS)]}:{number // 2 % 3 + 1}:{('before', 'after')[number % 2]}"
            member = chaos.any_member()
            chaos.fleet.leave(member)
            member.variables["K2I_CRASH_AT"] = point
            chaos.revive(member)
            if chaos.wait_for_death(member, 20):
                chaos.kills.append(Kill(time.time(), set()))
            else:
                print(f"    never came to {point}", flush=True)
                chaos.fleet.leave(member)
            del member.variables["K2I_CRASH_AT"]
            chaos.revive_all()
        return chaos.finish()


CONSUMER = {"group_protocol": "consumer"} if speaks_consumer_protocol() else {}
EAGER = {"options": {"partition.assignment.strategy": "range"}}

# "kills" come without outages: their recovery times are the ones that say something.
ALL = [
    Scenario("kills, cooperative", random_kills(), "sql", 0.16, is_short=True),
    # For six partitions: two of them wait for what others leave.
    Scenario("kills, eight members", random_kills(members=8), "sql", 0.10),
    Scenario("kills, eager", random_kills(EAGER), "sql", 0.12),
    Scenario("kills, consumer protocol", random_kills(CONSUMER), "rest+s3", 0.20, is_short=True),
    Scenario("kills, static members", random_kills({"group_instance_id": "k2i-{n}"}), "rest+s3", 0.10),
    Scenario("named points", named_points, "sql", 0.10),
    Scenario("named points", named_points, "rest+s3", 0.10),
    Scenario("maintained", maintained, "sql", 0.10),
    Scenario("maintained", maintained, "rest+s3", 0.10),
    Scenario("cut, hang, lost replies", lying_connections, "rest+s3", 0.10, is_short=True, needs_servers=True),
    Scenario("zombies", zombies, "sql", 0.03),
    Scenario("zombies in commit", slow_commits_of_zombies, "rest+s3", 0.03, needs_servers=True),
    Scenario("broker restarts", broker_restarts, "sql", 0.08),
    Scenario("catalog outages", catalog_outages, "rest+s3", 0.08, needs_servers=True),
    Scenario("store outages", store_outages, "rest+s3", 0.08, needs_servers=True),
    Scenario("fsync fails, disk full", failing_disks, "sql", 0.04),
]
if b"K2I_CRASH_AT" not in BINARY.read_bytes():
    ALL = [each for each in ALL if each.run is not named_points]


def at(place: str) -> list[Scenario]:
    """Each once, with its tables there."""
    fitting = {each.name: replace(each, place=place) for each in ALL if place != "sql" or not each.needs_servers}
    return list(fitting.values())
