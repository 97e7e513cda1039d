# SPDX-License-Identifier: Apache-2.0
"""AWS in miniature (moto): Glue, S3 and STS in one process. It checks no signature: SeaweedFS does."""

import sys
from pathlib import Path

import requests

from services.places import LOOPBACK, ROOT
from services.server import HttpServer

# Any will do; PyIceberg and K2I want some.
ACCESS_KEY, SECRET_KEY = "motoadmin", "motoadminsecret"
REGION = "us-east-1"


class Moto(HttpServer):
    """With one bucket. Its tables' versions are held to, and tables outlive the process, unlike in moto as it comes: see
    versioned_moto.py. What is in the bucket does not."""

    name = "moto"

    def __init__(self, folder: Path, *, bucket: str = "glue-bucket", **options):
        super().__init__(folder, **options)
        self.bucket = bucket

    def describe(self) -> dict[str, str]:
        return {
            "K2I_ICEBERG_GLUE_ENDPOINT": self.endpoint,
            "K2I_ICEBERG_AWS_REGION": REGION,
            "K2I_STORAGE_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def command(self) -> list[str]:
        return [sys.executable, "-m", "services.versioned_moto", "-H", LOOPBACK, "-p", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT / "tools"), "GLUE_JOURNAL": str(self.folder / "glue.journal")}

    def answers(self) -> bool:
        """Moto needs no credentials to make a bucket, and making it twice does no harm."""
        try:
            return requests.put(f"{self.endpoint}/{self.bucket}", timeout=2).ok
        except requests.RequestException:
            return False
