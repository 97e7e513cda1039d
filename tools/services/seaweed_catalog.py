# SPDX-License-Identifier: Apache-2.0
"""SeaweedFS's own Iceberg REST catalog over its table buckets: OAuth2, SigV4 and vended credentials."""

import json
from pathlib import Path

import requests

from services.places import LOOPBACK, free_port
from services.seaweedfs import ACCESS_KEY, SECRET_KEY, S3

ROLE = "arn:aws:iam::role/vend"


def _trust() -> dict:
    """Without the second statement the catalog vends nothing, and says nothing."""
    anybody = {"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"]}
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithCredentials"]
    catalog = {"Effect": "Allow", "Principal": {"Federated": "iceberg-catalog"}, "Action": actions}
    return {"Version": "2012-10-17", "Statement": [anybody, catalog]}


class SeaweedCatalog(S3):
    """The catalog's users are those of the store; the files of its tables are opened by what it vends."""

    name = "seaweed-catalog"
    table_bucket = "tables"

    def __init__(self, folder: Path, *, credentials_live_s: int = 3600, **options):
        super().__init__(folder, **options)
        self.credentials_live_s = credentials_live_s

    def choose_ports(self) -> None:
        super().choose_ports()
        self.catalog_port = free_port()

    @property
    def uri(self) -> str:
        return f"http://{LOOPBACK}:{self.catalog_port}"

    @property
    def warehouse(self) -> str:
        return f"s3://{self.table_bucket}"

    def prepare(self) -> None:
        super().prepare()
        everything = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
        policy = {"name": "everything", "document": {"Version": "2012-10-17", "Statement": [everything]}}
        role = {"roleName": "vend", "roleArn": ROLE, "trustPolicy": _trust(), "attachedPolicies": ["everything"]}
        sts = {
            "tokenDuration": f"{self.credentials_live_s}s",
            "maxSessionLength": f"{self.credentials_live_s}s",
            "issuer": "seaweedfs-sts",
            "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFycy1sb25nLTEyMzQ1Njc4OTA=",
        }
        access = {"defaultEffect": "Deny", "storeType": "memory"}
        settings = {"sts": sts, "policy": access, "policies": [policy], "roles": [role]}
        (self.folder / "iam.json").write_text(json.dumps(settings))

    def command(self) -> list[str]:
        others = [part for part in super().command() if not part.startswith("-s3.port.iceberg=")]
        return others + [
            f"-s3.port.iceberg={self.catalog_port}",
            f"-tableBucket={self.table_bucket}",
            f"-s3.iam.config={self.folder / 'iam.json'}",
            f"-s3.iceberg.credentialRole={ROLE}",
            f"-s3.externalUrl={self.endpoint}",
        ]

    def token(self) -> str:
        client = {"client_id": ACCESS_KEY, "client_secret": SECRET_KEY, "scope": "catalog"}
        form = {"grant_type": "client_credentials"} | client
        answer = requests.post(f"{self.uri}/v1/oauth/tokens", data=form, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def ask(self, method: str, path: str, body: dict | None = None) -> requests.Response:
        """One request to the catalog, as the user who may do all."""
        headers = {"Authorization": f"Bearer {self.token()}", "X-Iceberg-Access-Delegation": "vended-credentials"}
        return requests.request(method, f"{self.uri}{path}", json=body, headers=headers, timeout=20)

    def answers(self) -> bool:
        """Ready when the catalog lists what its table bucket holds."""
        try:
            return super().answers() and self.ask("GET", f"/v1/{self.table_bucket}/namespaces").ok
        except requests.RequestException:
            return False
