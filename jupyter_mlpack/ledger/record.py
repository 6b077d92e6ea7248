"""A run as the ledger keeps it, and the lines of its file."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from jupyter_mlpack.frozen import dataclass, field, fields, replace
from jupyter_mlpack.values import Json

ID = re.compile(r"[0-9a-f]{18}")
ENDED = frozenset(["succeeded", "failed", "cancelled"])
"""States that nothing follows."""

ENTRY, RECORD, MARK = b'{"seq": ', b'{"run": ', b'{"mark": '


@dataclass(frozen=True)
class Record:
    """A run as the ledger keeps it. Paths are absolute on this disk, times are seconds since the epoch.

    ``fresh`` are the compressed bytes that the image did not have from before; ``purpose`` is what a build's image is
    for, once it is there; ``code`` and ``needs`` (name and specifier) are what the notebook was when it was built.
    ``address`` is where a service answers. ``host`` and ``process`` say who runs it. Secrets are not in it, but for the
    names that ``secrets`` lists.

    A job of a target outlives who submitted it: ``target`` is its name, ``place`` what of it an engine needs to find
    the job again, ``task`` the job's name there, ``reference`` the image in a registry. ``taken``: its engine has it;
    ``released``: its engine was told that it need not keep it any more.
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
    address: str = ""
    failure: str = ""
    purpose: str = ""
    code: str = ""
    needs: tuple[tuple[str, str], ...] | None = None
    host: str = ""
    process: int = 0
    target: str = ""
    place: Mapping[str, Json] = field(default_factory=dict)
    task: str = ""
    reference: str = ""
    secrets: tuple[str, ...] = ()
    taken: bool = False
    released: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can happen."""
        return self.state in ENDED

    @property
    def lasts(self) -> bool:
        """Whether it goes on without who submitted it."""
        return bool(self.task)

    @property
    def may_begin(self) -> bool:
        """Whether its submission was cut off, and all that it takes to finish that stands here."""
        return self.state == "queued" and not self.taken and bool(self.place.get("whole"))


NAMES = frozenset(entry.name for entry in fields(Record))


def new_id(now: float) -> str:
    """An id that sorts by time and that no other server gives, too."""
    return f"{int(now * 1000):012x}{secrets.token_hex(3)}"


def read_record(line: bytes, id: str) -> Record | None:
    """The record in a line; nothing if the line has none of the run ``id``. Fields of later versions are left out."""
    try:
        data = json.loads(line)["run"]
        known = {name: data[name] for name in NAMES & data.keys()}
        for name in ("outputs", "secrets"):
            known[name] = tuple(map(str, known.get(name, ())))
        if known.get("needs") is not None:
            known["needs"] = tuple((str(name), str(specifier)) for name, specifier in known["needs"])
        record = Record(**known)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if record.id == id else None


def line_of(data: object) -> bytes:
    """One line of the file; what UTF-8 cannot say becomes a question mark."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


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
