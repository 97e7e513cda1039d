# SPDX-License-Identifier: Apache-2.0
"""`k2i ingest` as a server under test."""

import ctypes
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pyarrow
import pyarrow.ipc
import requests

from harness import toml_text
from harness.warehouses import Warehouse
from services.places import LOOPBACK, ROOT, free_ports
from services.server import Server, ServerFailed


# Another build, such as the sanitizers', can take the same tests.
BINARY = Path(os.environ.get("K2I_TEST_BINARY") or ROOT / "build" / "release" / "k2i")
# The build whose test programs are run: ./dev test --all builds those with sanitizers alone.
TEST_PROGRAMS = Path(os.environ.get("K2I_TEST_PROGRAMS") or BINARY.parent)
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")


def merged(base: dict, over: dict) -> dict:
    """`over` laid on `base`, table by table."""
    result = dict(base)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def clean_environment() -> dict[str, str]:
    """Without what would configure K2I behind the test's back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("K2I_", "AWS_"))}


class K2I(Server):
    """The configuration is a dict as the TOML file has it; ports and log format are filled in."""

    name = "k2i"
    ready_timeout_s = 30.0

    def __init__(self, folder: Path, config: dict, environment: dict[str, str] | None = None):
        super().__init__(folder)
        self.config = config
        self.variables = environment or {}
        self.choose_ports()

    @property
    def config_path(self) -> Path:
        return self.folder / "k2i.toml"

    def choose_ports(self) -> None:
        self.health_port, self.metrics_port = free_ports(2)

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        servers = {"server": {"health_port": self.health_port, "metrics_port": self.metrics_port}}
        config = merged(merged({"log": {"format": "json"}}, servers), self.config)
        self.config_path.write_text(toml_text.to_toml(config))

    def restart(self) -> "K2I":
        """With the configuration as it has become."""
        self.prepare()
        return super().restart()

    def command(self) -> list[str]:
        return [str(BINARY), "ingest", "--config", str(self.config_path)]

    def environment(self) -> dict[str, str]:
        return self.variables

    def inherited_environment(self) -> dict[str, str]:
        return clean_environment()

    def answers(self) -> bool:
        return self.get("/healthz").status_code == 200

    # Commands that end by themselves.

    def run(self, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess:
        """Runs `k2i ARGUMENTS --config F`; both outputs are in `stdout`."""
        if not self.is_running():
            self.prepare()
        return subprocess.run(
            [str(BINARY), *arguments, "--config", str(self.config_path)],
            cwd=self.folder,
            env=clean_environment() | self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
        )

    def ask_alone(self, sql: str, timeout_s: float = 60) -> pyarrow.Table:
        """`k2i query` without a server: from the table's files."""
        self.prepare()
        done = subprocess.run(
            [str(BINARY), "query", sql, "--arrow", "--config", str(self.config_path)],
            env=clean_environment() | self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
        )
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr.decode()}"
        return pyarrow.ipc.open_stream(done.stdout).read_all()

    def run_plain(self, *arguments: str) -> subprocess.CompletedProcess:
        """Without a configuration."""
        return subprocess.run([str(BINARY), *arguments], env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)

    # The running one.

    def get(self, path: str) -> requests.Response:
        """Status 0 where nobody listens."""
        try:
            return requests.get(f"http://{LOOPBACK}:{self.health_port}{path}", timeout=5)
        except requests.RequestException:
            nobody = requests.Response()
            nobody.status_code = 0
            return nobody

    def status(self) -> dict:
        return self.get("/api/v1/status").json()

    def post(self, body: dict, path: str = "/api/v1/query", accept: str = "application/json") -> requests.Response:
        return requests.post(f"http://{LOOPBACK}:{self.health_port}{path}", json=body, headers={"Accept": accept}, timeout=60)

    def ask(self, sql: str, **body) -> dict:
        """The answer as the JSON has it; columns without rows where there is no such table yet."""
        response = self.post({"sql": sql} | body)
        return response.json() if response.status_code == 200 else {"columns": [], "rows": [], "error": response.text}

    def health(self) -> dict:
        return self.get("/health").json()

    def metrics(self) -> list[tuple[str, dict[str, str], float]]:
        """(name, labels, value) of each sample."""
        text = requests.get(f"http://{LOOPBACK}:{self.metrics_port}/metrics", timeout=5).text
        found = filter(None, map(SAMPLE.match, text.splitlines()))
        return [(name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")), float(value)) for name, labels, value in (m.groups() for m in found)]

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all samples of that name which carry these labels."""
        return sum(v for n, l, v in self.metrics() if n == name and labels.items() <= l.items())

    def wait_until(self, condition, what: str, timeout_s: float = 60) -> None:
        """Until condition() is true. Ends early, with the log, when K2I ends."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert self.is_running(), f"k2i ended with {self.process.returncode} while waiting for {what}:\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"no {what} in {timeout_s:.0f} s:\n{self.log_tail()}"
            time.sleep(0.1)

    def run_until_exit(self, timeout_s: float = 60) -> int:
        """Starts it though it will not stay, and returns its exit code."""
        try:
            self.start()
        except ServerFailed:
            pass
        return self.wait_exit(timeout_s)

    def wait_exit(self, timeout_s: float = 60) -> int:
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"k2i still runs after {timeout_s:.0f} s:\n{self.log_tail()}") from None

    def terminate(self, timeout_s: float = 60) -> int:
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait_exit(timeout_s)

    def logs(self) -> list[dict]:
        """Its log lines; a line that is no JSON object is a failure."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if line.strip()]


def speaks_consumer_protocol() -> bool:
    """Whether the librdkafka that the program is linked with is one that has KIP-848 for production (2.12)."""
    linked = subprocess.run(["ldd", str(BINARY)], stdout=subprocess.PIPE, text=True, check=True).stdout
    library = re.search(r"librdkafka\S* => (\S+)", linked)[1]
    return ctypes.CDLL(library).rd_kafka_version() >= 0x020C00FF


def ingest_config(warehouse: Warehouse, bootstrap_servers: str, topic: str, table: str, **overrides: dict) -> dict:
    """Short waits, one topic to one table of database `lake`."""
    config = {
        "kafka": {"bootstrap_servers": bootstrap_servers, "topic": topic, "group_id": f"k2i-{topic}"},
        "buffer": {"flush_interval_seconds": 1},
        # A test's few records are there when it starts, and never as many as inference waits for.
        "schema": {"infer_timeout_ms": 1000},
        "iceberg": {"database": "lake", "table": table},
    }
    return merged(merged(config, warehouse.k2i_config()), overrides)


def total_records(warehouse: Warehouse, database: str, table: str) -> int:
    """As the table's newest snapshot says; 0 where there is no table yet."""
    catalog = warehouse.pyiceberg()
    if not catalog.table_exists((database, table)):
        return 0
    snapshot = catalog.load_table((database, table)).current_snapshot()
    return int(snapshot.summary.get("total-records", 0)) if snapshot else 0
