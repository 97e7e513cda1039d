# SPDX-License-Identifier: Apache-2.0
"""An S3 store (SeaweedFS, all its roles in one process)."""

import json
from pathlib import Path

import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from services.places import DEPS, LOOPBACK, free_ports
from services.server import Server
from services.tls import make_broker_keystore

ACCESS_KEY, SECRET_KEY = "weedadmin", "weedadminsecret"
READ_ONLY_ACCESS_KEY, READ_ONLY_SECRET_KEY = "weedro", "weedrosecret"
REGION = "us-east-1"

ROLES = ("master", "volume", "filer", "s3", "admin")


def _identity(name: str, access_key: str, secret_key: str, actions: list[str]) -> dict:
    return {"name": name, "credentials": [{"accessKey": access_key, "secretKey": secret_key}], "actions": actions}


class S3(Server):
    """Path-style S3 with one bucket, one user who may do all and one who may only read."""

    name = "s3"

    def __init__(self, folder: Path, *, bucket: str = "my-bucket", tls: bool = False, **options):
        """`tls`: by a port of its own besides, with a certificate of `ca`."""
        super().__init__(folder, **options)
        self.bucket = bucket
        self.tls = tls

    def choose_ports(self) -> None:
        # Its gRPC ports default to the HTTP ports plus 10000, which need not be free (or be ports).
        chosen = free_ports(2 * len(ROLES) + 1)
        self.ports = dict(zip(ROLES, chosen))
        self.grpc_ports = dict(zip(ROLES, chosen[len(ROLES) :]))
        self.tls_port = chosen[-1]

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['s3']}"

    @property
    def tls_endpoint(self) -> str:
        return f"https://{LOOPBACK}:{self.tls_port}"

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def describe(self) -> dict[str, str]:
        return {
            "K2I_STORAGE_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
        }

    def prepare(self) -> None:
        admin = _identity("admin", ACCESS_KEY, SECRET_KEY, ["Admin", "Read", "Write", "List", "Tagging"])
        reader = _identity("reader", READ_ONLY_ACCESS_KEY, READ_ONLY_SECRET_KEY, ["Read", "List"])
        (self.folder / "s3.json").write_text(json.dumps({"identities": [admin, reader]}))
        (self.folder / "data").mkdir(exist_ok=True)
        if self.tls:
            make_broker_keystore(self.ca.parent)

    def command(self) -> list[str]:
        tls = self.ca.parent
        secure = [f"-s3.port.https={self.tls_port}", f"-s3.cert.file={tls / 'broker.crt'}", f"-s3.key.file={tls / 'broker.key'}"]
        ports = [f"-{role}.port={port}" for role, port in self.ports.items()]
        ports += [f"-{role}.port.grpc={port}" for role, port in self.grpc_ports.items()]
        return [
            str(DEPS / "venv" / "bin" / "weed"), "mini", f"-dir={self.folder / 'data'}",
            f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", *ports,
            *(secure if self.tls else []), f"-s3.config={self.folder / 's3.json'}", f"-bucket={self.bucket}",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false", "-master.telemetry=false",
        ]  # fmt: skip

    def request(self, method: str, path: str, body: bytes = b"") -> requests.Response:
        """One signed request, as the user who may do all; `path` begins with the bucket."""
        url = f"{self.endpoint}/{path}"
        signed = AWSRequest(method, url, data=body)
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(signed)
        return requests.request(method, url, data=body, headers=dict(signed.headers), timeout=10)

    def answers(self) -> bool:
        """Ready when it stores: its parts come up one by one, and first requests before that fail."""
        probe = f"{self.bucket}/.k2i-ready"
        try:
            return self.request("PUT", probe).ok and self.request("DELETE", probe).ok
        except requests.RequestException:
            return False
