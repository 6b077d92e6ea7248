"""The file of metrics that a job leaves: the numbers of its log, one JSON object a line."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any, TextIO

from mlpack_runner.metric_lines import LONGEST, LineReader

NAME = "metrics.jsonl"
LINE_END = re.compile(r"\r\n|\n|\r")
KEYS = ("timestamp", "step")
"""What every line of ours begins with."""


class Measures:
    """Listens to what the notebook prints. The file is made with its first number, and written line by line: a job
    that is killed leaves what there was. A file of that name that is not ours stays as it is.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.reader = LineReader()
        self.rest: dict[str, str] = {}
        self.file: TextIO | None = None

    def hear(self, stream: str, text: str) -> None:
        """More of a stream."""
        if self.path is None:
            return
        *lines, rest = LINE_END.split(self.rest.get(stream, "") + text)
        self.rest[stream] = rest[-LONGEST - 1 :]
        for line in lines:
            self._take(line)

    def close(self) -> None:
        """The last lines, which nothing ended."""
        for stream in list(self.rest):
            self.hear(stream, "\n")
        if self.file is not None:
            self.file.close()
        self.path = self.file = None

    def _take(self, line: str) -> None:
        for values, step in self.reader.read(line):
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
            self._write({**dict(values), "timestamp": now.replace("+00:00", "Z"), "step": step})

    def _write(self, record: dict[str, Any]) -> None:
        ordered = {key: record.pop(key) for key in KEYS} | record
        try:
            if self.file is None and self.path is not None:
                self.file = self.path.open("w", encoding="utf-8") if is_ours(self.path) else None
            if self.file is None:
                self.path = None
                return
            self.file.write(json.dumps(ordered, ensure_ascii=False) + "\n")
            self.file.flush()
        except OSError:  # a full disk: the notebook's own files matter more, and it will notice
            self.path = self.file = None


def is_ours(path: Path) -> bool:
    """Whether there is no such file, or one of an earlier run in the same folder."""
    try:
        with path.open(encoding="utf-8") as file:
            first = json.loads(file.readline(LONGEST))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and tuple(first)[:2] == KEYS
