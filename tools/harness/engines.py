# SPDX-License-Identifier: Apache-2.0
"""Engines as commands of their own, beside the JVM that the tests read with."""

import importlib.util
from pathlib import Path

from harness.warehouses import CATALOG, Warehouse
from services.places import JAVA, LOOPBACK


def spark_sql_command(warehouse: Warehouse, folder: Path) -> list[str]:
    """spark-sql whose catalog is this warehouse, as `maintenance.spark.command` takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(importlib.util.find_spec("pyspark").origin).parent / "bin" / "spark-sql"
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "700m",
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.driver.extraJavaOptions": f"-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dderby.system.home={folder}",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
    }
    settings |= {f"spark.sql.catalog.{CATALOG}.{name}": value for name, value in warehouse.spark_options().items()}
    jars = ",".join(str(path) for path in sorted((JAVA / "spark").glob("*.jar")))
    confs = [argument for name, value in settings.items() for argument in ("--conf", f"{name}={value}")]
    return ["env", f"SPARK_LOCAL_IP={LOOPBACK}", str(program), "--master", "local[1]", "--jars", jars, *confs]
