# SPDX-License-Identifier: Apache-2.0
"""A disk that fails when told to, for one folder of one process."""

import subprocess
from pathlib import Path


def build_library(folder: Path) -> Path:
    library = folder / "disk_fault.so"
    source = Path(__file__).with_name("disk_fault.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


class FailingDisk:
    def __init__(self, library: Path, failing: Path):
        self.library, self.failing = library, failing
        self.switch = library.with_name(f"disk-{failing.parent.name}-{failing.name}")
        self.set("ok")

    def set(self, word: str) -> None:
        """ok, eio, enospc or nosync."""
        self.switch.write_text(word)

    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "K2I_FAULT_SWITCH": str(self.switch), "K2I_FAULT_DIR": str(self.failing)}
