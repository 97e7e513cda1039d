# SPDX-License-Identifier: Apache-2.0
"""Upload throughput to local disk and, on this machine, SeaweedFS, fake-gcs-server and Azurite (bench/store_bench.cc)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.store_servers import store_environment
from services import S3, Azure, Gcs
from services.places import ROOT


def main() -> int:
    build = ROOT / "build"
    with tempfile.TemporaryDirectory(dir=build, prefix="store-bench-") as name:
        folder = Path(name)
        with S3(folder / "s3") as s3, Gcs(folder / "gcs") as gcs, Azure(folder / "azure") as azure:
            servers = store_environment(s3, gcs, azure) | {"K2I_BENCH_DIR": name}
            program = build / "release" / "bench" / "store_bench"
            return subprocess.run([str(program), *sys.argv[1:]], env=os.environ | servers).returncode


if __name__ == "__main__":
    sys.exit(main())
