# SPDX-License-Identifier: Apache-2.0
"""What is done to the members of a round and to the world around them. Each takes the number of kills it is to make."""

import time
from collections.abc import Callable

from chaos.disk import FailingDisk
from chaos.figures import Figures, Kill
from chaos.proxy import Fault
from chaos.world import SESSION_S, Round, World
from harness.k2i_process import BINARY, speaks_consumer_protocol

# Of docs/format/txlog.md; a step that a history does not come to is said so.
LOG_STEPS = ("FlushStarted", "FileStarted", "FileWritten", "CommitIntent", "CommitDone")

Scenario = Callable[[World, int], Figures]


def random_kills(world: World, kills: int, *, catalog: str, kafka: dict, members: int = 3) -> Figures:
    """kill -9 at any time, sometimes of all members at once, sometimes while they start."""
    with Round(world, "random kills", catalog, kafka=kafka, members=members) as chaos:
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


def kills_sql(world: World, kills: int) -> Figures:
    return random_kills(world, kills, catalog="sql", kafka={})


def kills_sql_eager(world: World, kills: int) -> Figures:
    return random_kills(world, kills, catalog="sql", kafka={"options": {"partition.assignment.strategy": "range"}})


def kills_of_eight(world: World, kills: int) -> Figures:
    """Eight members for six partitions: two of them wait for what others leave."""
    return random_kills(world, kills, catalog="sql", kafka={}, members=8)


def kills_rest(world: World, kills: int) -> Figures:
    return random_kills(world, kills, catalog="rest", kafka={"group_protocol": "consumer"} if speaks_consumer_protocol() else {})


def kills_static(world: World, kills: int) -> Figures:
    return random_kills(world, kills, catalog="rest", kafka={"group_instance_id": "k2i-{n}"})


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


def maintained(world: World, kills: int, *, catalog: str) -> Figures:
    """kill -9 while the members maintain the table too; mostly the one that does so now."""
    with Round(world, "maintained", catalog, **BUSY_UPKEEP) as chaos:
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


def maintained_sql(world: World, kills: int) -> Figures:
    return maintained(world, kills, catalog="sql")


def maintained_rest(world: World, kills: int) -> Figures:
    return maintained(world, kills, catalog="rest")


def lying_connections(world: World, kills: int) -> Figures:
    """Connections to catalog, store and broker are cut, delayed, and lose replies to requests that were carried out."""
    with Round(world, "lying connections", "rest") as chaos:
        faults = [Fault.LOSE_REPLIES, Fault.CUT, Fault.LOSE_REPLIES, Fault.DELAY]
        for number in range(max(6, kills)):
            proxy = world.proxies[number % 3]
            proxy.set(faults[number % 4])
            chaos.pause(2.5)
            if number < kills:
                chaos.kill(chaos.any_member())
            chaos.pause(1.0)
            proxy.set(Fault.NONE)
            chaos.revive_all()
            chaos.pause(1.5)
        return chaos.finish()


def zombies(world: World, kills: int) -> Figures:
    """SIGSTOP past the session's end: the group gives the partitions away, and then the owner of old goes on as if
    nothing had been, perhaps in the middle of a commit. Now and then it is killed instead."""
    with Round(world, "zombies", "sql") as chaos:
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


def slow_commits_of_zombies(world: World, kills: int) -> Figures:
    """The same with the catalog's answers delayed, so that old owners are stopped with requests under way."""
    with Round(world, "zombies in commit", "rest") as chaos:
        for number in range(max(3, kills)):
            world.catalog_proxy.set(Fault.DELAY)
            chaos.pause(1.5)
            member = chaos.any_member()
            member.pause()
            world.catalog_proxy.set(Fault.NONE)
            time.sleep(SESSION_S + 1)
            if number < kills:
                chaos.kill(chaos.dice.choice([m for m in chaos.fleet.running() if m is not member] or [member]))
            member.resume() if member.is_running() else None
            chaos.pause(1.5)
            chaos.revive_all()
        return chaos.finish()


def broker_restarts(world: World, kills: int) -> Figures:
    """The broker stops, or is killed, and comes back; members die meanwhile."""
    with Round(world, "broker restarts", "sql") as chaos:
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


def catalog_outages(world: World, kills: int) -> Figures:
    """The catalog's server is killed and comes back; members die and start meanwhile."""
    with Round(world, "catalog outages", "rest") as chaos:
        for number in range(2):
            chaos.pause(2.5)
            world.rest.kill()
            for _ in range(kills // 2 + (kills % 2 if number else 0)):
                chaos.pause(1.5)
                chaos.kill(chaos.any_member())
                chaos.revive_all()
            world.rest.restart()
            chaos.pause(3.0)
        return chaos.finish()


def failing_disks(world: World, kills: int) -> Figures:
    """fsync fails and the disk is full, under one member's transaction log at a time. It may end, with the exit code for
    that, or wait for room."""
    disks: list[FailingDisk] = []

    def environments(members):
        disks.extend(FailingDisk(world.disk_library, member.folder / "txlog") for member in members)
        return [disk.environment() for disk in disks]

    with Round(world, "failing disks", "sql", environments=environments) as chaos:
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


def named_points(world: World, kills: int, *, catalog: str) -> Figures:
    """A member ends itself at a step of the transaction log, once each before and after, in turn."""
    with Round(world, "named points", catalog) as chaos:
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


def named_points_sql(world: World, kills: int) -> Figures:
    return named_points(world, kills, catalog="sql")


def named_points_rest(world: World, kills: int) -> Figures:
    return named_points(world, kills, catalog="rest")


# Name, scenario, share of the kills. "kills" come without outages: their recovery times are the ones that say something.
ALL: list[tuple[str, Scenario, float]] = [
    ("kills, SQLite, cooperative", kills_sql, 0.16),
    ("kills, SQLite, eight members", kills_of_eight, 0.10),
    ("kills, SQLite, eager", kills_sql_eager, 0.12),
    ("kills, REST + S3, consumer protocol", kills_rest, 0.20),
    ("kills, REST + S3, static members", kills_static, 0.10),
    ("named points, SQLite", named_points_sql, 0.10),
    ("named points, REST + S3", named_points_rest, 0.10),
    ("maintained, SQLite", maintained_sql, 0.10),
    ("maintained, REST + S3", maintained_rest, 0.10),
    ("cut, delay, lost replies", lying_connections, 0.10),
    ("zombies, SQLite", zombies, 0.03),
    ("zombies in commit, REST + S3", slow_commits_of_zombies, 0.03),
    ("broker restarts", broker_restarts, 0.08),
    ("catalog outages", catalog_outages, 0.08),
    ("fsync fails, disk full", failing_disks, 0.04),
]
if b"K2I_CRASH_AT" not in BINARY.read_bytes():
    ALL = [each for each in ALL if not each[0].startswith("named points")]
SHORT = {kills_sql, kills_rest, lying_connections}
