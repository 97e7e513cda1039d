# SPDX-License-Identifier: Apache-2.0
"""The reference REST catalog vends credentials for Google Cloud Storage and Azure Storage: K2I has none, and no endpoint."""

import itertools
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.readers import read_pyiceberg
from harness.rest_clouds import VendedCloudWarehouse
from harness.rest_front import Answer, RestFront, Seen
from harness.warehouses import AzureWarehouse, GcsWarehouse
from services import IcebergRest, azurite

LIFE_S = 8
LIVES = 2
HOST = f"{azurite.ACCOUNT}.{azurite.DOMAIN}"


def milliseconds(seconds_from_now: float) -> str:
    return str(int((time.time() + seconds_from_now) * 1000))


class Tokens:
    """Google's: each is good for a while."""

    def __init__(self):
        self.ends: dict[str, float] = {}
        self.used: set[str] = set()
        self.refused: list[str] = []
        self._numbers = itertools.count()

    def make(self) -> dict[str, str]:
        token = f"token-{next(self._numbers)}"
        self.ends[token] = time.time() + LIFE_S
        return {"gcs.oauth2.token": token, "gcs.oauth2.token-expires-at": milliseconds(LIFE_S)}

    def check(self, seen: Seen) -> Answer | None:
        """The store's answer to a request, where it is no."""
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if time.time() < self.ends.get(token, 0):
            self.used.add(token)
            return None
        self.refused.append(f"{seen.method} {seen.path} by {token}")
        return Answer(401, b'{"error": {"code": 401, "message": "Invalid Credentials"}}')


def vend(front: RestFront, make: Callable[[], dict[str, str]]) -> None:
    """What the catalog gives out with a table is of `make` from now on."""

    def with_credentials(body: bytes) -> bytes:
        loaded = json.loads(body)
        loaded["config"] = loaded.get("config", {}) | make()
        return json.dumps(loaded).encode()

    front.plan = lambda seen: with_credentials if "/tables" in seen.path and seen.method in ("GET", "POST") and not seen.path.endswith("/metrics") else None


def rows_by_what_is_vended(k2i, kafka, warehouse: VendedCloudWarehouse, topic: str, for_s: float) -> None:
    """Flushes, and at last a query of files, over `for_s` seconds."""
    process = k2i(ingest_config(warehouse, kafka.bootstrap_servers, topic, topic)).start()
    started, count = time.monotonic(), 0
    while count == 0 or time.monotonic() - started < for_s:
        topics.produce(kafka.bootstrap_servers, topic, numbers(count, 100), partitions=2)
        count += 100
        process.wait_until(lambda: total_records(warehouse, "lake", topic) == count, f"{count} rows")
    if for_s:
        time.sleep(LIFE_S + 1)
    answer = process.ask(f"SELECT count(*), count(DISTINCT n) FROM {topic}")
    assert answer["rows"] == [[count, count]], answer
    assert process.terminate() == 0
    assert sorted(row["n"] for row in read_pyiceberg(warehouse, "lake", topic)) == list(range(count))
    refused = [line for line in process.logs() if line.get("event") == "flush_failed"]
    assert not refused, refused
    done = process.run("verify", "--deep")
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def vending_azure(session_folder, azure):
    """As it comes: with a SAS for two hours, and with where the store is."""
    vended = {f"adls.sas-token.{HOST}": azure.sas_token(timedelta(hours=2))}
    with IcebergRest(session_folder / "vending-azure", azure=azure, vended=vended) as server:
        yield server


def test_sas_tokens_open_azure(k2i, kafka4, vending_azure, azure, topic, tmp_path):
    cloud = AzureWarehouse(tmp_path / "catalog", azure)
    rows_by_what_is_vended(k2i, kafka4, VendedCloudWarehouse(vending_azure, cloud, vending_azure.uri), topic, 0)


def test_sas_tokens_that_end_while_it_runs(k2i, kafka4, vending_azure, azure, topic, tmp_path):
    cloud = AzureWarehouse(tmp_path / "catalog", azure)
    made = []

    def make() -> dict[str, str]:
        made.append(azure.sas_token(timedelta(seconds=LIFE_S)))
        return {f"adls.sas-token.{HOST}": made[-1], f"adls.sas-token-expires-at-ms.{HOST}": milliseconds(LIFE_S)}

    with RestFront(vending_azure.uri) as front:
        vend(front, make)
        rows_by_what_is_vended(k2i, kafka4, VendedCloudWarehouse(vending_azure, cloud, front.uri), topic, LIVES * LIFE_S)
    assert len(set(made)) > LIVES


def test_tokens_of_google_that_end_while_it_runs(k2i, kafka4, rest_gcs, gcs, topic, tmp_path):
    """The emulator asks nobody for a token; a front before it does."""
    cloud, tokens = GcsWarehouse(tmp_path / "catalog", gcs), Tokens()
    with RestFront(rest_gcs.uri) as front, RestFront(gcs.endpoint) as store:
        store.plan = tokens.check
        vend(front, lambda: tokens.make() | {"gcs.service.host": store.uri})
        rows_by_what_is_vended(k2i, kafka4, VendedCloudWarehouse(rest_gcs, cloud, front.uri), topic, LIVES * LIFE_S)
    assert len(tokens.used) > LIVES and not tokens.refused, (tokens.used, tokens.refused)
