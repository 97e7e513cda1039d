# SPDX-License-Identifier: Apache-2.0
"""./dev bench catalogs [--commits N] [--snapshots N] [NAME…]: how long commits take through each catalog.

The program catalog_commit makes the commits, through K2I's own catalogs, against servers on this machine. Prints figures and
judges nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from harness import toml_text
from harness.k2i_process import BINARY
from harness.warehouses import GlueWarehouse, HiveWarehouse, PostgresWarehouse, RestWarehouse, SqlWarehouse
from ingest_throughput import machine
from services import S3, HiveMetastore, IcebergRest, Moto, Postgres

NAMES = ("sqlite", "postgres", "rest", "rest+s3", "hive3", "hive4", "hive4+s3", "glue")


def warehouse(name: str, folder: Path, servers: ExitStack):
    """Starts what the catalog needs."""
    kind, _, store = name.partition("+")
    s3 = servers.enter_context(S3(folder / f"{name}-s3")) if store else None
    if kind == "sqlite":
        return SqlWarehouse(folder / name)
    if kind == "rest":
        return RestWarehouse(servers.enter_context(IcebergRest(folder / name, s3=s3)))
    if kind == "glue":
        return GlueWarehouse(servers.enter_context(Moto(folder / name)))
    postgres = None if kind == "hive3" else servers.enter_context(Postgres(folder / f"{name}-postgres"))
    if kind == "postgres":
        return PostgresWarehouse(postgres, "bench", folder / name)
    version = {"hive3": "3.1.3", "hive4": "4.0.1"}[kind]
    return HiveWarehouse(servers.enter_context(HiveMetastore(folder / name, version=version, postgres=postgres, s3=s3)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench catalogs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--snapshots", type=int, default=100, help="so many the table has all the while")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there are {', '.join(NAMES)}, not {', '.join(sorted(unknown))}")
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    print(f"machine  {machine()}", flush=True)
    try:
        for name in given.names or NAMES:
            with ExitStack() as servers:
                where = warehouse(name, folder, servers)
                config = where.k2i_config() | {"kafka": {"bootstrap_servers": "none:1", "topic": "none"}}
                config["iceberg"] |= {"database": "bench", "table": "commits"}
                (folder / f"{name}.toml").write_text(toml_text.to_toml(config))
                command = [str(BINARY.parent / "bench" / "catalog_commit"), str(given.commits), str(given.snapshots), f"{name}.toml"]
                subprocess.run(command, cwd=folder, env=os.environ | where.environment(), check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
