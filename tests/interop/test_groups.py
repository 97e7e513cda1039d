# SPDX-License-Identifier: Apache-2.0
"""Several processes of one group on one table, in each of Kafka's group protocols."""

import random
import statistics
import time

import pytest

from harness import topics
from harness.fleet import Fleet
from harness.k2i_process import ingest_config, speaks_consumer_protocol, total_records
from harness.numbered import assert_each_once, numbers
from harness.steady import SteadyProducer, lost_and_doubled
from services import Kafka

PARTITIONS = 4

# A dead member's partitions move after three seconds.
QUICK = {"kafka": {"session_timeout_ms": 3000, "heartbeat_interval_ms": 500}}
SOON = {"schema": {"infer_timeout_ms": 300}}
PROTOCOLS = {
    "cooperative": {},
    "eager": {"options": {"partition.assignment.strategy": "range"}},
    "consumer": {"group_protocol": "consumer"},
    "static": {"group_instance_id": "k2i-{n}"},
}


@pytest.fixture(scope="module")
def broker(session_folder):
    quick = {
        "group.min.session.timeout.ms": 1000,
        "group.consumer.min.session.timeout.ms": 1000,
        "group.consumer.session.timeout.ms": 3000,
        "group.consumer.min.heartbeat.interval.ms": 500,
        "group.consumer.heartbeat.interval.ms": 500,
    }
    with Kafka(session_folder / "groups", properties=quick) as kafka:
        yield kafka


@pytest.fixture
def fleet(tmp_path, broker, unique):
    made: list[Fleet] = []

    def make(warehouse, size: int, partitions: int = PARTITIONS, **overrides) -> Fleet:
        topics.create_topic(broker.bootstrap_servers, unique, partitions)
        made.append(Fleet(tmp_path, warehouse, broker.bootstrap_servers, unique, size, **overrides))
        return made[-1]

    yield make
    for each in made:
        each.kill_all()


def skip_without_consumer_protocol(protocol: str) -> None:
    """Where the mirror has no librdkafka new enough, tools/setup builds an older one."""
    if protocol == "consumer" and not speaks_consumer_protocol():
        pytest.skip("k2i is built with a librdkafka older than 2.12")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_members_come_and_go(fleet, broker, sql_warehouse, unique, protocol):
    """Processes start, stop and are killed at random under a steady stream; every row is there once."""
    skip_without_consumer_protocol(protocol)
    kafka = PROTOCOLS[protocol] | (QUICK["kafka"] if protocol != "consumer" else {})
    group = fleet(sql_warehouse, 4, kafka=kafka, **SOON)
    dice = random.Random(protocol)
    group.start(group.members[0])
    with SteadyProducer(broker.bootstrap_servers, unique, PARTITIONS, rate=500) as producer:
        for _ in range(9):
            time.sleep(dice.uniform(0.3, 1.5))
            group.shake(dice)
    group.wait_for(producer.stop())
    group.leave_all()
    assert lost_and_doubled(sql_warehouse, unique, producer.taken) == (0, 0)


def test_contention_starves_nobody(fleet, broker, warehouse, unique):
    """Six processes commit to one table every second: all of them get through, and the metrics tell of the conflicts."""
    group = fleet(warehouse, 6, partitions=6, kafka=QUICK["kafka"], **SOON)
    for member in group.members:
        group.start(member)
    with SteadyProducer(broker.bootstrap_servers, unique, 6, rate=600) as producer:
        deadline = time.monotonic() + 60
        while any(m.metric("k2i_iceberg_commits_total") == 0 for m in group.members):
            assert time.monotonic() < deadline, [m.metric("k2i_iceberg_commits_total") for m in group.members]
            time.sleep(0.2)
        before = [member.metric("k2i_iceberg_commits_total") for member in group.members]
        time.sleep(10)
        after = [member.metric("k2i_iceberg_commits_total") for member in group.members]
    group.wait_for(producer.stop())
    group.leave_all()
    assert lost_and_doubled(warehouse, unique, producer.taken) == (0, 0)
    commits = [a - b for a, b in zip(after, before)]
    assert min(commits) >= 2 and min(commits) * 3 >= statistics.median(commits), commits
    assert group.conflicts > 0 and group.retries >= group.conflicts


def test_a_second_static_member_of_one_name(k2i, broker, sql_warehouse, unique):
    """With the classic protocol Kafka lets the newcomer in and puts the older one out; nothing of its is doubled."""
    topics.create_topic(broker.bootstrap_servers, unique, 1)
    same = {"kafka": QUICK["kafka"] | {"group_instance_id": "the-one"}} | SOON
    config = ingest_config(sql_warehouse, broker.bootstrap_servers, unique, unique, **same)
    topics.produce(broker.bootstrap_servers, unique, numbers(0, 100))
    first = k2i(config).start()
    first.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 100, "100 rows")
    second = k2i(config).start()
    assert first.wait_exit() == 2
    assert "has this member's kafka.group_instance_id" in first.log_tail()
    topics.produce(broker.bootstrap_servers, unique, numbers(100, 100))
    second.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 200, "200 rows")
    assert second.terminate() == 0
    assert_each_once(sql_warehouse, unique, 200)


def test_a_second_static_member_with_the_consumer_protocol(k2i, broker, sql_warehouse, unique):
    """Here the older one stays, and the newcomer waits for its place and says so: a member that was killed keeps its
    name until its session ends."""
    skip_without_consumer_protocol("consumer")
    topics.create_topic(broker.bootstrap_servers, unique, 1)
    same = {"kafka": {"group_protocol": "consumer", "group_instance_id": "the-one"}} | SOON
    config = ingest_config(sql_warehouse, broker.bootstrap_servers, unique, unique, **same)
    topics.produce(broker.bootstrap_servers, unique, numbers(0, 100))
    first = k2i(config).start()
    first.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 100, "100 rows")
    second = k2i(config).start()
    second.wait_until(lambda: "group_instance_id" in second.health()["components"]["kafka"].get("message", ""), "word of it")
    assert second.get("/readyz").status_code == 503
    first.kill()
    topics.produce(broker.bootstrap_servers, unique, numbers(100, 100))
    second.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 200, "200 rows")
    assert second.health()["components"]["kafka"]["status"] == "healthy"
    assert second.terminate() == 0
    assert_each_once(sql_warehouse, unique, 200)


@pytest.mark.parametrize("protocol", ["cooperative", "consumer"])
def test_partitions_are_added(k2i, broker, sql_warehouse, unique, protocol):
    """New partitions are read from their beginning, without a restart."""
    topics.create_topic(broker.bootstrap_servers, unique, 1)
    skip_without_consumer_protocol(protocol)
    kafka = PROTOCOLS[protocol] | {"options": {"topic.metadata.refresh.interval.ms": "500"}}
    config = ingest_config(sql_warehouse, broker.bootstrap_servers, unique, unique, kafka=kafka, **SOON)
    process = k2i(config).start()
    topics.produce(broker.bootstrap_servers, unique, numbers(0, 100))
    process.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == 100, "100 rows")
    topics.add_partitions(broker.bootstrap_servers, unique, 3)
    topics.produce(broker.bootstrap_servers, unique, numbers(100, 300), partitions=3)
    process.wait_until(lambda: total_records(sql_warehouse, "lake", unique) >= 400, "400 rows")
    assert process.terminate() == 0
    assert_each_once(sql_warehouse, unique, 400)
