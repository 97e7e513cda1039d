# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, as the system's package has it, with a fresh cluster."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from services.places import LOOPBACK
from services.server import OnePortServer, ServerFailed

# They guard nothing.
USER, PASSWORD = "k2i", "k2i-secret"


def programs() -> Path:
    """The folder of the newest version: Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("no PostgreSQL: run ./dev setup")
    return found[-1].parent


class Postgres(OnePortServer):
    """PostgreSQL refuses to run as root; where we are root, it runs as its package's own user."""

    name = "postgres"

    def __init__(self, folder: Path, **options):
        super().__init__(folder, **options)
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        # Below the folder of a test run that user would find no way.
        self.data = Path(tempfile.mkdtemp(prefix="k2i-postgres-")) if self.as_user else self.folder / "data"

    def uri(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}:{PASSWORD}@{self.address}/{database}"

    def describe(self) -> dict[str, str]:
        return {"K2I_ICEBERG_SQL_URI": self.uri()}

    def prepare(self) -> None:
        self.data.mkdir(exist_ok=True)
        shutil.rmtree(self.data / "cluster", ignore_errors=True)
        password = self.data / "password"
        password.write_text(PASSWORD)
        if self.as_user:
            for each in (self.data, password):
                os.chown(each, pwd.getpwnam("postgres").pw_uid, -1)
        initdb = [programs() / "initdb", "-D", self.data / "cluster", "-U", USER, "-A", "scram-sha-256", "-N"]
        initdb += ["-E", "UTF8", "--no-locale", f"--pwfile={password}"]
        done = subprocess.run([*self.as_user, *map(str, initdb)], cwd="/", capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"initdb: {done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        # Changing the user takes the promise to die with the parent back.
        tied = ["--pdeathsig=KILL"] if self.as_user and self.tied else []
        settings = ["-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories=", "-c", "fsync=on"]
        settings += ["-c", "shared_buffers=16MB", "-c", "max_connections=300"]
        program = [str(programs() / "postgres"), "-D", str(self.data / "cluster"), "-p", str(self.port)]
        return [*self.as_user, *tied, *program, *settings]

    def answers(self) -> bool:
        ready = [str(programs() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "1"]
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1):
                return subprocess.run(ready).returncode == 0
        except OSError:
            return False

    def psql(self, sql: str, database: str = "postgres") -> str:
        """What the server answers, unaligned and without headings."""
        command = [str(programs() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, self.uri(database)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def stop(self) -> None:
        """SIGTERM would wait for clients that stay connected; SIGINT does not."""
        if self.is_running():
            self.process.send_signal(2)
        super().stop()
        if self.as_user:
            shutil.rmtree(self.data, ignore_errors=True)
