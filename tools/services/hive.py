# SPDX-License-Identifier: Apache-2.0
"""The Hive Metastore, of version 3 over Derby or of version 4 over PostgreSQL."""

import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

from services import seaweedfs, tls
from services.kdc import REALM, Kdc
from services.places import JAVA, JVM_FLAGS, LOOPBACK
from services.postgres import PASSWORD, USER, Postgres
from services.server import OnePortServer, ServerFailed

OPENED = ("lang", "net", "nio", "util", "util/concurrent")  # packages that its libraries reach into, past JDK 8

SCHEMA_TOOLS = {
    "3.1.3": "org.apache.hadoop.hive.metastore.tools.MetastoreSchemaTool",
    "4.0.1": "org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool",
}

KERBEROS_NAME = "hive/localhost"

LOGGING = """\
status = WARN
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %5p [%t] %c{2}: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
"""


def configuration(values: dict[str, str]) -> str:
    lines = [f"<property><name>{name}</name><value>{value}</value></property>\n" for name, value in values.items()]
    return "<configuration>\n" + "".join(lines) + "</configuration>\n"


class HiveMetastore(OnePortServer):
    """`properties` are more of metastore-site.xml. With `postgres` its tables are in a database of that server; the
    check of expected parameters needs it, for the metastore makes none over Derby. With `s3` its warehouse lies in
    that store's bucket. `secured`: reached by TLS alone. With `kdc` it asks for Kerberos, and its messages are guarded
    as `protection` says, in Hadoop's words: authentication, integrity or privacy."""

    name = "hive"

    def __init__(
        self,
        folder: Path,
        *,
        version: str = "4.0.1",
        postgres: Postgres | None = None,
        s3: seaweedfs.S3 | None = None,
        secured: bool = False,
        kdc: Kdc | None = None,
        protection: str = "privacy",
        properties: dict[str, str] | None = None,
        **options,
    ):
        super().__init__(folder, **options)
        self.version = version
        self.postgres = postgres
        self.s3 = s3
        self.secured = secured
        self.kdc = kdc
        self.protection = protection
        self.properties = dict(properties or {})

    @property
    def home(self) -> Path:
        return JAVA / f"hive-{self.version}"

    @property
    def uri(self) -> str:
        # A host in a principal has a name.
        return f"thrift://localhost:{self.port}" if self.kdc else f"thrift://{self.address}"

    @property
    def warehouse(self) -> str:
        return f"s3://{self.s3.bucket}/hive" if self.s3 else f"file://{self.folder / 'warehouse'}"

    def describe(self) -> dict[str, str]:
        return {"K2I_ICEBERG_HIVE_METASTORE_URI": self.uri, "K2I_ICEBERG_WAREHOUSE": self.warehouse}

    def _database(self) -> dict[str, str]:
        if not self.postgres:
            url, driver = f"jdbc:derby:;databaseName={self.folder / 'derby'};create=true", "org.apache.derby.jdbc.EmbeddedDriver"
            user, password = "APP", "mine"
        else:
            url, driver = f"jdbc:postgresql://{self.postgres.address}/hive_{self.port}", "org.postgresql.Driver"
            user, password = USER, PASSWORD
        return {
            "javax.jdo.option.ConnectionURL": url,
            "javax.jdo.option.ConnectionDriverName": driver,
            "javax.jdo.option.ConnectionUserName": user,
            "javax.jdo.option.ConnectionPassword": password,
        }

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def _tls(self) -> dict[str, str]:
        if not self.secured:
            return {}
        _, store = tls.make_java_keystore(self.folder / "tls", PASSWORD)
        return {
            "metastore.use.SSL": "true",
            "metastore.keystore.path": str(store),
            "metastore.keystore.password": PASSWORD,
        }

    def _kerberos(self) -> dict[str, str]:
        if not self.kdc:
            return {}
        return {
            "hive.metastore.sasl.enabled": "true",
            "hive.metastore.kerberos.principal": f"{KERBEROS_NAME}@{REALM}",
            "hive.metastore.kerberos.keytab.file": str(self.kdc.principal(KERBEROS_NAME)),
        }

    def _hadoop(self) -> dict[str, str]:
        if not self.kdc:
            return {}
        return {"hadoop.security.authentication": "kerberos", "hadoop.rpc.protection": self.protection}

    def _store(self) -> dict[str, str]:
        """For the folders of databases and tables, which the metastore makes itself."""
        if not self.s3:
            return {}
        return {
            "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "fs.s3a.endpoint": self.s3.endpoint,
            "fs.s3a.endpoint.region": seaweedfs.REGION,
            "fs.s3a.path.style.access": "true",
            "fs.s3a.connection.ssl.enabled": "false",
            "fs.s3a.access.key": seaweedfs.ACCESS_KEY,
            "fs.s3a.secret.key": seaweedfs.SECRET_KEY,
        }

    def _site(self) -> dict[str, str]:
        return self._database() | {
            "metastore.warehouse.dir": self.warehouse,
            "metastore.thrift.bind.host": LOOPBACK,
            "metastore.thrift.port": str(self.port),
            "metastore.thrift.uris": self.uri,
            # The default names a class that this distribution lacks.
            "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
            "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
            "metastore.event.db.notification.api.auth": "false",
            "metastore.hmshandler.retry.attempts": "2",
            # As Iceberg's documentation asks for: its columns may be dropped and moved.
            "hive.metastore.disallow.incompatible.col.type.changes": "false",
        } | self._store() | self._tls() | self._kerberos() | self.properties

    def prepare(self) -> None:
        conf = self.folder / "conf"
        conf.mkdir(exist_ok=True)
        (conf / "metastore-site.xml").write_text(configuration(self._site()))
        self.protect(self.protection)
        (conf / "metastore-log4j2.properties").write_text(LOGGING)
        shutil.rmtree(self.folder / "derby", ignore_errors=True)
        if self.postgres:
            self.postgres.psql(f"CREATE DATABASE hive_{self.port}")
        kind = "postgres" if self.postgres else "derby"
        tool = [*self._java(), SCHEMA_TOOLS[self.version], "-dbType", kind, "-initSchema"]
        environment = os.environ | self.environment()
        done = subprocess.run(tool, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"schema of the metastore: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def protect(self, protection: str) -> None:
        """From the next start on."""
        self.protection = protection
        (self.folder / "conf" / "core-site.xml").write_text(configuration(self._hadoop()))

    def _java(self) -> list[str]:
        realm = [f"-Djava.security.krb5.conf={self.kdc.config}"] if self.kdc else []
        opens = [f"--add-opens=java.base/java.{package.replace('/', '.')}=ALL-UNNAMED" for package in OPENED]
        path = f"{self.folder / 'conf'}:{self.home / 'lib'}/*:{JAVA / 'hive-hadoop'}/*"
        return ["java", "-Xmx384m", *JVM_FLAGS, *opens, *realm, f"-Dderby.stream.error.file={self.folder / 'derby.log'}", "-cp", path]

    def command(self) -> list[str]:
        return [*self._java(), "org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {"METASTORE_HOME": str(self.home)}

    def client(self):
        """A Thrift client, to be used in a `with`."""
        from pyiceberg.catalog.hive import _HiveClient

        return _HiveClient(self.uri)

    def answers(self) -> bool:
        from thrift.transport.TTransport import TTransportException

        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=5) as raw:  # Thrift's own client logs each failure
                if self.secured:
                    ssl.create_default_context(cafile=self.ca).wrap_socket(raw, server_hostname=LOOPBACK).close()
                    return True
                if self.kdc:
                    return True
            with self.client() as client:
                return bool(client.get_all_databases())
        except (OSError, TTransportException):
            return False
