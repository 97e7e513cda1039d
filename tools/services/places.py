# SPDX-License-Identifier: Apache-2.0
"""Where things lie in the checkout, and free ports on loopback."""

import os
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = Path(os.environ.get("K2I_DEPS") or ROOT / ".deps")
JAVA = DEPS / "java"
LOOPBACK = "127.0.0.1"

# Small servers that start fast matter more here than peak speed.
JVM_FLAGS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Ports free at this moment, none of which this process has been given before: who has one may not listen yet."""
    sockets: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            sockets.append(socket.socket())
            sockets[-1].bind((LOOPBACK, 0))
            port = sockets[-1].getsockname()[1]
            if port not in _given:
                ports.append(port)
    finally:
        for each in sockets:
            each.close()
    _given.update(ports)
    return ports


def free_port() -> int:
    return free_ports(1)[0]


def class_path(name: str) -> str:
    folder = JAVA / name
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: run ./dev setup")
    return f"{folder}/*"
