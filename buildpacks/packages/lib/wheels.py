"""Installed wheels, each made once: its files, their sizes, its bytecode, what its objects ask for.

A wheel lies in ``<store>/<key>/``: ``site/`` and ``data/`` with its files, ``wheel.json`` with what is known of them.
It is complete from the moment it has its name. Files may be hard links into uv's cache, so none is ever changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bytecode import bytecode_path, wants_bytecode
from elf import Dynamic
from plan import NEEDS, Plan, pin_name

FORMAT = 1
"""Of the folders; raised when the same wheel shall be made in another way."""
TOLD = "wheel.json"
MAKING = ".making-"
STALE = 86400.0
"""Seconds after which a folder that was left half made belongs to nobody."""
PATIENCE, PAUSE = 60, 0.05
"""Tries, and seconds between them: less together than a stopped build is given to end."""

File = tuple[str, int, int]
"""A file: its name below ``site`` or ``data``, its mode, its size in bytes."""


@dataclass(frozen=True)
class Wheel:
    """One installed wheel. ``bytecode`` has the sizes of what its sources are compiled to, by the sources' names."""

    project: str
    folder: Path
    site: tuple[File, ...]
    data: tuple[File, ...]
    bytecode: dict[str, int]
    objects: tuple[tuple[str, str, Dynamic, bool], ...]
    """Part, name, what it asks for, and whether it is a program."""
    scripts: tuple[tuple[str, str, str, str], ...]

    def files(self, python: str) -> Iterator[tuple[str, list[File]]]:
        """``site`` with the bytecode, and ``data``."""
        compiled = [(bytecode_path(source, python), 0o644, size) for source, size in self.bytecode.items()]
        yield "site", [*self.site, *compiled]
        yield "data", list(self.data)

    def without_bytecode(self) -> list[str]:
        """The sources that should have been compiled, and do not compile."""
        return [name for name in self.sources() if name not in self.bytecode]

    def sources(self) -> Iterator[str]:
        """The names of the sources that are compiled."""
        return (name for name, _, _ in self.site if name.endswith(".py") and wants_bytecode(name))

    def is_whole(self, python: str) -> bool:
        """Whether all files are as long as they were: a power failure may have cut some."""
        with suppress(OSError):
            for part, files in self.files(python):
                root = f"{self.folder}/{part}/"
                if any(os.stat(root + name).st_size != size for name, _, size in files):
                    return False
            return True
        return False


def wheel_key(plan: Plan, line: str) -> str:
    """The name of a wheel's folder: a hash over all that decides its bytes."""
    interpreter = plan.interpreter.version if plan.interpreter else ""
    hashes = sorted(re.findall(r"--hash=(\S+)", line))
    parts = [FORMAT, NEEDS, pin_name(line), hashes, plan.python, plan.platform, interpreter, plan.venv]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_wheel(folder: Path) -> Wheel | None:
    """The wheel in ``folder``; None when it is not there, or not as it should be. Reading it counts as use."""
    try:
        told = json.loads((folder / TOLD).read_bytes())
        wheel = Wheel(
            project=str(told["project"]),
            folder=folder,
            site=tuple((name, mode, size) for name, mode, size in told["site"]),
            data=tuple((name, mode, size) for name, mode, size in told["data"]),
            bytecode=dict(told["bytecode"]),
            objects=tuple((p, n, Dynamic(tuple(needed), so), program) for p, n, needed, so, program in told["objects"]),
            scripts=tuple(tuple(script) for script in told["scripts"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(folder)
    return wheel


def write_wheel(wheel: Wheel) -> None:
    """``wheel.json`` in the wheel's folder."""
    told = {
        "project": wheel.project,
        "site": wheel.site,
        "data": wheel.data,
        "bytecode": wheel.bytecode,
        "objects": [(p, n, found.needed, found.soname, program) for p, n, found, program in wheel.objects],
        "scripts": wheel.scripts,
    }
    (wheel.folder / TOLD).write_text(json.dumps(told, separators=(",", ":")), encoding="utf-8")


def keep_wheel(made: Wheel, place: Path) -> Wheel:
    """Gives a made wheel its name in the store; of two builds that make the same one, the first wins."""
    try:
        made.folder.rename(place)
    except OSError:
        other = read_wheel(place)
        if other is None:
            discard(place)
            made.folder.rename(place)
        else:
            return other
    return Wheel(**{**vars(made), "folder": place})


def discard(place: Path) -> None:
    """Takes away what is broken; its name is free at once."""
    import tempfile  # rarely needed, and most of a build's time is its imports

    with tempfile.TemporaryDirectory(dir=place.parent, prefix=MAKING) as grave, suppress(OSError):
        place.rename(Path(grave, "gone"))


@contextmanager
def making_folder(parent: Path) -> Iterator[Path]:
    """A folder to make wheels in, beside those that are made; what killed builds left there is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in leftovers(parent):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(parent, MAKING + os.urandom(6).hex())
    try:  # from here on: a signal may come before the call that made the folder has returned
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        take_away(folder)


def take_away(folder: Path) -> None:
    """Removes the folder; what is stopped with us may write a little longer."""
    for _ in range(PATIENCE):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE)


def leftovers(parent: Path) -> Iterable[Path]:
    """The folders of builds that were killed."""
    for path in parent.glob(f"{MAKING}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE:
                yield path
