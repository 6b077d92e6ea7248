"""A run's file while this process writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from io import BufferedRandom
from typing import Any

from jupyter_mlpack.ledger.record import Record, line_of


class Writing:
    """A run's file while this process writes it. Each call is one append; ``record`` is the latest."""

    def __init__(self, file: BufferedRandom, record: Record) -> None:
        self.file = file
        self.record = record

    def change(self, **changes: Any) -> Record:
        """Change the record, and write it down."""
        self.learn(**changes)
        self._write(line_of({"run": asdict(self.record)}))
        return self.record

    def learn(self, **changes: Any) -> None:
        """Change the record; it is written down with its next change."""
        self.record = replace(self.record, **changes)

    def append(self, events: Iterable[tuple[float, Mapping[str, Any]]]) -> None:
        """Number events with their times and write them down. What could not be is tried again with the next.

        ``{"mark": ...}`` is no event: it says how far the engine's log has been told with the events before it.
        """
        lines, seq = [], self.record.seq
        for at, event in events:
            if "mark" in event:
                lines.append(line_of({"mark": event["mark"]}))
                continue
            seq += 1
            lines.append(line_of({"seq": seq, "at": round(at, 3), "event": event}))
        self.learn(seq=seq)
        self._write(b"".join(lines))

    def close(self) -> None:
        """Let go of the file and its lock."""
        self.file.close()

    def _write(self, data: bytes) -> None:
        self.file.write(data)
        self.file.flush()
