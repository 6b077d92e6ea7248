"""The history of builds, jobs and deliveries: an append-only file of JSON lines for each run, below ``<home>/ledger``.

A file begins with the run's record; entries (``{"seq", "at", "event"}``) follow, and the record again whenever it
changed: the last one counts. Who writes a file holds a lock on it, so a run that has not ended and that nobody locks
was interrupted. A line that was torn by a crash is dropped. Why no database: ``docs/decisions/0017-ledger.md``.

Everything here is synchronous. ``Writing`` does one small append at a time; what reads whole files (``records``,
``page``, ``log``, ``prune``) is for a thread.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from io import BufferedRandom
from pathlib import Path
from typing import Any

from jupyter_mlpack.values import Json

try:
    import fcntl
except ImportError:  # no such locks on this system: processes are asked for by their number instead
    fcntl = None  # type: ignore[assignment]

ID = re.compile(r"[0-9a-f]{18}")
ENDED = frozenset(["succeeded", "failed", "cancelled"])
"""States that nothing follows."""

PAGE_ENTRIES = 500
PAGE_BYTES = 256_000
TAIL = 65_536
"""Bytes at a file's end in which the last record of an ended run is looked for first."""

STEP = 100
"""Of every so many entries the place in the file is remembered."""

ENTRY, RECORD = b'{"seq": ', b'{"run": '


@dataclass(frozen=True)
class Record:
    """A run as the ledger keeps it. Paths are absolute on this disk, times are seconds since the epoch.

    ``fresh`` are the compressed bytes that the image did not have from before; ``code`` and ``needs`` (name and
    specifier) are what the notebook was when it was built. ``host`` and ``process`` say who runs it. Secrets are not
    in it.
    """

    kind: str
    id: str
    state: str = "queued"
    notebook: str = ""
    image: str = ""
    digest: str = ""
    size: int = 0
    fresh: int = 0
    user: str = ""
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    seq: int = 0
    phase: str = ""
    expected: float | None = None
    choices: Mapping[str, Json] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)
    engine: str = ""
    output: str = ""
    outputs: tuple[str, ...] = ()
    destination: str = ""
    failure: str = ""
    code: str = ""
    needs: tuple[tuple[str, str], ...] | None = None
    host: str = ""
    process: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can happen."""
        return self.state in ENDED


NAMES = frozenset(entry.name for entry in fields(Record))


def new_id(now: float) -> str:
    """An id that sorts by time and that no other server gives, too."""
    return f"{int(now * 1000):012x}{secrets.token_hex(3)}"


def read_record(line: bytes, id: str) -> Record | None:
    """The record in a line; nothing if the line has none of the run ``id``. Fields of later versions are left out."""
    try:
        data = json.loads(line)["run"]
        known = {name: data[name] for name in NAMES & data.keys()}
        known["outputs"] = tuple(map(str, known.get("outputs", ())))
        if known.get("needs") is not None:
            known["needs"] = tuple((str(name), str(specifier)) for name, specifier in known["needs"])
        record = Record(**known)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if record.id == id else None


def line_of(data: object) -> bytes:
    """One line of the file; what UTF-8 cannot say becomes a question mark."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


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
        """Number events with their times and write them down. What could not be is tried again with the next."""
        lines, seq = [], self.record.seq
        for at, event in events:
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
                    file = self._path(record.id).open("r+b")
                    if not take_lock(file, process=record):
                        file.close()
                        continue
                    cut_torn_line(file)
                    last = self._read(self._path(record.id))
                    if last is not None and not last.has_ended:
                        found.append(Writing(file, last))
                    else:
                        file.close()
        return found

    def forget(self, id: str) -> None:
        """Remove a run's file, if it is there."""
        with suppress(FileNotFoundError):
            self._path(id).unlink()
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


def last_record(lines: Iterable[bytes], id: str) -> Record | None:
    """The last record among the lines, with what the entries behind it say."""
    record, seq, phase = None, 0, ""
    for line in lines:
        if not line.endswith(b"\n"):
            break
        if line.startswith(RECORD):
            record = read_record(line, id) or record
        elif line.startswith(ENTRY):
            seq += 1
            if b'"PhaseStarted"' in line:
                with suppress(ValueError, KeyError, TypeError):
                    phase = str(json.loads(line)["event"]["phase"])
    return record and replace(record, seq=seq, phase=phase)


def log_text(event: Mapping[str, Any]) -> str:
    """What an event is in a log: its lines, a heading for a phase, the sentences of a failure; else nothing."""
    match event["event"]:
        case "LogLines":
            return "".join(f"{line}\n" for line in event["lines"])
        case "PhaseStarted":
            return f"--- {event['phase']}\n"
        case "Noticed":
            return f"note: {event['notice']['text']}\n"
        case "Failed":
            sentences = [event[part] for part in ("what", "where", "why", "hint") if event[part]]
            return "error: " + "\n       ".join(sentences) + "\n"
    return ""


def take_lock(file: BufferedRandom, process: Record | None = None) -> bool:
    """Lock the file for this process, without waiting. Where there are no locks, ask whether ``process`` still runs."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:  # this file system has no locks
        pass
    return process is None or not still_runs(process)


def still_runs(record: Record) -> bool:
    """Whether the process that began a run may still be there. Of other machines that is not known: it may."""
    if record.host != socket.gethostname():
        return True
    if record.process == os.getpid():
        return False
    try:
        os.kill(record.process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def cut_torn_line(file: BufferedRandom) -> None:
    """Cut off what a crash left of a line, and go to the end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 1, 0))
    if size and file.read(1) != b"\n":
        place = size
        while place:
            place = max(place - TAIL, 0)
            file.seek(place)
            newline = file.read(min(TAIL, size - place)).rfind(b"\n")
            if newline >= 0:
                file.truncate(place + newline + 1)
                break
        else:
            file.truncate(0)
    file.seek(0, os.SEEK_END)
