"""Numbers by which a training tells how it goes, as events."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlpack.events import MetricsRecorded
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.metric_lines import EXPLAINED, LineReader

__all__ = ["EXPLAINED", "Recorder"]


@dataclass
class Recorder:
    """Reads a log line by line."""

    reader: LineReader = field(default_factory=LineReader)

    def read(self, line: str) -> Iterator[MetricsRecorded]:
        """One event for each step that the line has values of."""
        yield from (MetricsRecorded(values, step) for values, step in self.reader.read(line))
