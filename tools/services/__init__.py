# SPDX-License-Identifier: Apache-2.0
"""Real servers on loopback, for tests, the demo and `./dev services`.

    with Kafka(folder) as kafka, S3(folder) as s3, IcebergRest(folder, s3=s3) as rest:
        kafka.bootstrap_servers, s3.endpoint, rest.uri

Each server takes free ports, keeps its data and log in a folder of its own, is ready when start()
returns, and is stopped by its pid. Nothing listens on another address than 127.0.0.1.
"""

from services.azurite import Azure
from services.fake_gcs import Gcs
from services.hive import HiveMetastore
from services.iceberg_rest import IcebergRest
from services.kafka import Kafka
from services.kdc import Kdc
from services.moto import Moto
from services.postgres import Postgres
from services.seaweedfs import S3
from services.server import Server, ServerFailed

__all__ = ["Azure", "Gcs", "HiveMetastore", "IcebergRest", "Kafka", "Kdc", "Moto", "Postgres", "S3", "Server", "ServerFailed"]
