# SPDX-License-Identifier: Apache-2.0
"""Where tables lie, and how K2I and each of the readers reach them."""

import re
from datetime import timedelta
from pathlib import Path

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.hive import HiveCatalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog

from services import S3, Azure, Gcs, HiveMetastore, IcebergRest, Moto, Postgres, azurite, moto, postgres, seaweedfs
from services.kdc import REALM


CATALOG = "k2i"
# Its other way in wants packages for each cloud.
ARROW_IO = {"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}


def duckdb_scan(catalog: Catalog, database: str, table: str) -> str:
    """For catalogs that DuckDB does not know: it reads the table from its metadata file."""
    location = catalog.load_table((database, table)).metadata_location
    return f"iceberg_scan('{location.removeprefix('file://')}')"


def let_duckdb_read(connection: duckdb.DuckDBPyConnection, endpoint: str, key: str, secret: str) -> None:
    """The files in that S3 store."""
    connection.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', ENDPOINT '{endpoint.removeprefix('http://')}',"
        f" URL_STYLE 'path', USE_SSL false, REGION '{seaweedfs.REGION}')"
    )


class SqlWarehouse:
    """K2I's own default: a SQLite catalog and a local folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def database_path(self) -> Path:
        return self.folder / "catalog.db"

    def k2i_config(self) -> dict:
        return {"iceberg": {"catalog_type": "sql", "warehouse": str(self.folder)}}

    def environment(self) -> dict[str, str]:
        return {}

    def pyiceberg(self) -> Catalog:
        return SqlCatalog(CATALOG, uri=f"sqlite:///{self.database_path}", warehouse=f"file://{self.folder}")

    def spark_options(self) -> dict[str, str]:
        return {
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "uri": f"jdbc:sqlite:{self.database_path}",
            "warehouse": f"file://{self.folder}",
            "jdbc.schema-version": "V1",
        }

    def duckdb_relation(self, connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
        return duckdb_scan(self.pyiceberg(), database, table)


class RestWarehouse:
    """The reference REST catalog, over local files or S3 as the server was started."""

    def __init__(self, rest: IcebergRest):
        self.rest = rest
        self.s3: S3 | None = rest.s3

    def k2i_config(self) -> dict:
        config = {"iceberg": {"catalog_type": "rest", "rest_uri": self.rest.uri, "warehouse": self.rest.warehouse}}
        if self.s3:
            storage = {"type": "s3", "bucket": self.s3.bucket, "region": seaweedfs.REGION, "endpoint": self.s3.endpoint}
            config["storage"] = storage
        return config

    def environment(self) -> dict[str, str]:
        if not self.s3:
            return {}
        return {"AWS_ACCESS_KEY_ID": seaweedfs.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": seaweedfs.SECRET_KEY}

    def _s3_options(self) -> dict[str, str]:
        if not self.s3:
            return {}
        return {
            "s3.endpoint": self.s3.endpoint,
            "s3.access-key-id": seaweedfs.ACCESS_KEY,
            "s3.secret-access-key": seaweedfs.SECRET_KEY,
        }

    def pyiceberg(self) -> Catalog:
        s3 = {"s3.region": seaweedfs.REGION} | self._s3_options() if self.s3 else {}
        return RestCatalog(CATALOG, uri=self.rest.uri, warehouse=self.rest.warehouse, **s3)

    def spark_options(self) -> dict[str, str]:
        options = {"type": "rest", "uri": self.rest.uri, "warehouse": self.rest.warehouse}
        if self.s3:
            io = {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "s3.path-style-access": "true"}
            options |= io | {"client.region": seaweedfs.REGION} | self._s3_options()
        return options

    def duckdb_relation(self, connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
        if self.s3:
            let_duckdb_read(connection, self.s3.endpoint, seaweedfs.ACCESS_KEY, seaweedfs.SECRET_KEY)
        connection.execute(
            f"ATTACH '{self.rest.warehouse}' AS lake (TYPE iceberg, ENDPOINT '{self.rest.uri}', AUTHORIZATION_TYPE 'none')"
        )
        return f"lake.{database}.{table}"


class GlueWarehouse:
    """AWS Glue, with the files in `s3`, another store, or in the server's own."""

    def __init__(self, server: Moto, s3: S3 | None = None):
        self.server = server
        self.store = s3 or server
        self.keys = (seaweedfs.ACCESS_KEY, seaweedfs.SECRET_KEY) if s3 else (moto.ACCESS_KEY, moto.SECRET_KEY)

    @property
    def warehouse(self) -> str:
        return f"s3://{self.store.bucket}/glue"

    def k2i_config(self) -> dict:
        iceberg = {"catalog_type": "glue", "warehouse": self.warehouse, "aws_region": moto.REGION}
        storage = {"type": "s3", "bucket": self.store.bucket, "endpoint": self.store.endpoint}
        return {"iceberg": iceberg | {"glue": {"endpoint": self.server.endpoint}}, "storage": storage}

    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.keys[0], "AWS_SECRET_ACCESS_KEY": self.keys[1]}

    def pyiceberg(self) -> Catalog:
        return GlueCatalog(
            CATALOG,
            **{
                "glue.endpoint": self.server.endpoint,
                "glue.region": moto.REGION,
                "glue.access-key-id": self.keys[0],
                "glue.secret-access-key": self.keys[1],
                "s3.endpoint": self.store.endpoint,
                "s3.region": moto.REGION,
                "s3.access-key-id": self.keys[0],
                "s3.secret-access-key": self.keys[1],
                "warehouse": self.warehouse,
            },
        )

    def duckdb_relation(self, connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
        let_duckdb_read(connection, self.store.endpoint, *self.keys)
        return duckdb_scan(self.pyiceberg(), database, table)


class GcsWarehouse:
    """A SQLite catalog on local disk, and the files in a bucket of Google Cloud Storage."""

    def __init__(self, folder: Path, gcs: Gcs):
        self.folder, self.gcs = folder, gcs
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def location(self) -> str:
        return self.gcs.warehouse

    def k2i_config(self) -> dict:
        iceberg = {"catalog_type": "sql", "warehouse": self.location, "sql": {"uri": str(self.folder / "catalog.db")}}
        storage = {"type": "gcs", "bucket": self.gcs.bucket, "endpoint": self.gcs.endpoint, "gcs": {"credential": "anonymous"}}
        return {"iceberg": iceberg, "storage": storage}

    def environment(self) -> dict[str, str]:
        return {}

    def pyiceberg_io(self) -> dict[str, str]:
        # Any token: without one PyArrow asks Google's own machines who it is.
        return ARROW_IO | {"gcs.service.host": self.gcs.endpoint, "gcs.oauth2.token": "any", "gcs.oauth2.token-expires-at": "4102444800000"}

    def pyiceberg(self) -> Catalog:
        return SqlCatalog(CATALOG, uri=f"sqlite:///{self.folder / 'catalog.db'}", warehouse=self.location, **self.pyiceberg_io())

    def fetch(self, location: str) -> bytes:
        """By plain HTTP."""
        return self.gcs.read(location.removeprefix(f"gs://{self.gcs.bucket}/"))


class AzureWarehouse:
    """A SQLite catalog on local disk, and the files in a container of Azure Storage."""

    def __init__(self, folder: Path, azure: Azure, credential: str = "account_key"):
        self.folder, self.azure, self.credential = folder, azure, credential
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def location(self) -> str:
        # PyIceberg takes no account from a location.
        return f"abfss://{self.azure.container}/warehouse"

    def k2i_config(self) -> dict:
        iceberg = {"catalog_type": "sql", "warehouse": self.location, "sql": {"uri": str(self.folder / "catalog.db")}}
        azure = {"account": azurite.ACCOUNT, "credential": self.credential}
        if self.credential == "sas":
            azure["sas_token"] = self.azure.sas_token(timedelta(hours=2))
        else:
            azure["account_key"] = azurite.ACCOUNT_KEY
        storage = {"type": "azure", "bucket": self.azure.container, "endpoint": self.azure.endpoint, "azure": azure}
        return {"iceberg": iceberg, "storage": storage}

    def environment(self) -> dict[str, str]:
        return {}

    def pyiceberg_io(self) -> dict[str, str]:
        authority = self.azure.endpoint.removeprefix("http://")
        io = ARROW_IO | {"adls.account-name": azurite.ACCOUNT, "adls.account-key": azurite.ACCOUNT_KEY}
        io |= {f"adls.{service}-storage-authority": authority for service in ("blob", "dfs")}
        return io | {f"adls.{service}-storage-scheme": "http" for service in ("blob", "dfs")}

    def pyiceberg(self) -> Catalog:
        return SqlCatalog(CATALOG, uri=f"sqlite:///{self.folder / 'catalog.db'}", warehouse=self.location, **self.pyiceberg_io())

    def fetch(self, location: str) -> bytes:
        """By plain HTTP."""
        return self.azure.read(re.sub(r"^abfss://([^@/]+)(@[^/]+)?", r"\1", location))


def s3_storage(s3: S3 | None) -> dict:
    if not s3:
        return {}
    return {"storage": {"type": "s3", "bucket": s3.bucket, "region": seaweedfs.REGION, "endpoint": s3.endpoint}}


def s3_environment(s3: S3 | None) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": seaweedfs.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": seaweedfs.SECRET_KEY} if s3 else {}


def s3_options(s3: S3 | None) -> dict[str, str]:
    """As PyIceberg and Iceberg's Java library name them."""
    if not s3:
        return {}
    return {"s3.endpoint": s3.endpoint, "s3.access-key-id": seaweedfs.ACCESS_KEY, "s3.secret-access-key": seaweedfs.SECRET_KEY}


class PostgresWarehouse:
    """The SQL catalog in PostgreSQL, and a local folder. A database of its own each."""

    def __init__(self, postgres: Postgres, database: str, folder: Path):
        self.postgres = postgres
        self.database = database
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        postgres.psql(f"CREATE DATABASE {database}")

    def k2i_config(self) -> dict:
        sql = {"uri": f"jdbc:postgresql://{self.postgres.address}/{self.database}", "user": postgres.USER}
        sql["password"] = {"env": "CATALOG_PASSWORD"}
        return {"iceberg": {"catalog_type": "sql", "warehouse": str(self.folder), "sql": sql}}

    def environment(self) -> dict[str, str]:
        return {"CATALOG_PASSWORD": postgres.PASSWORD}

    def pyiceberg(self) -> Catalog:
        uri = self.postgres.uri(self.database).replace("postgresql://", "postgresql+psycopg2://")
        return SqlCatalog(CATALOG, uri=uri, warehouse=f"file://{self.folder}")

    def spark_options(self) -> dict[str, str]:
        return {
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "uri": f"jdbc:postgresql://{self.postgres.address}/{self.database}",
            "jdbc.user": postgres.USER,
            "jdbc.password": postgres.PASSWORD,
            "warehouse": f"file://{self.folder}",
            "jdbc.schema-version": "V1",
        }


class HiveWarehouse:
    """A Hive Metastore, over local files or S3 as it was started."""

    def __init__(self, hive: HiveMetastore):
        self.hive = hive

    def k2i_config(self) -> dict:
        iceberg = {"catalog_type": "hive", "hive_metastore_uri": self.hive.uri, "warehouse": self.hive.warehouse}
        if self.hive.kdc:
            iceberg["hive"] = {"kerberos_principal": f"hive/_HOST@{REALM}"}
        return {"iceberg": iceberg} | s3_storage(self.hive.s3)

    def environment(self) -> dict[str, str]:
        kerberos = self.hive.kdc.client_environment() if self.hive.kdc else {}
        return s3_environment(self.hive.s3) | kerberos

    def pyiceberg(self) -> Catalog:
        speak_to_both_metastores()
        region = {"s3.region": seaweedfs.REGION} if self.hive.s3 else {}
        return HiveCatalog(CATALOG, uri=self.hive.uri, warehouse=self.hive.warehouse, **region, **s3_options(self.hive.s3))

    def duckdb_relation(self, connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
        if self.hive.s3:
            let_duckdb_read(connection, self.hive.s3.endpoint, seaweedfs.ACCESS_KEY, seaweedfs.SECRET_KEY)
        return duckdb_scan(self.pyiceberg(), database, table)

    def spark_options(self) -> dict[str, str]:
        """For version 3 alone: Spark brings a client of version 2, whose calls version 4 lacks."""
        return {"type": "hive", "uri": self.hive.uri, "warehouse": self.hive.warehouse}


def speak_to_both_metastores() -> None:
    """PyIceberg asks by get_table, which version 4 of the metastore lacks; get_table_req is in both."""
    from hive_metastore.ThriftHiveMetastore import Client
    from hive_metastore.ttypes import GetTableRequest

    Client.get_table = lambda client, dbname, tbl_name: client.get_table_req(GetTableRequest(dbName=dbname, tblName=tbl_name)).table


Warehouse = (
    SqlWarehouse | RestWarehouse | GlueWarehouse | PostgresWarehouse | HiveWarehouse | GcsWarehouse | AzureWarehouse
)
