# SPDX-License-Identifier: Apache-2.0
"""The files that lie below a table's location, and those that can be reached from the table, as PyIceberg sees it."""

import pyarrow.fs

from harness.warehouses import SqlWarehouse, Warehouse
from services import seaweedfs


def file_system(warehouse: Warehouse):
    if isinstance(warehouse, SqlWarehouse):
        return pyarrow.fs.LocalFileSystem()
    return pyarrow.fs.S3FileSystem(access_key=seaweedfs.ACCESS_KEY, secret_key=seaweedfs.SECRET_KEY, endpoint_override=warehouse.s3.endpoint.removeprefix("http://"), scheme="http", region=seaweedfs.REGION)


def path_of(location: str) -> str:
    """Spark's local locations have one slash."""
    return location.removeprefix("file://").removeprefix("file:").removeprefix("s3://")


def stored(warehouse: Warehouse, table) -> set[str]:
    selector = pyarrow.fs.FileSelector(path_of(table.location()), recursive=True)
    files = {info.path for info in file_system(warehouse).get_file_info(selector) if info.is_file}
    return {each for each in files if not each.endswith(".crc")}  # Hadoop's, beside Spark's local files


def reachable(table) -> set[str]:
    """All that any of the table's snapshots needs, statistics, and the metadata files of its log."""
    files = {table.metadata_location} | {each.metadata_file for each in table.metadata.metadata_log}
    files |= {each.statistics_path for each in table.metadata.statistics}
    files |= {snapshot.manifest_list for snapshot in table.snapshots()}
    files |= set(table.inspect.all_manifests()["path"].to_pylist())
    files |= set(table.inspect.all_files()["file_path"].to_pylist())
    return {path_of(each) for each in files}
