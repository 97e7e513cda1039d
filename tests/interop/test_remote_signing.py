# SPDX-License-Identifier: Apache-2.0
"""A catalog that signs each request to the store: K2I holds no key, and no session either."""

import json
import os
import random

import pytest

from harness import topics
from harness.k2i_process import ingest_config, merged, total_records
from harness.numbered import assert_each_once, numbers
from harness.signing_front import SigningFront
from harness.warehouses import RestWarehouse

STORAGE_ERROR = 4
KEYLESS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_CONFIG_FILE": os.devnull}


@pytest.fixture(scope="module")
def front(rest_s3):
    with SigningFront(rest_s3) as front:
        yield front


def keyless(front: SigningFront, rest, kafka, topic: str, **overrides) -> dict:
    config = ingest_config(RestWarehouse(rest), kafka.bootstrap_servers, topic, topic, **overrides)
    del config["storage"]
    return merged(config, {"iceberg": {"rest_uri": front.uri}})


def test_the_catalog_signs(k2i, kafka4, rest_s3, front, topic):
    process = k2i(keyless(front, rest_s3, kafka4, topic, buffer={"flush_batch_size": 100}), KEYLESS)
    for start in range(0, 600, 100):
        topics.produce(kafka4.bootstrap_servers, topic, numbers(start, 100), partitions=2)
        if not process.is_running():
            process.start()
        process.wait_until(lambda: total_records(RestWarehouse(rest_s3), "lake", topic) == start + 100, "the rows")
    assert process.terminate() == 0
    assert_each_once(RestWarehouse(rest_s3), topic, 600)
    assert process.ask_alone(f"SELECT count(*) AS n FROM {topic}").to_pylist() == [{"n": 600}]
    assert any(each.method == "GET" for each in front.signed) and any(each.method == "PUT" for each in front.signed)

    # Everything that a request for many files deletes stands in its body, which the signer gets to see.
    before = len(front.signed)
    ran = process.run("maintenance", "expire-snapshots", "--older-than", "0s", "--json")
    assert ran.returncode == 0, ran.stdout
    deleted = json.loads(ran.stdout)["deleted"]
    bulk = [each for each in front.signed[before:] if "?delete" in each.uri]
    assert len(bulk) == 1 and bulk[0].method == "POST", [each.uri for each in bulk]
    assert deleted["files"] >= 2 and deleted["failed"] == 0, ran.stdout
    assert bulk[0].body.count("<Object>") == deleted["files"]
    assert all(name.split("/", 3)[3] in bulk[0].body for name in deleted["listed"])
    assert not [each for each in front.signed[before:] if each.method == "DELETE"]
    assert_each_once(RestWarehouse(rest_s3), topic, 600)


def test_files_of_several_parts(k2i, kafka4, rest_s3, front, topic):
    bytes_of = random.Random(7).randbytes
    values = [{"n": n, "text": bytes_of(500).hex()} for n in range(20_000)]
    topics.produce(kafka4.bootstrap_servers, topic, values, partitions=2)
    process = k2i(keyless(front, rest_s3, kafka4, topic, buffer={"flush_interval_seconds": 5}), KEYLESS).start()
    process.wait_until(lambda: total_records(RestWarehouse(rest_s3), "lake", topic) == 20_000, "20,000 rows")
    assert process.terminate() == 0
    assert any("partNumber=2" in each.uri for each in front.signed)
    done = process.run("verify", "--deep")
    assert done.returncode == 0, done.stdout


def test_a_signer_that_refuses(k2i, kafka4, rest_s3, front, topic):
    process = k2i(keyless(front, rest_s3, kafka4, topic), KEYLESS)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 10), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(RestWarehouse(rest_s3), "lake", topic) == 10, "10 rows")
    assert process.terminate() == 0
    front.refuses = True
    try:
        done = process.run("validate")
    finally:
        front.refuses = False
    assert done.returncode == STORAGE_ERROR, done.stdout
    assert "not this file" in done.stdout and "the credentials may not write there" in done.stdout, done.stdout
