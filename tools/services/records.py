# SPDX-License-Identifier: Apache-2.0
"""What `./dev services up` started: one JSON file a server, so that a later `down` stops that and nothing else."""

import json
from pathlib import Path

import psutil

from services.places import ROOT
from services.server import Server

FOLDER = ROOT / "build" / "services"


def _path(name: str) -> Path:
    return FOLDER / f"{name}.json"


def write(name: str, server: Server) -> dict:
    record = {
        "name": name,
        "pid": server.pid,
        # Pids are given out again: the start time tells our process from a stranger with its number.
        "started": psutil.Process(server.pid).create_time(),
        "reach": server.describe(),
        "log": str(server.log_path),
    }
    _path(name).write_text(json.dumps(record, indent=2) + "\n")
    return record


def read(name: str) -> dict | None:
    return json.loads(_path(name).read_text()) if _path(name).exists() else None


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def process(record: dict) -> psutil.Process | None:
    """The recorded process if it still runs."""
    try:
        found = psutil.Process(record["pid"])
        return found if abs(found.create_time() - record["started"]) < 0.01 else None
    except psutil.NoSuchProcess:
        return None


def stop(record: dict, timeout_s: float = 20) -> None:
    found = process(record)
    if found:
        found.terminate()
        try:
            found.wait(timeout_s)
        except psutil.TimeoutExpired:
            found.kill()
            found.wait()
    _path(record["name"]).unlink(missing_ok=True)
