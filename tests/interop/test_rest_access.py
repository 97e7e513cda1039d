# SPDX-License-Identifier: Apache-2.0
"""Ways into a REST catalog, and what it may answer, with real catalogs behind a front that now and then has its own ideas."""

import itertools
import time

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import assert_each_once, numbers
from harness.rest_front import CUT, Answer, RestFront, Seen, make_certificate, mutual_tls
from harness.vended_warehouse import VendedWarehouse
from harness.warehouses import RestWarehouse
from services import seaweedfs
from services.seaweed_catalog import SeaweedCatalog
from services.tls import make_broker_keystore


@pytest.fixture(scope="module")
def seaweed(session_folder):
    with SeaweedCatalog(session_folder / "seaweed-access") as server:
        yield server


def config_behind(front: RestFront, rest, kafka, topic: str, **access) -> dict:
    config = ingest_config(RestWarehouse(rest), kafka.bootstrap_servers, topic, topic)
    config["iceberg"] |= {"rest_uri": front.uri, "rest": access}
    return config


def is_commit(seen: Seen, topic: str) -> bool:
    return seen.method == "POST" and seen.path.endswith(f"/tables/{topic}")


def test_mutual_tls(k2i, kafka4, rest, topic, tmp_path):
    folder = tmp_path / "tls"
    ca, _ = make_broker_keystore(folder)
    server, client = make_certificate(folder, "server"), make_certificate(folder, "client")
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    with RestFront(rest.uri, tls=mutual_tls(ca, *server)) as front:
        known = {"ca": str(ca), "cert": str(client[0]), "key": str(client[1])}
        process = k2i(config_behind(front, rest, kafka4, topic, **known)).start()
        process.wait_until(lambda: total_records(RestWarehouse(rest), "lake", topic) == 100, "100 rows")
        assert process.terminate() == 0
        assert_each_once(RestWarehouse(rest), topic, 100)
        stranger = k2i(config_behind(front, rest, kafka4, topic, ca=str(ca)))
        done = stranger.run("validate")
        assert done.returncode == 3, done.stdout
        unreadable = k2i(config_behind(front, rest, kafka4, topic, **(known | {"key": str(folder / "none.key")})))
        done = unreadable.run("validate")
        assert done.returncode == 1 and "private key" in done.stdout, done.stdout


def test_commits_whose_answers_are_lost(k2i, kafka4, rest, topic):
    """Every second answer to a commit is lost after the catalog has taken it: each row is there once."""
    with RestFront(rest.uri) as front:
        turn = itertools.count()
        front.plan = lambda seen: CUT if is_commit(seen, topic) and next(turn) % 2 == 0 else None
        config = config_behind(front, rest, kafka4, topic) | {"schema": {"infer_timeout_ms": 300}}
        process = k2i(config).start()
        for start in range(0, 1000, 100):
            topics.produce(kafka4.bootstrap_servers, topic, numbers(start, 100), partitions=2)
            time.sleep(1)
        process.wait_until(lambda: total_records(RestWarehouse(rest), "lake", topic) == 1000, "1000 rows")
        assert process.terminate() == 0
        assert len([seen for seen in front.seen if is_commit(seen, topic)]) >= 6
    assert_each_once(RestWarehouse(rest), topic, 1000)


def test_a_catalog_that_asks_to_be_left_alone(k2i, kafka4, rest, topic):
    """A 503 with Retry-After: nothing comes before its time, and then all goes on."""
    pause_s = 4
    with RestFront(rest.uri) as front:
        process = k2i(config_behind(front, rest, kafka4, topic)).start()
        topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
        process.wait_until(lambda: total_records(RestWarehouse(rest), "lake", topic) == 100, "100 rows")
        turned_away: list[float] = []
        came_back: list[float] = []

        def plan(seen: Seen) -> Answer | None:
            if not turned_away:
                turned_away.append(time.monotonic())
                return Answer(503, headers={"Retry-After": str(pause_s)})
            came_back.append(time.monotonic())
            return None

        front.plan = plan
        topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 100), partitions=2)
        process.wait_until(lambda: total_records(RestWarehouse(rest), "lake", topic) == 200, "200 rows")
        assert process.terminate() == 0
        assert came_back[0] - turned_away[0] >= pause_s - 0.1
    assert_each_once(RestWarehouse(rest), topic, 200)


def test_reports_and_unchanged_tables(k2i, kafka4, rest, topic):
    with RestFront(rest.uri) as front:
        process = k2i(config_behind(front, rest, kafka4, topic)).start()
        topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
        process.wait_until(lambda: front.requests("POST", f"{topic}/metrics"), "a report")
        assert process.terminate() == 0
        assert b'"commit-report"' in front.requests("POST", f"{topic}/metrics")[0].body
        conditional = [seen for seen in front.requests("GET", f"/tables/{topic}") if "if-none-match" in seen.headers]
        assert conditional, "the reference server sends ETags"
        silent = k2i(config_behind(front, rest, kafka4, topic, metrics_reports=False)).start()
        before = len(front.requests("POST", f"{topic}/metrics"))
        topics.produce(kafka4.bootstrap_servers, topic, numbers(100, 100), partitions=2)
        silent.wait_until(lambda: total_records(RestWarehouse(rest), "lake", topic) == 200, "200 rows")
        assert silent.terminate() == 0
        assert len(front.requests("POST", f"{topic}/metrics")) == before


@pytest.mark.parametrize("way", ["exchange", "sigv4", "refused"])
def test_ways_to_say_who_we_are(k2i, kafka4, seaweed, topic, way, tmp_path):
    warehouse = VendedWarehouse(seaweed)
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic)
    token_file = tmp_path / "token"
    token_file.write_text(seaweed.token() + "\n")
    keys = {"access_key_id": seaweedfs.ACCESS_KEY, "secret_access_key": seaweedfs.SECRET_KEY}
    config["iceberg"]["rest"] = {
        "exchange": {"credential": "oauth2", "subject_token_file": str(token_file)},
        "sigv4": {"credential": "sigv4", "signing_name": "s3", "signing_region": seaweedfs.REGION} | keys,
        "refused": {"credential": "bearer", "token": "nonsense"},
    }[way]
    process = k2i(config, warehouse.environment())
    if way == "refused":
        done = process.run("validate")
        assert done.returncode == 3 and "HTTP 40" in done.stdout, done.stdout
        return
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 100), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 100, "100 rows")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 100)
