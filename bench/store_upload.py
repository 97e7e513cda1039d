# SPDX-License-Identifier: Apache-2.0
"""Upload throughput to local disk and, on this machine, SeaweedFS, fake-gcs-server and Azurite (bench/store_bench.cc)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services import S3, Azure, Gcs, azurite, seaweedfs
from services.places import ROOT


def main() -> int:
    build = ROOT / "build"
    with tempfile.TemporaryDirectory(dir=build, prefix="store-bench-") as name:
        folder = Path(name)
        with S3(folder / "s3") as s3, Gcs(folder / "gcs") as gcs, Azure(folder / "azure") as azure:
            servers = {
                "K2I_BENCH_DIR": name,
                "K2I_TEST_S3_ENDPOINT": s3.endpoint,
                "K2I_TEST_S3_BUCKET": s3.bucket,
                "K2I_TEST_S3_KEY": seaweedfs.ACCESS_KEY,
                "K2I_TEST_S3_SECRET": seaweedfs.SECRET_KEY,
                "K2I_TEST_GCS_ENDPOINT": gcs.endpoint,
                "K2I_TEST_GCS_BUCKET": gcs.bucket,
                "K2I_TEST_AZURE_ENDPOINT": azure.endpoint,
                "K2I_TEST_AZURE_CONTAINER": azure.container,
                "K2I_TEST_AZURE_ACCOUNT": azurite.ACCOUNT,
                "K2I_TEST_AZURE_KEY": azurite.ACCOUNT_KEY,
            }
            program = build / "release" / "bench" / "store_bench"
            return subprocess.run([str(program), *sys.argv[1:]], env=os.environ | servers).returncode


if __name__ == "__main__":
    sys.exit(main())
