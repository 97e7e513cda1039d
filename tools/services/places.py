# SPDX-License-Identifier: Apache-2.0
"""Where things lie in the checkout, and free ports on loopback."""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = Path(os.environ.get("K2I_DEPS") or ROOT / ".deps")
JAVA = DEPS / "java"
LOOPBACK = "127.0.0.1"

# Small servers that start fast matter more here than peak speed.
JVM_FLAGS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


# Below the ports that the kernel gives to whoever connects (ip_local_port_range): a server's port may be free when it is chosen and be a
# connection's when it listens. Each worker of pytest-xdist has ports of its own, and so has who is none.
FIRST_PORT, PORTS_OF_ONE, SHARES = 11_000, 2_500, 8


def _own_ports() -> Iterator[int]:
    """In an order of chance, each again only after all others: who has been given one may not listen yet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    share = int(worker.removeprefix("gw")) % (SHARES - 1) if worker else SHARES - 1
    ports = list(range(FIRST_PORT + share * PORTS_OF_ONE, FIRST_PORT + (share + 1) * PORTS_OF_ONE))
    random.shuffle(ports)
    return itertools.cycle(ports)


_candidates = _own_ports()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports free at this moment."""
    tried = itertools.islice(_candidates, 4 * PORTS_OF_ONE)
    ports = list(itertools.islice((port for port in tried if _is_free(port)), count))
    if len(ports) < count:
        raise RuntimeError(f"no {count} ports are free from {FIRST_PORT} on")
    return ports


def free_port() -> int:
    return free_ports(1)[0]


def class_path(name: str) -> str:
    folder = JAVA / name
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: run ./dev setup")
    return f"{folder}/*"
