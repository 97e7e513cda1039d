#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Modules under src/ include only what lies below them. docs/architecture.md has the same table."""

import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src"

# Module: the modules, or single headers, that it may include.
ALLOWED = {
    "base": [],
    "net": ["base"],
    "io": ["net", "base"],
    "config": ["base"],
    "iceberg": ["io", "net", "base"],
    "datafile": ["iceberg", "io", "base"],
    "kafka": ["base"],
    "progress": ["iceberg", "base", "kafka/cluster_info.h"],
    "record": ["iceberg", "base", "kafka/message.h"],
    "buffer": ["record", "base", "kafka/message.h"],
    "txlog": ["base"],
    "ingest": ["buffer", "txlog", "record", "progress", "kafka", "datafile", "iceberg", "io", "base"],
    "maintenance": ["progress", "iceberg", "datafile", "io", "base"],
    "engines": ["iceberg", "net", "io", "base"],
    "verify": ["progress", "iceberg", "datafile", "io", "base"],
    "query": ["buffer", "iceberg", "datafile", "base"],
    "server": ["base", "query/service.h", "query/hot_peers.h"],
    "cli": ["*"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([a-z_]+)/([^"]+)"')


def allowed(module: str, target: str, header: str) -> bool:
    permits = ALLOWED[module]
    return target == module or "*" in permits or target in permits or f"{target}/{header}" in permits


def is_test_support(path: str) -> bool:
    return path.endswith("_test.cc") or "_testing" in path


def below(module: str) -> set[str]:
    """Every module that can be reached downwards: a test may use the fakes of any of them."""
    found, todo = set(), [module]
    while todo:
        for permit in ALLOWED[todo.pop()]:
            name = permit.split("/")[0]
            if name not in found and name != "*":
                found.add(name)
                todo.append(name)
    return found


def violation(module: str, path: Path, target: str, header: str) -> str | None:
    if target not in ALLOWED or allowed(module, target, header):
        return None
    if is_test_support(path.name):
        if target in below(module) or is_test_support(header) and target != "cli":
            return None
    elif is_test_support(header):
        return f"{target}/{header} is for tests only"
    return f"{module} may not use {target}/{header}"


def violations_of(path: Path) -> list[str]:
    module = path.relative_to(SRC).parts[0]
    if module not in ALLOWED:
        return [f"{path}: module {module} is not in the table of tools/check_layers.py"]
    found = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        match = INCLUDE.match(line)
        message = match and violation(module, path, *match.groups())
        if message:
            found.append(f"{path.relative_to(SRC.parent)}:{number}: {message}")
    return found


def main() -> int:
    files = sorted(path for path in SRC.rglob("*") if path.suffix in (".h", ".cc") and path.parent != SRC)
    found = [line for path in files for line in violations_of(path)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
