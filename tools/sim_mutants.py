#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/sim_mutants.py [SEEDS] [--only TEXT]: breaks a copy of the product in each way that tests/sim/mutants.toml lists,
and shows the seed at which the simulator notices. Fails when one is not noticed within SEEDS (3000) seeds. --texts: looks
only whether the texts that they replace are in the product, as ./dev check does."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREE = ROOT / "build" / "mutants"
COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "src", "bench", "tests", "tools"]


def run(command: list[str], **more) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def copy_sources() -> None:
    """Only what has changed, so that what was built stays built."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *COPIED], cwd=ROOT).stdout.split("\0")
    wanted = {name for name in listed if name and (ROOT / name).is_file()}
    for name in wanted:
        source, copy = ROOT / name, TREE / name
        if copy.is_file() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    for folder in COPIED:
        for path in (TREE / folder).rglob("*"):
            if path.is_file() and str(path.relative_to(TREE)) not in wanted:
                path.unlink()
    deps = TREE / ".deps"
    if not deps.exists():
        deps.symlink_to(os.environ.get("K2I_DEPS") or (ROOT / ".deps").resolve())


def build() -> subprocess.CompletedProcess:
    environment = os.environ | {"CCACHE_BASEDIR": str(TREE), "CCACHE_NOHASHDIR": "1"}
    if not (TREE / "build/release/build.ninja").exists():
        run(["cmake", "--preset", "release"], cwd=TREE, env=environment).check_returncode()
    return run(["ninja", "-C", "build/release", "k2i_sim"], cwd=TREE, env=environment)


def mutated(mutant: dict, tree: Path) -> dict[Path, str]:
    """The files of `tree` that it changes, as it has them."""
    texts: dict[Path, str] = {}
    for edit in mutant["edit"]:
        path = tree / edit["file"]
        text = texts.get(path) or path.read_text()
        if text.count(edit["find"]) != 1:
            raise SystemExit(f"mutant '{mutant['name']}': its text stands {text.count(edit['find'])} times in {edit['file']}:\n{edit['find']}")
        texts[path] = text.replace(edit["find"], edit["replace"])
    return texts


class Mutation:
    """The edits of one mutant, made on entry and taken back on exit."""

    def __init__(self, mutant: dict):
        self.mutant = mutant
        self.originals: dict[Path, str] = {}

    def __enter__(self):
        texts = mutated(self.mutant, TREE)
        self.originals = {path: path.read_text() for path in texts}
        for path, text in texts.items():
            path.write_text(text)
        return self

    def __exit__(self, *_):
        for path, text in self.originals.items():
            path.write_text(text)


def hunt(seeds: int) -> str:
    """What the mutated simulator says: 'seed 12 breaks row-twice: …', or nothing."""
    try:
        ran = run(["build/release/tests/sim/k2i_sim", "--until-caught", str(seeds)], cwd=TREE, timeout=600)
    except subprocess.TimeoutExpired:
        return "seed ? breaks hang: no end within ten minutes"
    if ran.returncode not in (0, 1):
        return f"seed ? breaks crash: exit code {ran.returncode}"
    return ran.stdout.strip()


def judge(mutant: dict, seeds: int) -> tuple[str, bool]:
    with Mutation(mutant):
        built = build()
        if built.returncode != 0:
            errors = [line for line in built.stdout.splitlines() if "error" in line][:3]
            return "does not build: " + " ".join(errors), False
        said = hunt(seeds)
    found = re.match(r"seed (\S+) breaks ([\w-]+)", said)
    if not found:
        return f"SURVIVED {seeds} seeds", False
    return f"seed {found[1]:>5}  {found[2]}", True


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev sim --mutants")
    parser.add_argument("seeds", type=int, nargs="?", default=3000)
    parser.add_argument("--only", default="", help="mutants whose name holds this text")
    parser.add_argument("--texts", action="store_true", help="nothing is built or run")
    arguments = parser.parse_args()
    mutants = tomllib.loads((ROOT / "tests/sim/mutants.toml").read_text())["mutant"]
    mutants = [mutant for mutant in mutants if arguments.only in mutant["name"]]
    for mutant in mutants:  # a text that has moved is told before anything is built
        mutated(mutant, ROOT)
    if arguments.texts:
        return 0
    copy_sources()
    if (built := build()).returncode != 0:
        print(built.stdout[-3000:])
        return 1
    if said := hunt(min(arguments.seeds, 300)):
        print(f"without any mutation: {said}")
        return 1
    survivors = 0
    started = time.monotonic()
    for mutant in mutants:
        verdict, caught = judge(mutant, arguments.seeds)
        survivors += not caught
        print(f"{mutant['name']:<58} {verdict}", flush=True)
    print(f"\n{len(mutants)} mutants in {time.monotonic() - started:.0f} s, {survivors} not caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
