# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that keeps what it passes on."""

import socket
import threading

from services.places import LOOPBACK


class ListeningProxy:
    """Before a server on loopback; `heard` is all that was sent, in both directions."""

    def __init__(self, port: int):
        self.port = port
        self.heard = bytearray()
        self.threads: list[threading.Thread] = []

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.listener.getsockname()[1]}"

    def __enter__(self):
        self.listener = socket.create_server((LOOPBACK, 0))
        self._run(self._accept)
        return self

    def __exit__(self, *exception) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _run(self, target, *arguments) -> None:
        self.threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((LOOPBACK, self.port))
            self._run(self._pass_on, client, server)
            self._run(self._pass_on, server, client)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                self.heard += data
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
