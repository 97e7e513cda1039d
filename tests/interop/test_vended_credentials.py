# SPDX-License-Identifier: Apache-2.0
"""A catalog that vends the credentials to its tables' files: K2I has no keys to the store."""

import time

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import assert_each_once, numbers
from harness.readers import read_duckdb
from harness.vended_warehouse import VendedWarehouse
from services.seaweed_catalog import SeaweedCatalog

SHORT_LIFE_S = 15


@pytest.fixture(scope="module")
def vending(session_folder):
    with SeaweedCatalog(session_folder / "vending") as server:
        yield server


@pytest.fixture(scope="module")
def vending_briefly(session_folder):
    with SeaweedCatalog(session_folder / "vending-briefly", credentials_live_s=SHORT_LIFE_S) as server:
        yield server


def test_the_catalog_opens_the_files(k2i, kafka4, vending, topic):
    warehouse = VendedWarehouse(vending)
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 500), partitions=2)
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic)
    process = k2i(config, warehouse.environment()).start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 500, "500 rows")
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, 500)
    assert sorted(row["n"] for row in read_duckdb(warehouse, "lake", topic)) == list(range(500))
    # Reading, too, is by what is vended, of a process that has loaded nothing before.
    assert process.ask_alone(f"SELECT count(*) AS n FROM {topic}").to_pylist() == [{"n": 500}]
    done = process.run("verify", "--deep")
    assert done.returncode == 0, done.stdout


def test_validate_writes_with_what_is_vended(k2i, kafka4, vending, topic):
    warehouse = VendedWarehouse(vending)
    always = {"iceberg": {"rest": {"vended_credentials": "always"}}}
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **always), warehouse.environment())
    before = process.run("validate")
    assert before.returncode == 0 and "not tried: the catalog gives credentials with the table" in before.stdout
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 10), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == 10, "10 rows")
    assert process.terminate() == 0
    after = process.run("validate")
    assert after.returncode == 0, after.stdout
    assert "wrote, read and deleted a file under s3://" in after.stdout


def test_without_them_the_store_stays_shut(k2i, kafka4, vending, topic):
    warehouse = VendedWarehouse(vending)
    never = {"iceberg": {"rest": {"vended_credentials": "never"}}}
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, **never), warehouse.environment())
    vending.ask("POST", f"/v1/{vending.table_bucket}/namespaces", {"namespace": ["lake"], "properties": {}})
    field = {"id": 1, "name": "n", "type": "long", "required": False}
    schema = {"type": "struct", "schema-id": 0, "fields": [field]}
    path = f"/v1/{vending.table_bucket}/namespaces/lake/tables"
    assert vending.ask("POST", path, {"name": topic, "schema": schema}).ok
    done = process.run("validate", timeout_s=120)
    assert done.returncode == 4, done.stdout


def test_credentials_that_end_while_it_runs(k2i, kafka4, vending_briefly, topic):
    """Several lives of the credentials: every flush, and every query of old files, needs new ones."""
    warehouse = VendedWarehouse(vending_briefly)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment())
    process.start()
    started, count = time.monotonic(), 0
    while time.monotonic() - started < 3.5 * SHORT_LIFE_S:
        topics.produce(kafka4.bootstrap_servers, topic, numbers(count, 100), partitions=2)
        count += 100
        process.wait_until(lambda: process.metric("k2i_rows_flushed_total") >= count - 300, "flushes that go on")
        time.sleep(0.5)
    process.wait_until(lambda: total_records(warehouse, "lake", topic) == count, f"{count} rows")
    # Nothing is left to be flushed; the files have been read by nobody yet.
    time.sleep(SHORT_LIFE_S + 1)
    answer = process.ask(f"SELECT count(*), count(DISTINCT n) FROM {topic}")
    assert answer["rows"] == [[count, count]], answer
    assert process.terminate() == 0
    assert_each_once(warehouse, topic, count)
    refused = [line for line in process.logs() if line.get("event") == "flush_failed"]
    assert not refused, refused
