"""``jupyter mlpack cache``: what is kept where, and to make room."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from traitlets import Bool, Float, List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.style import Sheet, make_sheet
from jupyter_mlpack.collection import DAY, Collected, Limits, collect
from jupyter_mlpack.errors import OptionWrong
from jupyter_mlpack.events import Noticed
from jupyter_mlpack.ledger import Ledger
from jupyter_mlpack.oci import Store
from jupyter_mlpack.storage import CLEARABLE, REMAKEABLE, RoomUse, survey
from jupyter_mlpack.submission.following import sweep
from jupyter_mlpack.values import Notice, to_json

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class CacheCommand(Command):
    """Show and collect what the store keeps."""

    name = "jupyter-mlpack-cache"
    usage = "jupyter mlpack cache [options]"
    words = """
Without an option: what the content store keeps where, and how much it takes. The options remove what can be made again;
images with a name stay (remove one with: jupyter mlpack images NAME --remove), and so does uv's cache of downloads,
which is uv's own (uv cache). Nothing is removed while a build runs."""
    options = (
        ("--clear", "remove all that can be made again"),
        ("--older-than DAYS", "remove what was not used for so long"),
        ("--limit SIZE", "then the longest unused, until the store takes no more: 20GB"),
        ("--room NAME", f"only there; repeatable: {', '.join(CLEARABLE)}"),
        ("--dry-run", "say how much would go; remove nothing"),
    )
    examples = """
jupyter mlpack cache
jupyter mlpack cache --older-than 14 --limit 20GB
jupyter mlpack cache --clear --room unpacked"""
    aliases = {
        **Command.common_aliases,
        "older-than": "CacheCommand.older_than",
        "limit": "CacheCommand.limit",
        "room": "CacheCommand.rooms",
    }
    flags = {
        **Command.common_flags,
        "clear": ({"CacheCommand": {"clear": True}}, "Remove all that can be made again."),
        "dry-run": ({"CacheCommand": {"dry_run": True}}, "Remove nothing."),
    }

    clear = Bool(False, help="Remove all that can be made again.").tag(config=True)
    older_than = Float(None, allow_none=True, help="Days without use.").tag(config=True)
    limit = Unicode(help="Bytes that the store may take, as 20GB.").tag(config=True)
    rooms = List(Unicode(), help="Rooms to collect in.").tag(config=True)
    dry_run = Bool(False, help="Remove nothing.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Show, or collect."""
        limits, store = self.limits(), Store(Path(self.home))
        if limits.age is None and limits.size is None:
            rooms = survey(store)
            sheet = make_sheet(sys.stdout)
            write_survey(sheet, self.home, rooms)
            total = sum(room.size for room in rooms)
            reporter.result(sheet.text(), {"home": self.home, "size": total, "rooms": to_json(rooms)})
            return 0
        if not self.dry_run:
            sweep(store, Ledger(store.root))
        collected = collect(store, limits, dry=self.dry_run)
        if collected.busy:
            text = "The store is in use, so nothing was removed; try again when no build runs."
            reporter(Noticed(Notice("store-busy", text)))
        reporter.result(describe_collected(collected, dry=self.dry_run), {"collected": to_json(collected)})
        return 0

    def limits(self) -> Limits:
        """What the options say; raises ``OptionWrong``."""
        unknown = [room for room in self.rooms if room not in CLEARABLE]
        if unknown:
            raise self.wrong(f"there is no room {unknown[0]}; there are {', '.join(CLEARABLE)}")
        if self.older_than is not None and not 0 <= self.older_than < 100_000:
            raise self.wrong(f"--older-than {self.older_than:g} is no number of days")
        age = 0.0 if self.clear else self.older_than
        size = self.bytes_of(self.limit) if self.limit else None
        return Limits(age if age is None else age * DAY, size, tuple(self.rooms) or REMAKEABLE)

    def bytes_of(self, text: str) -> int:
        """A size for people in bytes; raises ``OptionWrong``."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) *([kmgt]?)b?", text.strip().lower(), re.ASCII)
        if found is None:
            raise self.wrong(f"--limit {text} is no size; for example 20GB")
        return int(float(found[1]) * UNITS[found[2]])

    def wrong(self, problem: str) -> OptionWrong:
        """The error for an option."""
        return OptionWrong(problem=problem, command=self.name.replace("-", " "))


def write_survey(sheet: Sheet, home: str, rooms: tuple[RoomUse, ...]) -> None:
    """A table of rooms, the empty ones left out, and the sum."""
    sheet.line((home, "bold"), (f"  {sum(room.size for room in rooms) / 1e6:.1f} MB", ""))
    rows = [
        [(room.room, "bold"), (f"{room.size / 1e6:10.1f} MB", ""), (str(room.count or ""), "dim"), (room.about, "")]
        for room in rooms
        if room.size
    ]
    sheet.columns(rows)
    free = sum(room.free for room in rooms if room.room in REMAKEABLE)
    sheet.line((f"{free / 1e6:.1f} MB can be freed and made again: jupyter mlpack cache --clear", "dim"))


def describe_collected(collected: Collected, *, dry: bool) -> str:
    """One sentence."""
    if dry:
        return f"{collected.freed / 1e6:.1f} MB would be freed ({collected.count} items)"
    return f"{collected.freed / 1e6:.1f} MB freed ({collected.count} items)"
