# SPDX-License-Identifier: Apache-2.0
"""A REST catalog that signs each request to its store: whoever reads and writes its tables' files holds no key."""

import json
from dataclasses import dataclass

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.rest_front import Answer, RestFront, Seen
from services import seaweedfs
from services.iceberg_rest import IcebergRest

SIGNER = "/v1/aws/s3/sign"
UNSIGNED = "UNSIGNED-PAYLOAD"


class _WithoutBody(S3SigV4Auth):
    """Signs what it has not seen."""

    def payload(self, request) -> str:
        return UNSIGNED


@dataclass
class Signed:
    method: str
    uri: str
    body: str | None


class SigningFront(RestFront):
    """In front of the reference catalog: its tables come with the address of a signer, which is here."""

    def __init__(self, rest: IcebergRest):
        super().__init__(rest.uri)
        self.store = rest.s3
        self.signed: list[Signed] = []
        self.refuses = False
        self.plan = self._serve

    def _serve(self, seen: Seen) -> Answer | None:
        if seen.path == SIGNER:
            return self._sign(json.loads(seen.body))
        if "/tables" not in seen.path:
            return None
        status, headers, body = self._pass_on(seen)
        # The table would be kept by its ETag without what is added here.
        headers = {name: value for name, value in headers.items() if name.lower() != "etag"}
        if status == 200 and b'"metadata"' in body:
            table = json.loads(body)
            table["config"] = table.get("config", {}) | {
                "s3.remote-signing-enabled": "true",
                "s3.signer.uri": self.uri,
                "s3.signer.endpoint": SIGNER.lstrip("/"),
                "s3.endpoint": self.store.endpoint,
                "s3.path-style-access": "true",
                "client.region": seaweedfs.REGION,
            }
            body = json.dumps(table).encode()
        return Answer(status, body, headers)

    def _sign(self, wanted: dict) -> Answer:
        if self.refuses:
            error = {"message": "not this file", "type": "ForbiddenException", "code": 403}
            return Answer(403, json.dumps({"error": error}).encode())
        self.signed.append(Signed(wanted["method"], wanted["uri"], wanted.get("body")))
        headers = {name: ", ".join(values) for name, values in wanted["headers"].items()}
        request = AWSRequest(wanted["method"], wanted["uri"], headers=headers)
        keys = Credentials(seaweedfs.ACCESS_KEY, seaweedfs.SECRET_KEY)
        _WithoutBody(keys, "s3", wanted["region"]).add_auth(request)
        answer = {"uri": wanted["uri"], "headers": {name: [value] for name, value in request.headers.items()}}
        kept = "private" if wanted["method"] in ("GET", "HEAD") else "no-cache"
        return Answer(200, json.dumps(answer).encode(), {"Cache-Control": kept})
