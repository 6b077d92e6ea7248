"""The files of all runs of a home: begun, read, forgotten."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.ledger.locking import cut_torn_line, take_lock
from jupyter_mlpack.ledger.record import ENTRY, ID, MARK, RECORD, Record, last_record, log_text, read_record
from jupyter_mlpack.ledger.writing import Writing

PAGE_ENTRIES = 500
PAGE_BYTES = 256_000
TAIL = 65_536
"""Bytes at a file's end in which the last record of an ended run is looked for first."""

STEP = 100
"""Of every so many entries the place in the file is remembered."""


@dataclass(frozen=True)
class Told:
    """Of a job's log what was written down: ``lines``, of which ``behind`` came after the engine's ``mark``."""

    mark: str
    behind: int
    lines: tuple[str, ...]


class Places:
    """Where in a file each ``STEP``-th entry begins, as far as it was read."""

    def __init__(self) -> None:
        self.offsets = [0]
        self.read = 0
        self.last = 0

    def extend(self, path: Path) -> None:
        """Read on to the end of the last whole line."""
        with path.open("rb") as file:
            file.seek(self.read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                if line.startswith(ENTRY):
                    self.last += 1
                    if self.last % STEP == 0:
                        self.offsets.append(self.read)
                self.read += len(line)


class Ledger:
    """The files of all runs of a home, also those that other servers write."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "ledger"
        self.known: dict[str, tuple[tuple[int, int], Record]] = {}
        self.places: dict[str, Places] = {}
        self.lock = threading.Lock()

    # --- writing ---

    def begin(self, record: Record) -> Writing:
        """A new file, locked. Raises ``OSError``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        record = replace(record, host=socket.gethostname(), process=os.getpid())
        file = self._path(record.id).open("x+b")
        take_lock(file)
        writing = Writing(file, record)
        writing.change()
        return writing

    def abandoned(self) -> list[Writing]:
        """Runs that have not ended and that nobody runs any more, each locked and ready to be told so."""
        found = []
        for record in self.records().values():
            if not record.has_ended:
                with suppress(OSError):
                    writing = self.resume(record)
                    if writing is not None:
                        found.append(writing)
        return found

    def resume(self, record: Record) -> Writing | None:
        """Go on with a run that has not ended, locked; ``None`` if somebody else does. Raises ``OSError``."""
        file = self._path(record.id).open("r+b")
        if take_lock(file, process=record):
            cut_torn_line(file)
            last = self._read(self._path(record.id))
            if last is not None and not last.has_ended:
                return Writing(file, last)
        file.close()
        return None

    def kept(self) -> list[Record]:
        """Jobs that have ended and that their engines may still keep, the newest first."""
        found = [record for record in self.records().values() if record.lasts and record.has_ended]
        return sorted((record for record in found if not record.released), key=lambda job: job.id, reverse=True)

    def note_released(self, id: str) -> None:
        """Note that the engine keeps nothing more of a job that has ended. Raises ``OSError``."""
        with self._path(id).open("r+b") as file:
            if take_lock(file):
                cut_torn_line(file)
                last = self._read(self._path(id))
                if last is not None and last.has_ended:
                    Writing(file, last).change(released=True)

    def want_end(self, id: str) -> None:
        """Note that somebody cancelled a job, so that whoever sees its end knows why. Raises ``OSError``."""
        self._path(id).with_suffix(".cancel").touch()

    def end_is_wanted(self, id: str) -> bool:
        """Whether somebody cancelled it."""
        return self._path(id).with_suffix(".cancel").exists()

    def forget(self, id: str) -> None:
        """Remove a run's file, if it is there."""
        for path in (self._path(id), self._path(id).with_suffix(".cancel")):
            with suppress(FileNotFoundError):
                path.unlink()
        with self.lock:
            self.known.pop(id, None)
            self.places.pop(id, None)

    def prune(self, keep: int, days: float) -> None:
        """Remove ended runs beyond the newest ``keep``, and those that ended more than ``days`` ago."""
        oldest = time.time() - days * 86_400
        newest = sorted(self.records().values(), key=lambda record: record.created, reverse=True)
        for number, record in enumerate(newest):
            if record.has_ended and (number >= keep or (record.ended or record.created) < oldest):
                self.forget(record.id)

    # --- reading ---

    def records(self) -> dict[str, Record]:
        """All runs by id. Files that did not change since they were read last are not read again."""
        found = {}
        try:
            entries = list(os.scandir(self.folder))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        for entry in entries:
            id = entry.name.removesuffix(".jsonl")
            if id == entry.name or not ID.fullmatch(id):
                continue
            with suppress(OSError):
                status = entry.stat()
                sign = (status.st_size, status.st_mtime_ns)
                with self.lock:
                    known = self.known.get(id)
                record = known[1] if known and known[0] == sign else self._read(Path(entry.path))
                if record is not None:
                    found[id] = record
                    with self.lock:
                        self.known[id] = (sign, record)
        return found

    def page(self, id: str, after: int) -> tuple[list[bytes], bool]:
        """Entries of a run behind number ``after``, each as its JSON text, and whether there are more of them.

        At most ``PAGE_ENTRIES`` and ``PAGE_BYTES``, but at least one. Raises ``FileNotFoundError``.
        """
        path = self._path(id)
        with self.lock:
            places = self.places.setdefault(id, Places())
            places.extend(path)
            step = min(max(after, 0) // STEP, len(places.offsets) - 1)
            offset, last = places.offsets[step], places.last
        number = max(step * STEP - 1, 0)
        found: list[bytes] = []
        size = 0
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if number >= last or not line.endswith(b"\n"):
                    break
                if line.startswith(ENTRY):
                    number += 1
                    if number <= after:
                        continue
                    if found and (len(found) >= PAGE_ENTRIES or size + len(line) > PAGE_BYTES):
                        return found, True
                    found.append(line[:-1])
                    size += len(line)
        return found, False

    def told(self, id: str) -> Told:
        """What of a job's log was written down. Raises ``FileNotFoundError``."""
        mark, behind = "", 0
        lines: list[str] = []
        with self._path(id).open("rb") as file:
            for line in file:
                with suppress(ValueError, KeyError, TypeError, RecursionError):
                    if line.startswith(MARK):
                        mark, behind = str(json.loads(line)["mark"]), 0
                    elif line.startswith(ENTRY) and b'"LogLines"' in line:
                        event = json.loads(line)["event"]
                        if event["event"] == "LogLines" and event["phase"] == "run":
                            lines += map(str, event["lines"])
                            behind += len(event["lines"])
        return Told(mark, behind, tuple(lines))

    def log(self, id: str) -> Generator[str, None, None]:
        """The whole log of a run as text, in pieces. Raises ``FileNotFoundError``."""
        with self._path(id).open("rb") as file:
            for line in file:
                if line.startswith(ENTRY) and line.endswith(b"\n"):
                    with suppress(ValueError, KeyError, TypeError, RecursionError):
                        yield log_text(json.loads(line)["event"])

    # --- inside ---

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.jsonl"

    def _read(self, path: Path) -> Record | None:
        """The last record in a file; of a run that has not ended, with its number of entries and its phase."""
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL, 0))
            for line in reversed(file.read().splitlines(keepends=True)):
                if line.startswith(RECORD) and line.endswith(b"\n"):
                    record = read_record(line, path.stem)
                    if record is not None and record.has_ended:
                        return record
            file.seek(0)
            return last_record(file, path.stem)
