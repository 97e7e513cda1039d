# SPDX-License-Identifier: Apache-2.0
"""./dev services up [--secured] NAME… | down [NAME…] | status      NAME: kafka, kafka39, moto, rest, s3, gcs, azure"""

import argparse
import shutil
import sys
from types import SimpleNamespace

from services import Azure, Gcs, IcebergRest, Kafka, Moto, S3, Server, ServerFailed, records

# In the order of starting: the REST catalog keeps its tables in the S3 store where there is one.
NAMES = ("kafka", "kafka39", "moto", "s3", "gcs", "azure", "rest")
EX_USAGE = 64


def running_s3():
    record = records.read("s3")
    if not record or not records.process(record):
        return None
    return SimpleNamespace(endpoint=record["reach"]["K2I_STORAGE_ENDPOINT"], bucket="my-bucket")


def make(name: str, secured: bool) -> Server:
    folder = records.FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    if name == "kafka":
        return Kafka(folder, secured=secured, tied=False)
    if name == "kafka39":
        return Kafka(folder, version="3.9.2", secured=secured, tied=False)
    if name == "moto":
        return Moto(folder, tied=False)
    if name == "s3":
        return S3(folder, tied=False)
    if name == "gcs":
        return Gcs(folder, tied=False)
    if name == "azure":
        return Azure(folder, tied=False)
    return IcebergRest(folder, s3=running_s3(), tied=False)


def show(record: dict) -> None:
    state = f"pid {record['pid']}" if records.process(record) else "not running"
    print(f"# {record['name']}: {state}, log {record['log']}")
    for key, value in record["reach"].items():
        print(f"{key}={value}")


def up(names: list[str], secured: bool) -> int:
    records.FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sorted(names, key=NAMES.index):
        record = records.read(name)
        if not record or not records.process(record):
            record = records.write(name, make(name, secured).start())
        show(record)
    return 0


def down(names: list[str]) -> int:
    for name in names or reversed(records.names()):
        record = records.read(name)
        if record:
            records.stop(record)
            print(f"# {name}: stopped")
    return 0


def status(names: list[str]) -> int:
    for name in names or records.names():
        record = records.read(name)
        show(record) if record else print(f"# {name}: not started")
    return 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev services", description="Servers on loopback for trying K2I by hand.")
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--secured", action="store_true", help="Kafka with SASL_PLAINTEXT and SASL_SSL listeners too")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(NAMES)
    if unknown or (given.action == "up" and not given.names):
        parser.print_usage(sys.stderr)
        print(f"name some of: {', '.join(NAMES)}", file=sys.stderr)
        return EX_USAGE
    try:
        if given.action == "up":
            return up(given.names, given.secured)
        return down(given.names) if given.action == "down" else status(given.names)
    except ServerFailed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
