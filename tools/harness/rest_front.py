# SPDX-License-Identifier: Apache-2.0
"""A server in front of a REST catalog: passes requests on, unless a test has other plans for them."""

import http.client
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from services.places import LOOPBACK
from services.tls import _openssl

NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding", "host"}


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class Answer:
    status: int
    body: bytes = b"{}"
    headers: dict[str, str] | None = None


# What becomes of a request: an Answer in place of the catalog's; CUT: the catalog gets it, and its answer is lost; a
# function: what it makes of the body of the catalog's answer; None: nothing.
CUT = "cut"
Plan = Callable[[Seen], Answer | str | Callable[[bytes], bytes] | None]


class RestFront:
    def __init__(self, upstream: str, *, tls: ssl.SSLContext | None = None):
        self.upstream = urlsplit(upstream)
        self.plan: Plan = lambda seen: None
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.uri = f"{scheme}://{LOOPBACK}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "RestFront":
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def requests(self, method: str, end: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and seen.path.split("?")[0].endswith(end)]

    def _pass_on(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port, timeout=30)
        headers = {name: value for name, value in seen.headers.items() if name not in NOT_PASSED_ON}
        upstream.request(seen.method, seen.path, seen.body, headers)
        response = upstream.getresponse()
        body = response.read()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in NOT_PASSED_ON}
        return response.status, kept, body

    def _handler(front) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                front.seen.append(seen)
                planned = front.plan(seen)
                if isinstance(planned, Answer):
                    return self.answer(planned.status, planned.headers or {}, planned.body)
                status, headers, body = front._pass_on(seen)
                if planned == CUT:
                    self.close_connection = True
                    self.connection.close()
                    return None
                return self.answer(status, headers, planned(body) if callable(planned) and status == 200 else body)

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD" and status not in (204, 304):
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_) -> None:
                pass

        return Handler


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for loopback and its key, by the folder's own CA (services/tls.py)."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    (folder / "names.cnf").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key.name, "-out", f"{name}.csr", "-subj", f"/CN={name}")
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", crt.name, "-days", "2", "-extfile", "names.cnf",
    )  # fmt: skip
    return crt, key


def mutual_tls(ca: Path, crt: Path, key: Path) -> ssl.SSLContext:
    """Who shows no certificate of the CA is turned away while shaking hands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
