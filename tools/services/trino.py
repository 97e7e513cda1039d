# SPDX-License-Identifier: Apache-2.0
"""Trino over a REST catalog whose tables lie in S3. Heavy, and not of the set-up: whoever has one says where it lies.

K2I_TEST_TRINO is the folder of an unpacked trino-server (476 was tried; of its plug-ins only `iceberg` is needed), K2I_TEST_TRINO_JAVA that of
a JDK of 24 or newer.
"""

import os
import time
from pathlib import Path

import requests

from services import seaweedfs
from services.iceberg_rest import IcebergRest
from services.places import LOOPBACK
from services.server import OnePortServer

CATALOG = "lake_of_trino"


class Trino(OnePortServer):
    name = "trino"
    ready_timeout_s = 180.0

    def __init__(self, folder: Path, rest: IcebergRest, **options):
        super().__init__(folder, **options)
        self.home, self.java = Path(os.environ["K2I_TEST_TRINO"]), Path(os.environ["K2I_TEST_TRINO_JAVA"])
        self.rest = rest

    @staticmethod
    def is_there() -> bool:
        return "K2I_TEST_TRINO" in os.environ and "K2I_TEST_TRINO_JAVA" in os.environ

    @property
    def uri(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        server = {
            "coordinator": "true", "node-scheduler.include-coordinator": "true", "catalog.management": "static",
            "http-server.http.port": self.port, "discovery.uri": self.uri, "node.internal-address": LOOPBACK, "node.bind-ip": LOOPBACK,
            "query.max-memory": "300MB", "query.max-memory-per-node": "300MB", "memory.heap-headroom-per-node": "150MB",
        }  # fmt: skip
        catalog = {
            "connector.name": "iceberg", "iceberg.catalog.type": "rest",
            "iceberg.rest-catalog.uri": self.rest.uri, "iceberg.rest-catalog.warehouse": self.rest.warehouse,
            # The tests' tables are minutes old.
            "iceberg.expire-snapshots.min-retention": "0s", "iceberg.remove-orphan-files.min-retention": "0s",
            "fs.native-s3.enabled": "true", "s3.endpoint": self.rest.s3.endpoint, "s3.region": seaweedfs.REGION, "s3.path-style-access": "true",
            "s3.aws-access-key": seaweedfs.ACCESS_KEY, "s3.aws-secret-key": seaweedfs.SECRET_KEY,
        }  # fmt: skip
        for name, properties in {"config.properties": server, f"catalog/{CATALOG}.properties": catalog, "log.properties": {}}.items():
            path = self.folder / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))

    def command(self) -> list[str]:
        etc = self.folder / "etc"
        properties = {
            "jdk.attach.allowAttachSelf": "true", "file.encoding": "UTF-8", "node.environment": "test", "node.id": "n1", "node.data-dir": self.folder / "data",
            "log.levels-file": etc / "log.properties", "config": etc / "config.properties", "plugin.dir": self.home / "plugin", "catalog.config-dir": etc / "catalog",
        }  # fmt: skip
        flags = ["-Xmx1500m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExplicitGCInvokesConcurrent"]
        allowed = ["--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "--sun-misc-unsafe-memory-access=allow"]
        defined = [f"-D{name}={value}" for name, value in properties.items()]
        return [str(self.java / "bin" / "java"), *flags, *allowed, *defined, "-cp", f"{self.home}/lib/*", "io.trino.server.TrinoServer"]

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/v1/info", timeout=2).json()["starting"] is False and self.query("SELECT 1") == [[1]]
        except (requests.RequestException, ValueError, AssertionError):
            return False

    def query(self, sql: str) -> list[list]:
        """The rows of an answer."""
        page = requests.post(f"{self.uri}/v1/statement", sql.encode(), headers={"X-Trino-User": "test"}, timeout=60).json()
        rows = []
        while True:
            assert "error" not in page, page["error"]["message"]
            rows += page.get("data") or []
            if "nextUri" not in page:
                return rows
            time.sleep(0.01)
            page = requests.get(page["nextUri"], timeout=60).json()
