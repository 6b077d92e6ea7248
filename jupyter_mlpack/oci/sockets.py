"""The sockets of an HTTP client, so that another thread can end what blocks on them."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakSet


class Sockets:
    """What a client has connected. Safe to use from several threads."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()
        self._closed = False

    def trace(self, event: str, facts: Mapping[str, Any]) -> None:
        """The client's ``trace`` extension (httpx's documentation, "Extensions"): notes each new connection."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            connection = facts["return_value"].get_extra_info("socket")
            if isinstance(connection, socket.socket):
                self._open.add(connection)
                if self._closed:
                    _shut(connection)

    def close(self) -> None:
        """Wake whoever reads or writes, with an error; connections that are made later end at once."""
        self._closed = True
        for connection in list(self._open):
            _shut(connection)


def _shut(connection: socket.socket) -> None:
    """Not by TLS's own ``shutdown``: that one is not made for two threads."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
