# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document against the server: schemathesis makes requests from it, right and wrong ones, and holds the
answers against what the document promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import topics
from harness.k2i_process import ingest_config
from harness.numbered import numbers

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
# Chosen by what goes wrong where: not that every SQL text is refused or accepted, which no schema can say.
CHECKS = [
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
]


@pytest.fixture
def stream(k2i, kafka4, sql_warehouse, topic):
    """Rows in the table and in memory."""
    process = k2i(ingest_config(
        sql_warehouse, kafka4.bootstrap_servers, topic, topic,
        buffer={"flush_interval_seconds": 600, "key": "n"}, schema={"infer_timeout_ms": 300},
    ))  # fmt: skip
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 20), partitions=2)
    process.start()
    process.wait_until(lambda: process.ask("SELECT count(*) FROM " + topic)["rows"] == [[20]], "20 rows")
    assert process.terminate() == 0
    process.restart()
    process.wait_until(lambda: process.get("/readyz").status_code == 200, "readiness")
    topics.produce(kafka4.bootstrap_servers, topic, numbers(20, 10), partitions=2)
    process.wait_until(lambda: process.ask("SELECT count(*) FROM " + topic)["rows"] == [[30]], "30 rows")
    return process


def narrowed(document: dict, table: str, topic: str) -> dict:
    """The same promises; but most of what is asked for is there, no answer is without end, nobody waits long, and our own
    bugs (500) are no answer; 503 and 504 are, where a request gives a millisecond."""
    either = {"anyOf": [{"enum": [f"lake.{table}", table]}, {"type": "string", "minLength": 1}]}
    for path, operations in document["paths"].items():
        for parameter in operations.get("parameters", []):
            if parameter["name"] == "table":
                parameter["schema"] = either
        for operation in operations.values():
            if not isinstance(operation, dict):
                continue
            operation["responses"].pop("500")
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "topic":
                    parameter["schema"] = {"anyOf": [{"enum": [topic]}, parameter["schema"]]}
                if parameter["name"] == "follow":
                    parameter["schema"] = {"enum": [False]}
    schemas = document["components"]["schemas"]
    statements = [f"SELECT n, text FROM {table} WHERE n > ?", f"SELECT count(*) FROM lake.{table}", "SELECT 1 AS one", "EXPLAIN SELECT 1"]
    schemas["QueryRequest"]["properties"]["sql"] = {"anyOf": [{"enum": statements}, schemas["QueryRequest"]["properties"]["sql"]]}
    schemas["TimeoutMs"]["maximum"] = 500
    return document


@pytest.mark.timeout(300)
def test_the_server_does_what_its_document_says(stream, topic, tmp_path):
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(narrowed(stream.get("/api/v1/openapi.json").json(), topic, topic)))
    ran = subprocess.run(
        [
            str(SCHEMATHESIS), "run", str(document),
            "--url", f"http://127.0.0.1:{stream.health_port}",
            "--checks", ",".join(CHECKS), "--max-examples", "60", "--seed", "1", "--no-shrink", "--continue-on-failure",
            "--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--request-timeout", "20", "--no-color",
        ],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert stream.is_running() and stream.get("/healthz").status_code == 200
