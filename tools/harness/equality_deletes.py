# SPDX-License-Identifier: Apache-2.0
"""Equality delete files, which Spark reads but does not write: by Iceberg's own Java writers, in Spark's JVM."""

from harness.readers import Spark
from harness.warehouses import CATALOG, Warehouse


def _ints(jvm, gateway, values: list[int]):
    array = gateway.new_array(jvm.int, len(values))
    for index, value in enumerate(values):
        array[index] = value
    return array


def _load(jvm, session, name: str):
    """Catalogs are found by the settings of the session that is active."""
    sessions = jvm.org.apache.spark.sql.SparkSession
    sessions.setActiveSession(session._jsparkSession)
    try:
        catalog = session._jsparkSession.sessionState().catalogManager().catalog(CATALOG).icebergCatalog()
        return catalog.loadTable(jvm.org.apache.iceberg.catalog.TableIdentifier.parse(name))
    finally:
        sessions.clearActiveSession()


def delete_where_equal(
    spark: Spark, warehouse: Warehouse, name: str, rows: list[dict], partition: str | None = None, spec_id: int | None = None
) -> None:
    """Commits one equality delete file of `rows`, all with the same columns, in a partition ("a=1/b=2") of a spec
    (the present one). py4j makes an int of every number below 2^31: those of long columns are to be larger."""
    session = spark.session(warehouse)
    context = session.sparkContext
    jvm, gateway = context._jvm, context._gateway
    iceberg = jvm.org.apache.iceberg
    table = _load(jvm, session, name)
    spec = table.spec() if spec_id is None else table.specs().get(spec_id)
    columns = list(rows[0])
    schema = table.schema().select(columns)
    ids = _ints(jvm, gateway, [schema.findField(column).fieldId() for column in columns])
    values = iceberg.DataFiles.data(spec, partition) if partition else None

    factory = iceberg.data.GenericAppenderFactory(table.schema(), spec, ids, schema, None)
    files = iceberg.io.OutputFileFactory.builderFor(table, 1, 1).format(iceberg.FileFormat.PARQUET).build()
    writer = factory.newEqDeleteWriter(files.newOutputFile(spec, values), iceberg.FileFormat.PARQUET, values)
    record = iceberg.data.GenericRecord.create(schema)
    for row in rows:
        filled = record.copy()
        for column, value in row.items():
            filled.setField(column, value)
        writer.write(filled)
    writer.close()
    table.newRowDelta().addDeletes(writer.toDeleteFile()).commit()
