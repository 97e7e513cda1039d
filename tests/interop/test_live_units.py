# SPDX-License-Identifier: Apache-2.0
"""The unit tests that want a real server, and skip themselves in a build that has none at hand: Kafka and the catalogs."""

import re
import subprocess
from pathlib import Path

import pytest

from harness.k2i_process import TEST_PROGRAMS, clean_environment
from harness.signing_front import SigningFront
from services import seaweedfs
from services.seaweed_catalog import SeaweedCatalog


# Commits of the race between two writers, in the catalog contract.
RACE = {"K2I_TEST_CONTRACT_COMMITS": "500"}

# 8 frames of each allocation instead of 30: they are taken at every one.
SANITIZERS = {"ASAN_OPTIONS": "malloc_context_size=8", "LSAN_OPTIONS": f"suppressions={Path(__file__).parent / 'leaks.supp'}"}


def run_live(program: str, servers: dict[str, str], left_out: str = "", only: str = "*Live*") -> None:
    """A filter that matches nothing would pass too, and so would a skip."""
    path = TEST_PROGRAMS / "src" / program
    assert path.exists(), f"{path} is not there: run ./dev build, or name another build's folder by K2I_TEST_PROGRAMS"
    done = subprocess.run(
        [str(path), f"--gtest_filter={only}-{left_out}"],
        env=clean_environment() | servers | SANITIZERS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=550,
    )
    assert done.returncode == 0, done.stdout
    assert "SKIPPED" not in done.stdout, done.stdout
    assert int(re.search(r"\[  PASSED  \] (\d+) test", done.stdout)[1]) > 0, done.stdout


@pytest.mark.slow
def test_kafka(kafka4):
    servers = {"K2I_TEST_KAFKA": kafka4.bootstrap_servers, "K2I_TEST_KAFKA_SASL": kafka4.sasl_bootstrap_servers}
    # ReadsFast measures, over millions of records.
    run_live("kafka/kafka_test", servers, left_out="*.ReadsFast")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rest_catalog(rest):
    servers = {"K2I_TEST_REST_URI": rest.uri}
    run_live("iceberg/catalog/rest/iceberg_rest_test", RACE | servers, left_out="*/RestByOAuth2")


def test_remote_signing(rest_s3):
    with SigningFront(rest_s3) as front:
        servers = {"K2I_TEST_SIGNING_URI": front.uri, "K2I_TEST_SIGNING_WAREHOUSE": rest_s3.warehouse}
        run_live("iceberg/catalog/rest/iceberg_rest_test", servers, only="RemoteSigningTest.*")
        assert {each.method for each in front.signed} == {"GET", "HEAD", "PUT", "POST"}
        # Both files by one request, whose body the signer sees.
        assert [each.body.count("<Object>") for each in front.signed if "?delete" in each.uri] == [2]
        # Signatures of GET may be kept: of four reads of one file, one was asked for.
        assert len([each for each in front.signed if each.method == "GET" and "a%20b" in each.uri]) == 1


def test_rest_catalog_of_seaweedfs(session_folder):
    """Its users are those of its store. It lets a table be created again, and says that it has; a table that is dropped loses
    its metadata, and what is none can be registered."""
    not_kept = ("CreatesLoadsListsAndDrops", "OfManyThatCreateOneWins", "Registers*")
    with SeaweedCatalog(session_folder / "seaweed-live") as seaweed:
        client = f"{seaweedfs.ACCESS_KEY}:{seaweedfs.SECRET_KEY}"
        servers = {
            "K2I_TEST_REST_URI": seaweed.uri,
            "K2I_TEST_REST_CLIENT": client,
            "K2I_TEST_REST_OAUTH2": f"{client}@{seaweed.uri}",
            "K2I_TEST_REST_WAREHOUSE": seaweed.warehouse,
            "K2I_TEST_S3_ENDPOINT": seaweed.endpoint,
        }
        left_out = ["*/Rest", *(f"*.{name}/RestByOAuth2" for name in not_kept)]
        run_live("iceberg/catalog/rest/iceberg_rest_test", RACE | servers, left_out=":".join(left_out))


def test_postgres_catalog(postgres):
    address = postgres.uri().removeprefix("postgresql://")
    run_live("iceberg/catalog/sql/iceberg_sql_test", RACE | {"K2I_TEST_POSTGRES": address})


def test_glue_catalog(moto):
    run_live("iceberg/catalog/glue/iceberg_glue_test", {"K2I_TEST_GLUE_ENDPOINT": moto.endpoint})
    run_live("net/aws/net_aws_test", {"K2I_TEST_STS_ENDPOINT": moto.endpoint})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hive_3_catalog(hive3):
    servers = RACE | {"K2I_TEST_HIVE": hive3.address, "K2I_TEST_HIVE_OLD": hive3.address}
    run_live("iceberg/catalog/hive/iceberg_hive_test", servers, only="LiveHive/*:LiveHiveOld.*:LiveHiveDatabase.*")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", ["LiveHive/*:LiveHiveDatabase.*", "LiveHiveUnlocked/*"], ids=["locks", "expected-parameters"])
def test_hive_4_catalog(hive4, suite):
    servers = RACE | {"K2I_TEST_HIVE": hive4.address, "K2I_TEST_HIVE_UNLOCKED": hive4.address}
    run_live("iceberg/catalog/hive/iceberg_hive_test", servers, only=suite)
