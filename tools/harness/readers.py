# SPDX-License-Identifier: Apache-2.0
"""Other people's Iceberg readers. Each read_* returns all rows of a table as rows.py says."""

import datetime
import importlib.util
import os
from pathlib import Path

import duckdb

from harness import rows
from harness.warehouses import CATALOG, Warehouse
from services.places import JAVA, LOOPBACK


def read_pyiceberg(warehouse: Warehouse, database: str, table: str) -> list[dict]:
    return rows.from_arrow(warehouse.pyiceberg().load_table((database, table)).scan().to_arrow())


def _duckdb_extension(name: str) -> Path:
    package = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    return next(package.rglob(f"{name}.duckdb_extension"))


def duckdb_connection() -> duckdb.DuckDBPyConnection:
    """With its Iceberg extension from the virtual environment; nothing is fetched from anywhere."""
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config=offline)
    for extension in ("avro", "httpfs", "iceberg"):
        connection.execute(f"LOAD '{_duckdb_extension(extension)}'")
    return connection


def read_duckdb(warehouse: Warehouse, database: str, table: str) -> list[dict]:
    with duckdb_connection() as connection:
        relation = warehouse.duckdb_relation(connection, database, table)
        return rows.from_arrow(connection.execute(f"SELECT * FROM {relation}").arrow().read_all())


class Spark:
    """One JVM for the whole run; each table is reached through a session with a catalog of its own."""

    def __init__(self, folder: Path, java_options: str = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"):
        # Before the JVM starts: it would look for an address of this machine's on the network.
        os.environ["SPARK_LOCAL_IP"] = LOOPBACK
        from pyspark.sql import SparkSession

        drivers = (JAVA / "hive-4.0.1" / "lib").glob("postgresql-*.jar")
        jars = ",".join(str(path) for path in [*sorted((JAVA / "spark").glob("*.jar")), *drivers])
        builder = SparkSession.builder.master("local[1]").config("spark.jars", jars)
        for name, value in {
            "spark.ui.enabled": "false",
            "spark.driver.memory": "900m",
            "spark.driver.bindAddress": LOOPBACK,
            "spark.driver.host": LOOPBACK,
            "spark.driver.extraJavaOptions": java_options,
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
            "spark.local.dir": str(folder / "spark-local"),
            "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        }.items():
            builder = builder.config(name, value)
        self._root = builder.getOrCreate()
        self._root.sparkContext.setLogLevel("ERROR")

    def session(self, warehouse: Warehouse):
        """A session whose catalog `k2i` is this warehouse. The name matters: it is part of a JDBC catalog's keys."""
        session = self._root.newSession()
        options = {"": "org.apache.iceberg.spark.SparkCatalog", ".cache-enabled": "false"}
        options |= {f".{name}": value for name, value in warehouse.spark_options().items()}
        for name, value in options.items():
            session.conf.set(f"spark.sql.catalog.{CATALOG}{name}", value)
        return session

    def stop(self) -> None:
        self._root.stop()


def _from_spark(value, data_type):
    """Spark's timestamps lose their zone in Python; its types tell which had one."""
    from pyspark.sql import types

    if value is None:
        return None
    if isinstance(data_type, types.StructType):
        return {field.name: _from_spark(value[field.name], field.dataType) for field in data_type.fields}
    if isinstance(data_type, types.ArrayType):
        return [_from_spark(each, data_type.elementType) for each in value]
    if isinstance(data_type, types.MapType):
        return {key: _from_spark(each, data_type.valueType) for key, each in value.items()}
    if isinstance(data_type, types.TimestampType):
        return value.astimezone(datetime.timezone.utc)
    return rows.plain(value)


def spark_rows(frame) -> list[dict]:
    return rows.in_order([_from_spark(row, frame.schema) for row in frame.collect()])


def read_spark(spark: Spark, warehouse: Warehouse, database: str, table: str) -> list[dict]:
    return spark_rows(spark.session(warehouse).table(f"{CATALOG}.{database}.{table}"))
