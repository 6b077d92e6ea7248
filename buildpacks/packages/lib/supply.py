"""Gets the wheels of a plan: from the store what was made before, all others from one run of uv."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bytecode import bytecode_path, compile_wheels
from install import install
from needs import read_object_file
from outline import Outline, outline, read_outline, write_outline
from plan import Plan, pin_name
from progress import Progress
from wheel import entry_points
from wheels import File, Wheel, discard, keep_wheel, read_wheel, wheel_key, write_wheel


class Supplied(NamedTuple):
    """A wheel in few words; all of it where its files are going to be read."""

    outline: Outline
    wheel: Wheel | None


class Supply:
    """The wheels of one plan. ``found`` counts those that were there."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self.plan, self.scratch = plan, scratch
        self.new = {line for content in plan.contents if content.kept is None for line in content.requirements}
        self.found = 0

    def wheels(self) -> dict[str, Supplied]:
        """All wheels by their lines of the lock. Raises InstallError, CompileError."""
        lines = [line for content in self.plan.contents for line in content.requirements]
        wheels = {line: wheel for line in lines if (wheel := self.stored(line))}
        self.found = len(wheels)
        missing = [line for line in lines if line not in wheels]
        progress = Progress(len(lines), len(wheels))
        if missing:
            wheels.update(self.make(missing, progress))
        progress.reach(1.0)
        return wheels

    def stored(self, line: str) -> Supplied | None:
        """The wheel if the store has it, undamaged as far as its files are going to be read."""
        if self.plan.wheels is None:
            return None
        place = self.plan.wheels / wheel_key(self.plan, line)
        known = read_outline(place)
        if known and line not in self.new:
            return Supplied(known, None)
        wheel = read_wheel(place)
        if wheel is None:
            return None
        if line in self.new and not wheel.is_whole(self.plan.python):
            discard(place)
            return None
        return Supplied(known or write_outline(outline(wheel)), wheel)

    def make(self, lines: Sequence[str], progress: Progress) -> dict[str, Supplied]:
        """Installs and compiles wheels, and keeps them if there is a store."""
        folders = install(self.plan, lines, self.scratch, progress.line)
        progress.reach(0.5)
        made = [describe(folder, line, self.plan) for folder, line in zip(folders, lines)]  # noqa: B905 (Python 3.9)
        made = self.compile(dict(zip(lines, made)), progress)  # noqa: B905
        return {line: self.keep(line, wheel) for line, wheel in made.items()}

    def keep(self, line: str, wheel: Wheel) -> Supplied:
        """A made wheel, kept if there is a store."""
        if self.plan.wheels is None:
            return Supplied(outline(wheel), wheel)
        write_wheel(wheel)
        write_outline(outline(wheel))
        wheel = keep_wheel(wheel, self.plan.wheels / wheel_key(self.plan, line))
        return Supplied(read_outline(wheel.folder) or write_outline(outline(wheel)), wheel)

    def compile(self, made: dict[str, Wheel], progress: Progress) -> dict[str, Wheel]:
        """The wheels with bytecode. Without a store, of kept layers only the names are needed."""
        if self.plan.interpreter is None:
            return made
        kept = {name for content in self.plan.contents for name in content.kept or ()}
        wanted = [line for line in made if self.plan.wheels or line in self.new]
        failed = compile_wheels(
            [(made[line].folder / "site", list(made[line].sources())) for line in wanted],
            f"{self.plan.venv}/{self.plan.site}", self.plan.interpreter,
            lambda share: progress.reach(0.5 + share / 2),
        )  # fmt: skip
        compiled = {}
        for line, wheel in made.items():
            without = set(failed[wanted.index(line)]) if line in wanted else kept
            compiled[line] = replace(wheel, bytecode=sizes(wheel, without, self.plan.python))
        return compiled


def sizes(wheel: Wheel, without: set[str], python: str) -> dict[str, int]:
    """The sizes of a wheel's bytecode by its sources; 0 where it is not made because nobody reads it."""
    found = {}
    for name in wheel.sources():
        if name not in without:
            path = f"{wheel.folder}/site/{bytecode_path(name, python)}"
            found[name] = os.stat(path).st_size if os.path.exists(path) else 0
    return found


def describe(folder: Path, line: str, plan: Plan) -> Wheel:
    """What an installed wheel is, not yet compiled."""
    infos = sorted((folder / "site").glob("*.dist-info"))
    points = [point for info in infos for point in entry_points(info)]
    parts = {part: files_of(folder / part) for part in ("site", "data")}
    return Wheel(
        project=pin_name(line).partition("==")[0],
        folder=folder,
        site=parts["site"],
        data=parts["data"],
        bytecode={},
        objects=tuple(
            (part, name, *found)
            for part, files in parts.items()
            for name, _, _ in files
            if (found := read_object_file(name, f"{folder}/{part}/{name}", plan.arch))
        ),
        scripts=tuple((point.name, point.module, point.imported, point.attribute) for point in points),
    )


def files_of(root: Path) -> tuple[File, ...]:
    """All files below ``root``, sorted."""
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                found.append((os.path.relpath(path, root), mode_of(name, status), status.st_size))
    return tuple(sorted(found))


def mode_of(name: str, status: os.stat_result) -> int:
    """0755 for what can be executed, else 0644. ``__init__.py`` and empty files never are: wheels share them."""
    executable = status.st_mode & 0o100 and status.st_size and name != "__init__.py"
    return 0o755 if executable else 0o644
