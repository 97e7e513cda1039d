# SPDX-License-Identifier: Apache-2.0
"""flight_fake_server: K2I's Flight server over fixed tables (src/server/flight/fixed_tables_testing.h)."""

import subprocess

from harness.k2i_process import TEST_PROGRAMS

FAKE_SERVER = TEST_PROGRAMS / "tests" / "flight_fake_server"


class FakeFlightServer:
    def __init__(self):
        self._process = subprocess.Popen([str(FAKE_SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        assert line, f"{FAKE_SERVER} did not start"
        self.port = int(line)
        self.uri = f"grpc://127.0.0.1:{self.port}"

    def append_number(self) -> None:
        """One more row of lake.numbers for those that follow it."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def stop(self) -> int:
        """The exit code. Open streams are cut off; that takes seconds at most."""
        self._process.stdin.close()
        try:
            return self._process.wait(timeout=15)
        finally:
            self._process.kill()
