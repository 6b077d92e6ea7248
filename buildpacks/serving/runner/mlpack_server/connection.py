"""One client's connection: uvicorn's, with an end to waiting for a request that trickles in."""

from __future__ import annotations

import asyncio
import time

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlpack_server import metrics

BODY = b'{"error":"the request did not arrive in time"}'
LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)


class Connection(HttpToolsProtocol):
    """``deadline`` is when a request that has begun must have arrived (monotonic seconds); 0: none has begun."""

    patience = 30.0
    deadline = 0.0

    @classmethod
    def bound(cls, patience: float) -> type[Connection]:
        """The class with its time for a request, which uvicorn makes connections of."""
        cls.patience = patience
        return cls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client that says nothing at all has the same time."""
        super().connection_made(transport)
        self.deadline = time.monotonic() + self.patience

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.deadline = time.monotonic() + self.patience

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        super().on_message_complete()
        self.deadline = 0.0

    def expire(self, now: float) -> None:
        """Ends the connection if its time is over."""
        if not self.deadline or now < self.deadline or self.transport.is_closing():
            return
        metrics.REJECTED.labels("slow").inc()
        if self.cycle is None or not self.cycle.response_started:
            self.transport.write(LATE)
        self.transport.close()
