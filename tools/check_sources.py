#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks over all files of the checkout: licences | registries | tests COMPILE_COMMANDS."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SOURCE_SUFFIXES = {".h", ".cc", ".py", ".sh", ".cmake", ".java", ".xml"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# Which registry serves a package is the machine's business. Written so that this file does not match itself.
REGISTRIES = re.compile(
    "|".join(
        name.replace("-", r"\.")
        for name in (
            "pypi-org", "pythonhosted-org", "repo1?-maven", "maven-apache-org", "maven-org", "deb-debian-org",
            "archive-ubuntu-com", "npmjs-", "yarnpkg-com", "proxy-golang", "crates-io", "docker-io", "ghcr-io", "quay-io",
            "conda-anaconda", "rubygems-org",
        )
    )
)  # fmt: skip


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


def is_source(path: Path) -> bool:
    return path.suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt" or (not path.suffix and text_of(path).startswith("#!"))


def without_licence() -> list[str]:
    return [str(path) for path in files() if is_source(path) and LICENCE not in "\n".join(text_of(path).splitlines()[:5])]


def naming_registries() -> list[str]:
    found = []
    for path in files():
        for number, line in enumerate(text_of(path).splitlines(), start=1):
            if REGISTRIES.search(line):
                found.append(f"{path}:{number}: names a registry's host: {line.strip()[:80]}")
    return found


def unregistered_tests(compile_commands: str) -> list[str]:
    """A test that no target compiles never fails."""
    compiled = {str(Path(entry["directory"], entry["file"]).resolve()) for entry in json.loads(Path(compile_commands).read_text())}
    return [f"{path}: built by no target" for path in files() if path.name.endswith("_test.cc") and str(path) not in compiled]


def main(arguments: list[str]) -> int:
    checks = {"licences": without_licence, "registries": naming_registries, "tests": unregistered_tests}
    found = checks[arguments[0]](*arguments[1:])
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
