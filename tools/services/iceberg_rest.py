# SPDX-License-Identifier: Apache-2.0
"""Iceberg's reference REST catalog, over SQLite and a local or an S3 warehouse."""

from pathlib import Path

import requests

from services import seaweedfs
from services.places import JAVA, JVM_FLAGS, class_path
from services.server import HttpServer


class IcebergRest(HttpServer):
    """With `s3` its tables lie in that store's bucket; without, in the folder `warehouse` under its own."""

    name = "rest"

    def __init__(self, folder: Path, *, s3: seaweedfs.S3 | None = None, **options):
        super().__init__(folder, **options)
        self.s3 = s3

    @property
    def uri(self) -> str:
        return self.endpoint

    @property
    def warehouse(self) -> str:
        return f"s3://{self.s3.bucket}/warehouse" if self.s3 else f"file://{self.folder / 'warehouse'}"

    def describe(self) -> dict[str, str]:
        return {"K2I_ICEBERG_REST_URI": self.uri, "K2I_ICEBERG_WAREHOUSE": self.warehouse}

    def command(self) -> list[str]:
        jars = class_path("iceberg-rest")
        main = "org.apache.iceberg.rest.LoopbackRestServer"
        return ["java", "-Xmx384m", *JVM_FLAGS, "-cp", f"{JAVA / 'iceberg-rest-main'}:{jars}", main]

    def environment(self) -> dict[str, str]:
        """The server reads its catalog's properties from CATALOG_*: `__` is a dash, `_` a dot."""
        properties = {
            "CATALOG_CATALOG__IMPL": "org.apache.iceberg.jdbc.JdbcCatalog",
            "CATALOG_URI": f"jdbc:sqlite:{self.folder / 'catalog.db'}",
            "CATALOG_WAREHOUSE": self.warehouse,
            "CATALOG_JDBC_SCHEMA__VERSION": "V1",
            "CATALOG_JDBC_STRICT__MODE": "true",
            "REST_PORT": str(self.port),
        }
        return properties | (self._s3_properties() if self.s3 else self._local_properties())

    def _local_properties(self) -> dict[str, str]:
        return {"CATALOG_IO__IMPL": "org.apache.iceberg.hadoop.HadoopFileIO"}

    def _s3_properties(self) -> dict[str, str]:
        return {
            "CATALOG_IO__IMPL": "org.apache.iceberg.aws.s3.S3FileIO",
            "CATALOG_S3_ENDPOINT": self.s3.endpoint,
            "CATALOG_S3_PATH__STYLE__ACCESS": "true",
            "CATALOG_S3_ACCESS__KEY__ID": seaweedfs.ACCESS_KEY,
            "CATALOG_S3_SECRET__ACCESS__KEY": seaweedfs.SECRET_KEY,
            "CATALOG_CLIENT_REGION": seaweedfs.REGION,
            "AWS_REGION": seaweedfs.REGION,
        }

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/v1/config", timeout=2).ok
        except requests.RequestException:
            return False
