# SPDX-License-Identifier: Apache-2.0
"""The unit tests that want a real store."""

from datetime import timedelta

import pytest

from harness.store_servers import store_environment
from test_live_units import run_live


@pytest.fixture(scope="session")
def store_servers(s3, gcs, azure) -> dict[str, str]:
    return store_environment(s3, gcs, azure) | {
        "K2I_TEST_AZURE_SAS": azure.sas_token(timedelta(hours=2)),
        "K2I_TEST_AZURE_ENDED_SAS": azure.sas_token(timedelta(hours=-2)),
    }


@pytest.mark.parametrize("store", ["s3", "s3_tls", "gcs", "azure_key", "azure_sas"])
def test_stores(store_servers, store):
    """The store contract, on every store over a network. The Azure SDK takes a minute to see that a connection has broken, by whatever
    credentials: once is enough."""
    run_live("io/io_test", store_servers, left_out="*.RidesOutConnectionsThatBreak/azure_sas", only=f"*Live*/{store}")


def test_stores_of_moto(moto):
    """Another S3; it asks nobody who they are."""
    servers = {
        "K2I_TEST_S3_ENDPOINT": moto.endpoint,
        "K2I_TEST_S3_BUCKET": moto.bucket,
        "K2I_TEST_S3_KEY": "any",
        "K2I_TEST_S3_SECRET": "any",
    }
    run_live("io/io_test", servers, only="Live/StoreContract*/s3")


def test_http_signatures(store_servers):
    """On a server that checks them."""
    run_live("net/net_test", store_servers)
