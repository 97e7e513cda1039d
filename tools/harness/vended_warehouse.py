# SPDX-License-Identifier: Apache-2.0
"""A warehouse whose catalog vends the credentials to its files: K2I has none of its own."""

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog

from harness.warehouses import CATALOG
from services import seaweedfs
from services.seaweed_catalog import SeaweedCatalog

CREDENTIAL = f"{seaweedfs.ACCESS_KEY}:{seaweedfs.SECRET_KEY}"


class VendedWarehouse:
    """K2I and its readers know the catalog's user, and nothing of the store."""

    def __init__(self, server: SeaweedCatalog, uri: str | None = None):
        """`uri`: another way to the catalog, such as a proxy."""
        self.server = server
        self.uri = uri or server.uri

    def k2i_config(self) -> dict:
        client = {"client_id": seaweedfs.ACCESS_KEY, "client_secret": seaweedfs.SECRET_KEY}
        rest = {"credential": "oauth2"} | client
        return {
            "iceberg": {"catalog_type": "rest", "rest_uri": self.uri, "warehouse": self.server.warehouse, "rest": rest}
        }

    def environment(self) -> dict[str, str]:
        """No keys, and nobody to ask for some."""
        return {"AWS_EC2_METADATA_DISABLED": "true"}

    def pyiceberg(self) -> Catalog:
        oauth2 = f"{self.server.uri}/v1/oauth/tokens"
        return RestCatalog(
            CATALOG,
            uri=self.server.uri,
            warehouse=self.server.warehouse,
            credential=CREDENTIAL,
            scope="catalog",
            **{"oauth2-server-uri": oauth2, "header.X-Iceberg-Access-Delegation": "vended-credentials"},
        )

    def duckdb_relation(self, connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
        connection.execute(
            f"CREATE SECRET catalog (TYPE iceberg, CLIENT_ID '{seaweedfs.ACCESS_KEY}',"
            f" CLIENT_SECRET '{seaweedfs.SECRET_KEY}', OAUTH2_SERVER_URI '{self.server.uri}/v1/oauth/tokens')"
        )
        connection.execute(
            f"ATTACH '{self.server.warehouse}' AS lake (TYPE iceberg, ENDPOINT '{self.server.uri}', SECRET catalog)"
        )
        return f"lake.{database}.{table}"
