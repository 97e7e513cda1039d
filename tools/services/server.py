# SPDX-License-Identifier: Apache-2.0
"""The life of one server process."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from services.places import LOOPBACK, free_port

PR_SET_PDEATHSIG = 1


class ServerFailed(RuntimeError):
    """A server ended or did not become ready; the message carries the end of its log."""


def die_with_parent() -> None:
    """Runs in the child: even a test run that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A process with a folder, ports and a log. Not for use by several threads at once.

    Subclasses say how to prepare, what to run and how to ask whether it answers.
    """

    name = "server"
    ready_timeout_s = 60.0
    stop_timeout_s = 20.0

    def __init__(self, folder: Path, *, tied: bool = True):
        """`tied`: the server dies with this process. `./dev services` starts servers that outlive it."""
        self.folder = Path(folder)
        self.tied = tied
        self.process: subprocess.Popen | None = None

    # What a subclass fills in.

    def choose_ports(self) -> None:
        raise NotImplementedError

    def prepare(self) -> None:
        """Writes what the command needs. May run more than once."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def inherited_environment(self) -> dict[str, str]:
        return dict(os.environ)

    def answers(self) -> bool:
        raise NotImplementedError

    def describe(self) -> dict[str, str]:
        """What a user needs to reach it, as environment-like names and values."""
        return {}

    # The life.

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> "Server":
        """Starts on fresh ports. A port can be taken between choosing and binding: hence a second try."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for last_try in (False, True):
            self.choose_ports()
            self.prepare()
            try:
                return self.restart()
            except ServerFailed:
                if last_try or "in use" not in self.log_tail(200).lower():
                    raise
        raise AssertionError("unreachable")

    def restart(self) -> "Server":
        """Starts again on the same ports and data, after stop() or kill()."""
        assert not self.is_running(), f"{self.name} runs already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.inherited_environment() | self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent if self.tied else None,
            )
        self._wait_ready()
        return self

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + self.ready_timeout_s
        while not self.answers():
            if not self.is_running():
                raise ServerFailed(f"{self.name} ended with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.name} not ready in {self.ready_timeout_s:.0f} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Asks it to end, and ends it if it does not."""
        if not self.is_running():
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self.is_running():
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        """Stops its execution: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 40) -> str:
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()


class OnePortServer(Server):
    def choose_ports(self) -> None:
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"


class HttpServer(OnePortServer):
    """Speaks plain HTTP."""

    @property
    def endpoint(self) -> str:
        return f"http://{self.address}"
