# SPDX-License-Identifier: Apache-2.0
"""Iceberg's reference REST catalog, over SQLite and a warehouse on local disk, S3, Google Cloud Storage or Azure Storage."""

from pathlib import Path

import requests

from services import azurite, seaweedfs
from services.azurite import Azure
from services.fake_gcs import Gcs
from services.places import JAVA, JVM_FLAGS, class_path
from services.server import HttpServer


class IcebergRest(HttpServer):
    """Its tables lie in the store that is given, or in the folder `warehouse` under its own. `vended` are credentials to
    that store, as properties of Iceberg's FileIO: it works with them itself, and gives them out with each table."""

    name = "rest"

    def __init__(
        self, folder: Path, *, s3: seaweedfs.S3 | None = None, gcs: Gcs | None = None, azure: Azure | None = None, vended: dict[str, str] | None = None, **options
    ):
        super().__init__(folder, **options)
        self.s3, self.gcs, self.azure = s3, gcs, azure
        self.vended = vended

    @property
    def uri(self) -> str:
        return self.endpoint

    @property
    def warehouse(self) -> str:
        if self.s3:
            return f"s3://{self.s3.bucket}/warehouse"
        cloud = self.gcs or self.azure
        return cloud.warehouse if cloud else f"file://{self.folder / 'warehouse'}"

    def describe(self) -> dict[str, str]:
        return {"K2I_ICEBERG_REST_URI": self.uri, "K2I_ICEBERG_WAREHOUSE": self.warehouse}

    def command(self) -> list[str]:
        jars = ":".join(map(class_path, ["iceberg-rest", *(["iceberg-clouds"] if self.gcs or self.azure else [])]))
        main = "org.apache.iceberg.rest.LoopbackRestServer"
        return ["java", "-Xmx384m", *JVM_FLAGS, "-cp", f"{JAVA / 'iceberg-rest-main'}:{jars}", main]

    def environment(self) -> dict[str, str]:
        """The server reads its catalog's properties from CATALOG_*: `__` is a dash, `_` a dot."""
        properties = {
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "uri": f"jdbc:sqlite:{self.folder / 'catalog.db'}",
            "warehouse": self.warehouse,
            "jdbc.schema-version": "V1",
            "jdbc.strict-mode": "true",
        }
        properties |= self._store_properties()
        if self.vended:
            properties |= {"include-credentials": "true"} | self.vended
        named = {f"CATALOG_{name.upper().replace('-', '__').replace('.', '_')}": value for name, value in properties.items()}
        return named | {"REST_PORT": str(self.port)} | ({"AWS_REGION": seaweedfs.REGION} if self.s3 else {})

    def _store_properties(self) -> dict[str, str]:
        if self.s3:
            return s3_properties(self.s3)
        if self.gcs:
            return gcs_properties(self.gcs)
        return azure_properties(self.azure) if self.azure else {"io-impl": "org.apache.iceberg.hadoop.HadoopFileIO"}

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/v1/config", timeout=2).ok
        except requests.RequestException:
            return False


def s3_properties(s3: seaweedfs.S3) -> dict[str, str]:
    return {
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "s3.endpoint": s3.endpoint,
        "s3.path-style-access": "true",
        "s3.access-key-id": seaweedfs.ACCESS_KEY,
        "s3.secret-access-key": seaweedfs.SECRET_KEY,
        "client.region": seaweedfs.REGION,
    }


def gcs_properties(gcs: Gcs) -> dict[str, str]:
    return {
        "io-impl": "org.apache.iceberg.gcp.gcs.GCSFileIO",
        "gcs.service.host": gcs.endpoint,
        "gcs.project-id": "k2i",
        "gcs.no-auth": "true",
    }


def azure_properties(azure: Azure) -> dict[str, str]:
    """What the FileIO asks of the Data Lake's API Azurite lacks: it deletes nothing, and lists nothing."""
    return {
        "io-impl": "org.apache.iceberg.azure.adlsv2.ADLSFileIO",
        f"adls.connection-string.{azurite.ACCOUNT}.{azurite.DOMAIN}": f"{azure.endpoint}/{azurite.ACCOUNT}",
        "adls.auth.shared-key.account.name": azurite.ACCOUNT,
        "adls.auth.shared-key.account.key": azurite.ACCOUNT_KEY,
    }
