# SPDX-License-Identifier: Apache-2.0
"""One Kafka broker that is its own controller (KRaft)."""

import base64
import os
import socket
import struct
import subprocess
from pathlib import Path

from services import tls
from services.places import JVM_FLAGS, LOOPBACK, class_path, free_ports
from services.server import Server, ServerFailed

# Users of the SASL listeners. They guard nothing.
SCRAM_USER, SCRAM_PASSWORD = "alice", "alice-secret"
PLAIN_USER, PLAIN_PASSWORD = "bob", "bob-secret"

BASE_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
listeners={listeners},CONTROLLER://{host}:{controller}
advertised.listeners={listeners}
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SASLPLAIN:SASL_PLAINTEXT,SASLSSL:SASL_SSL
log.dirs={data}
num.partitions={partitions}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.message.timestamp.type=CreateTime
"""

SASL_PROPERTIES = """\
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
"""

JAAS_PROPERTIES = """\
listener.name.{listener}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.{listener}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
"""


class Kafka(Server):
    """`secured` adds SASL_PLAINTEXT and SASL_SSL listeners with SCRAM-SHA-512 and PLAIN users; `properties` are more
    lines of its configuration.

    Topics are never made by themselves: a client that asks for a missing topic is told so.
    """

    name = "kafka"

    def __init__(
        self,
        folder: Path,
        *,
        version: str = "4.4.0",
        partitions: int = 1,
        secured: bool = False,
        properties: dict[str, str | int] | None = None,
        **options,
    ):
        super().__init__(folder, **options)
        self.properties = properties or {}
        self.version = version
        self.partitions = partitions
        self.secured = secured
        self.ca_path: Path | None = None

    def choose_ports(self) -> None:
        self.port, self.controller_port, self.sasl_port, self.sasl_ssl_port = free_ports(4)

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def sasl_bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.sasl_port}"

    @property
    def sasl_ssl_bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.sasl_ssl_port}"

    def describe(self) -> dict[str, str]:
        found = {"K2I_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers}
        if self.secured:
            found["SASL_PLAINTEXT"] = self.sasl_bootstrap_servers
            found["SASL_SSL"] = self.sasl_ssl_bootstrap_servers
            found["CA"] = str(self.ca_path)
        return found

    def _properties(self) -> str:
        listeners = [f"PLAIN://{LOOPBACK}:{self.port}"]
        security = ""
        if self.secured:
            listeners += [f"SASLPLAIN://{LOOPBACK}:{self.sasl_port}", f"SASLSSL://{LOOPBACK}:{self.sasl_ssl_port}"]
            self.ca_path, keystore = tls.make_broker_keystore(self.folder / "tls")
            security = SASL_PROPERTIES.format(keystore=keystore, ca=self.ca_path)
            for listener in ("saslplain", "saslssl"):
                security += JAAS_PROPERTIES.format(listener=listener, user=PLAIN_USER, password=PLAIN_PASSWORD)
        more = "".join(f"{name}={value}\n" for name, value in self.properties.items())
        return security + BASE_PROPERTIES.format(
            host=LOOPBACK,
            controller=self.controller_port,
            listeners=",".join(listeners),
            data=self.folder / "data",
            partitions=self.partitions,
        ) + more

    def prepare(self) -> None:
        (self.folder / "server.properties").write_text(self._properties())
        # The voters' ports are part of what is formatted, so a second try formats anew; nothing is in it yet.
        if not (self.folder / "data" / "meta.properties").exists():
            self._format_storage()

    def _format_storage(self) -> None:
        cluster_id = "A" + base64.urlsafe_b64encode(os.urandom(16)).decode()[1:22]
        arguments = ["format", "-t", cluster_id, "-c", "server.properties"]
        if self.secured:
            arguments += ["--add-scram", f"SCRAM-SHA-512=[name={SCRAM_USER},password={SCRAM_PASSWORD}]"]
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", "256m") + arguments,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise ServerFailed(f"kafka storage format failed:\n{done.stdout}")

    def _java(self, main: str, heap: str) -> list[str]:
        return [
            "java",
            f"-Xmx{heap}",
            *JVM_FLAGS,
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            class_path(f"kafka-{self.version}"),
            main,
        ]

    def command(self) -> list[str]:
        return self._java("kafka.Kafka", "512m") + ["server.properties"]

    def answers(self) -> bool:
        return brokers_known(self.port) > 0


def brokers_known(port: int) -> int:
    """Asks for metadata without topics and returns how many brokers the answer lists; 0 when nobody answers.

    Written by hand because a client library would go on knocking in threads of its own.
    """
    metadata_v1 = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(metadata_v1)) + metadata_v1)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return 0
    return struct.unpack(">iii", answer)[2] if len(answer) == 12 else 0
