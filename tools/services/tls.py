# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of our own, valid for loopback and two days."""

import subprocess
from pathlib import Path

DAYS = "2"


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_broker_keystore(folder: Path) -> tuple[Path, Path]:
    """Returns the CA's certificate and a PEM with the broker's key and certificate. Kept once made."""
    ca, keystore = folder / "ca.pem", folder / "broker.pem"
    if keystore.exists():
        return ca, keystore
    folder.mkdir(parents=True, exist_ok=True)
    new_key = ["-newkey", "rsa:2048", "-nodes"]
    _openssl(folder, "req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS, "-subj", "/CN=k2i test CA")
    _openssl(folder, "req", *new_key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=localhost")
    (folder / "names.cnf").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _openssl(
        folder, "x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "broker.crt", "-days", DAYS, "-extfile", "names.cnf",
    )  # fmt: skip
    keystore.write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())
    return ca, keystore


def make_java_keystore(folder: Path, password: str) -> tuple[Path, Path]:
    """Returns the CA's certificate and the broker's key and certificate in PKCS 12, as Java reads them."""
    ca, keystore = make_broker_keystore(folder)
    store = folder / "broker.p12"
    _openssl(folder, "pkcs12", "-export", "-in", str(keystore), "-out", str(store), "-passout", f"pass:{password}")
    return ca, store
