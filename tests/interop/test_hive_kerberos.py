# SPDX-License-Identifier: Apache-2.0
"""A Hive Metastore that asks for Kerberos, in a realm with an MIT KDC of its own."""

import shutil
import time
from pathlib import Path

import pytest
from pyiceberg.table import StaticTable

from harness import topics
from harness.k2i_process import ingest_config
from harness.listening_proxy import ListeningProxy
from harness.numbered import numbers
from harness.warehouses import HiveWarehouse
from services import HiveMetastore, Kdc
from services.kdc import REALM
from test_live_units import run_live

SERVICE = f"hive/localhost@{REALM}"


@pytest.fixture(scope="module")
def kdc(session_folder):
    with Kdc(session_folder / "kdc") as server:
        yield server


@pytest.fixture(scope="module")
def metastore(session_folder, kdc):
    with HiveMetastore(session_folder / "hive-kerberos", version="3.1.3", kdc=kdc, protection="privacy") as server:
        yield server


@pytest.fixture(scope="module")
def keytab(kdc) -> Path:
    return kdc.principal("k2i")


def newest(metastore: HiveMetastore, table: str) -> StaticTable | None:
    """By its files, which the metastore's disk holds: other clients at hand speak no Kerberos."""
    folder = Path(metastore.warehouse.removeprefix("file://")) / "lake.db" / table / "metadata"
    found = sorted(folder.glob("*.metadata.json"))
    return StaticTable.from_metadata(str(found[-1])) if found else None


def committed(metastore: HiveMetastore, table: str) -> int:
    at = newest(metastore, table)
    snapshot = at.current_snapshot() if at else None
    return int(snapshot.summary["total-records"]) if snapshot else 0


def test_short_tickets_are_renewed_from_the_keytab(k2i, kafka4, kdc, metastore, topic):
    """Tickets of three seconds, and commits until a third one has been got."""
    short = kdc.principal(f"short-{topic}", life="3 seconds")
    warehouse = HiveWarehouse(metastore)
    config = ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic, iceberg={"hive": {"kerberos_keytab": str(short)}})
    process = k2i(config, warehouse.environment()).start()
    batches = 0
    while kdc.granted(f"short-{topic}") < 3 or batches < 2:
        assert batches < 20, kdc.log_tail()
        topics.produce(kafka4.bootstrap_servers, topic, numbers(10 * batches, 10), partitions=2)
        batches += 1
        process.wait_until(lambda: committed(metastore, topic) == 10 * batches, f"batch {batches}")
    assert process.terminate() == 0
    rows = newest(metastore, topic).scan().to_arrow().to_pylist()
    assert sorted(row["n"] for row in rows) == list(range(10 * batches))
    # A new process finds the table by the metastore, and what it points to.
    verified = process.run("verify")
    assert verified.returncode == 0, verified.stdout
    read = process.ask_alone(f"SELECT count(*) AS n, sum(n) AS total FROM lake.{topic}").to_pylist()
    assert read == [{"n": 10 * batches, "total": sum(range(10 * batches))}]


class Validating:
    """`k2i validate` with these keys and tickets."""

    def __init__(self, k2i, kafka, metastore):
        self.k2i, self.kafka, self.metastore = k2i, kafka, metastore

    def __call__(self, environment: dict[str, str] | None = None, uri: str | None = None, **keys: str) -> str:
        warehouse = HiveWarehouse(self.metastore)
        overrides = {"hive": {"timeout_ms": 3000} | keys} | ({"hive_metastore_uri": uri} if uri else {})
        config = ingest_config(warehouse, self.kafka.bootstrap_servers, "kerberos", "nowhere", iceberg=overrides)
        done = self.k2i(config, warehouse.environment() | (environment or {})).run("validate")
        return next(line for line in done.stdout.splitlines() if " catalog " in line)


@pytest.fixture
def validate(k2i, kafka4, metastore):
    return Validating(k2i, kafka4, metastore)


def test_validate_takes_a_ticket_of_kinit(validate, kdc, keytab, tmp_path):
    assert "✓ catalog" in validate(kdc.ticket("k2i", keytab, tmp_path / "tickets"))


def test_validate_says_what_is_wrong_with_our_side(validate, kdc, keytab, tmp_path):
    renew = "run kinit, or set iceberg.hive.kerberos_keytab"
    without = validate()
    assert "✗ catalog" in without and "no-tickets" in without and renew in without

    ended = kdc.ticket("k2i", keytab, tmp_path / "ended", life="1s")
    # Ticket times are whole seconds, one that ends this second is still good, and the client's clock may stand a second behind.
    time.sleep(3.5)
    expired = validate(ended)
    assert "✗ catalog" in expired and "expired" in expired and renew in expired

    assert "kerberos_keytab: /nowhere: No such file" in validate(kerberos_keytab="/nowhere")
    other = validate(kerberos_keytab=str(keytab), kerberos_client_principal=f"somebody@{REALM}")
    assert "✗ catalog" in other and "klist -k" in other

    stale = kdc.principal(f"stale-{tmp_path.name}")
    kept = shutil.copy(stale, tmp_path / "old.keytab")
    stale.unlink()
    kdc.principal(stale.stem)  # a new key
    assert "another key than the keytab" in validate(kerberos_keytab=str(kept))

    unreached = tmp_path / "krb5.conf"
    unreached.write_text(kdc.config.read_text().replace(kdc.address, "127.0.0.1:1"))
    nobody = validate({"KRB5_CONFIG": str(unreached)}, kerberos_keytab=str(keytab))
    assert "✗ catalog" in nobody and "krb5.conf" in nobody


def test_validate_says_what_is_wrong_with_the_metastores_side(validate, kdc, keytab):
    ours = {"kerberos_keytab": str(keytab)}
    assert "✓ catalog" in validate(**ours)
    unknown = validate(kerberos_principal=f"hive/elsewhere@{REALM}", **ours)
    assert "✗ catalog" in unknown and "kerberos_principal must be the metastore's own" in unknown
    # One that the KDC knows, but the metastore has not its key.
    kdc.principal("http/localhost")
    wrong = validate(kerberos_principal=f"http/localhost@{REALM}", **ours)
    assert "✗ catalog" in wrong and "the metastore refuses us" in wrong and "its keytab lacks the key" in wrong
    plain = validate(kerberos_principal="")
    assert "✗ catalog" in plain and "set iceberg.hive.kerberos_principal" in plain


@pytest.mark.slow
def test_validate_notices_a_metastore_without_kerberos(validate, keytab, hive3):
    uri = f"thrift://localhost:{hive3.port}"
    refused = validate(uri=uri, kerberos_keytab=str(keytab))
    assert "✗ catalog" in refused and "hive.metastore.sasl.enabled" in refused


def live(kdc: Kdc, address: str, keytab: Path, only: str, left_out: str = "") -> None:
    servers = {"K2I_TEST_HIVE_KERBEROS": address, "K2I_TEST_HIVE_SERVICE": SERVICE, "K2I_TEST_HIVE_KEYTAB": str(keytab)}
    run_live("iceberg/catalog/hive/iceberg_hive_test", kdc.client_environment() | servers, left_out, only)


@pytest.mark.parametrize("protection", ["privacy", "integrity", pytest.param("authentication", marks=pytest.mark.slow)])
def test_messages_are_guarded_as_the_metastore_asks(kdc, metastore, keytab, protection):
    """Messages of many pieces too; what goes over the wire shows whether it was encrypted."""
    if metastore.protection != protection:
        metastore.stop()
        metastore.protect(protection)
        metastore.restart()
    with ListeningProxy(metastore.port) as proxy:
        live(kdc, proxy.address, keytab, "LiveHiveKerberos.*")
        assert len(proxy.heard) > 300_000
        assert (b"a_comment_that_can_be_seen" in proxy.heard) == (protection != "privacy")


LONG = "*.RacingWriters*:*.ACutConnection*:*.OfMany*"


@pytest.mark.parametrize("part", ["short", pytest.param("long", marks=pytest.mark.slow)])
def test_the_contract_holds_behind_kerberos(kdc, metastore, keytab, part):
    only, left_out = (LONG, "") if part == "long" else ("LiveHiveKerberized/*", LONG)
    live(kdc, f"127.0.0.1:{metastore.port}", keytab, only.replace("*.", "LiveHiveKerberized/*."), left_out)


@pytest.mark.slow
def test_hive_4_behind_kerberos(kdc, keytab, postgres, session_folder):
    with HiveMetastore(session_folder / "hive4-kerberos", version="4.0.1", postgres=postgres, kdc=kdc) as hive:
        live(kdc, f"127.0.0.1:{hive.port}", keytab, "LiveHiveKerberized/*", LONG)
