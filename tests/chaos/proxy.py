# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that can cut, refuse, delay and, worst of all, pass a request on and lose its reply."""

import enum
import random
import socket
import threading
import time
from collections.abc import Callable

from services.places import LOOPBACK


class Fault(enum.Enum):
    NONE = "none"
    CUT = "cut"  # connections break, new ones are refused
    DELAY = "delay"  # each piece waits for up to `delay_s`, both ways
    HANG = "hang"  # connections stay and are taken, and nothing comes through until the fault ends
    LOSE_REPLIES = "lose replies"  # requests arrive; the answer to one that writes breaks the connection instead


# Requests that change something begin with these; of protocols that are not known here every request counts.
WRITES = (b"POST ", b"PUT ", b"DELETE ")
READS = (b"GET ", b"HEAD ")
GLUE_READS = b"\r\nx-amz-target: awsglue.get"  # all of its requests are POSTs
THRIFT_CALL = b"\x80\x01\x00\x01"  # then four bytes of length, and the method's name
THRIFT_READS = b"get_"


def changes_something(piece: bytes) -> bool | None:
    """None: not the beginning of a request."""
    if piece.startswith(WRITES):
        return GLUE_READS not in piece.lower()
    if piece.startswith(READS):
        return False
    if piece.startswith(THRIFT_CALL):
        return not piece[8:].startswith(THRIFT_READS)
    return None


class Connection:
    """What its two threads share."""

    def __init__(self, client: socket.socket, server: socket.socket):
        self.client, self.server = client, server
        self.writes = True

    def see_request(self, piece: bytes) -> None:
        writes = changes_something(piece)
        self.writes = self.writes if writes is None else writes


class Proxy:
    """Listens on a port of its own and passes bytes to wherever `target()` says at that moment. Threads: one that accepts, two
    a connection."""

    def __init__(self, target: Callable[[], int], seed: int = 0):
        self.target = target
        self.fault = Fault.NONE
        self.delay_s = 0.5
        self.lost_replies = self.cut_connections = 0
        self._dice = random.Random(seed)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, fault: Fault) -> None:
        self.fault = fault
        if fault is Fault.CUT:
            with self._lock:
                cut = list(self._open)
            self.cut_connections += len(cut) // 2
            for each in cut:
                shut(each)

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        self.set(Fault.CUT)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(0.02)  # a client that has gone again, or too many open files: others still come
                continue
            if self.fault is Fault.CUT:
                client.close()
                continue
            try:
                server = socket.create_connection((LOOPBACK, self.target()), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            connection = Connection(client, server)
            for is_reply in (False, True):
                threading.Thread(target=self._pass, args=(connection, is_reply), daemon=True).start()

    def _pass(self, connection: Connection, is_reply: bool) -> None:
        source, sink = (connection.server, connection.client) if is_reply else (connection.client, connection.server)
        try:
            while piece := source.recv(1 << 16):
                if not is_reply:
                    connection.see_request(piece)
                elif self.fault is Fault.LOSE_REPLIES and connection.writes:
                    self.lost_replies += 1
                    break
                while self.fault is Fault.HANG:
                    time.sleep(0.02)
                if self.fault is Fault.DELAY:
                    time.sleep(self._dice.uniform(0, self.delay_s))
                sink.sendall(piece)
        except OSError:
            pass
        for each in (source, sink):
            shut(each)
        if is_reply:  # one of the two closes both
            with self._lock:
                self._open -= {source, sink}


def shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
