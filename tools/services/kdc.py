# SPDX-License-Identifier: Apache-2.0
"""A Kerberos realm of its own: MIT's KDC, as the system's package has it, beside the settings and realms of the machine."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from services.places import LOOPBACK
from services.server import OnePortServer, ServerFailed

REALM = "K2I.TEST"

CLIENTS = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  {realm} = {{
    kdc = {address}
  }}
"""

SERVER = """\
[kdcdefaults]
  kdc_listen = {address}
  kdc_tcp_listen = {address}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/acl
    supported_enctypes = aes256-cts:normal
  }}
[logging]
  kdc = STDERR
"""


class Kdc(OnePortServer):
    name = "kdc"

    @property
    def config(self) -> Path:
        """The clients' krb5.conf."""
        return self.folder / "krb5.conf"

    def client_environment(self) -> dict[str, str]:
        """A client of this realm, without a ticket."""
        return {"KRB5_CONFIG": str(self.config), "KRB5CCNAME": f"FILE:{self.folder / 'no-tickets'}"}

    def environment(self) -> dict[str, str]:
        return self.client_environment() | {"KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}

    def prepare(self) -> None:
        for old in self.folder.glob("principal*"):
            old.unlink()
        names = {"realm": REALM, "address": self.address, "folder": self.folder}
        self.config.write_text(CLIENTS.format(**names))
        (self.folder / "kdc.conf").write_text(SERVER.format(**names))
        self._run("kdb5_util", "create", "-s", "-P", "it-guards-nothing")

    def command(self) -> list[str]:
        return [program("krb5kdc"), "-n"]

    def answers(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def principal(self, name: str, life: str = "1 hour") -> Path:
        """Makes it, and returns a keytab with its key; its tickets live as long as `life` says."""
        keytab = self.folder / (name.replace("/", "-") + ".keytab")
        self._run("kadmin.local", "-q", f'addprinc -randkey -maxlife "{life}" {name}')
        self._run("kadmin.local", "-q", f"ktadd -k {keytab} {name}")
        if not keytab.exists():
            raise ServerFailed(f"{keytab} was not written")
        return keytab

    def ticket(self, name: str, keytab: Path, cache: Path, life: str = "1h") -> dict[str, str]:
        """Gets one by the keytab; the environment of a client that has it."""
        environment = self.client_environment() | {"KRB5CCNAME": f"FILE:{cache}"}
        self._run("kinit", "-k", "-t", str(keytab), "-l", life, name, environment=environment)
        return environment

    def granted(self, name: str) -> int:
        """Times that this principal has got a ticket for tickets."""
        log = self.log_path.read_text()
        return sum("AS_REQ" in line and "ISSUE" in line and f" {name}@{REALM} for" in line for line in log.splitlines())

    def _run(self, name: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(
            [program(name), *arguments],
            env=os.environ | self.environment() | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise ServerFailed(f"{name} {' '.join(arguments)}: {done.stdout}{done.stderr}")


def program(name: str) -> str:
    """Debian keeps a server's programs where a plain user's PATH does not lead."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        raise FileNotFoundError(f"no {name}: run ./dev setup")
    return found
