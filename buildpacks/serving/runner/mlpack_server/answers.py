"""What a route is given and gives back: plain values, no framework in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlpack_server.formats import JSON


@dataclass(frozen=True)
class Asked:
    """A request: its body, its headers (small letters), and what its path says."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """As the client wrote it."""
        return self.headers.get("content-type", "")


@dataclass(frozen=True)
class Answer:
    """A response."""

    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
