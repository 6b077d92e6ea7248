"""One user's machine for tests of the command line: a notebook, a store that has built it once, a scratch folder."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

NAME = "failures:training"
SET_CHILD_SUBREAPER = 36  # prctl(2)
LINKED = ("blobs", "trees")
"""Folders of a store whose files are never written to again: a copy of them may be links."""


@dataclass
class UserMachine:
    """``folder`` holds the notebook, ``home`` the store, ``scratch`` is TMPDIR; ``environment`` is added to ours."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    name: str = NAME

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    def write(self, *cells: str, name: str = "n.ipynb", **metadata: object) -> None:
        """Write the notebook."""
        made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=metadata), self.folder / name)

    def start(
        self,
        *options: str,
        prefix: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "jupyter_mlpack"),
        words: tuple[str, ...] = ("build", "n.ipynb", "--name", NAME),
        **environment: str,
    ) -> subprocess.Popen[str]:
        """Start ``jupyter mlpack build``, or what ``words`` say, in a session of its own, as a terminal starts it."""
        words = (*words, "--home", str(self.home), "--format", "json", *options)
        return subprocess.Popen(
            [*prefix, sys.executable, *program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**os.environ, "TMPDIR": str(self.scratch), **self.environment, **environment},
            start_new_session=True,
        )

    def build(self, *options: str, expected: int = 0, **environment: str) -> list[dict[str, Any]]:
        """Run to the end; its events. No traceback, whatever happens."""
        return self.end(self.start(*options, **environment), expected)

    def end(self, process: subprocess.Popen[str], expected: int) -> list[dict[str, Any]]:
        """Wait for a started build."""
        out, err = process.communicate(timeout=300)
        assert process.returncode == expected, (out[-3000:], err[-3000:])
        assert err == ""
        return [json.loads(line) for line in out.splitlines()]

    def failure(self, *options: str, expected: int, **environment: str) -> dict[str, Any]:
        """The one failure of a build, whose name then still points where it did, and which left nothing behind."""
        before = self.digest()
        events = self.build(*options, expected=expected, **environment)
        failures = [event for event in events if event.get("event") == "Failed"]
        assert len(failures) == 1
        assert failures[0]["what"]
        assert failures[0]["hint"]
        assert self.digest() == before
        assert self.left_behind() == []
        return failures[0]

    def digest(self) -> str | None:
        """What the name points at."""
        image = Store(self.home).image(NAME)
        return image.descriptor.digest if image else None

    def left_behind(self) -> list[Path]:
        """What a build should have taken away: scratch folders and half-written files."""
        found = [*self.scratch.iterdir(), *(self.home / "tmp").glob("*"), *(self.home / "trees").glob(".*")]
        found += [path for path in (self.home / "locks").glob("*") if path.suffix != ".json"]
        found += (self.home / "wheels").glob(".*")
        found += [path for path in (self.home / "stacks").glob("*/*-*") if path.is_dir()]
        return [*found, *(self.home / "cache").glob("*.new"), *(self.home / "cache").glob("*.old")]


@pytest.fixture(scope="module")
def built(
    machine_store: Store,
    run_image: Callable[..., StoredImage],
    base_and_locks: Callable[[Path, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> UserMachine:
    """A machine on which a small notebook has been built; only to be copied."""
    machine = UserMachine(tmp_path_factory.mktemp("built"))
    machine.environment["UV_CACHE_DIR"] = str(tmp_path_factory.mktemp("uv"))
    machine.scratch.mkdir()
    run_image("bookworm")
    base_and_locks(machine_store.root, machine.home)
    machine.write("print('hello')")
    machine.build()
    return machine


@pytest.fixture
def machine(built: UserMachine, tmp_path: Path) -> UserMachine:
    """A copy of ``built``."""
    copy = UserMachine(tmp_path / "machine", dict(built.environment))
    copy.scratch.mkdir(parents=True)
    copy.write("print('hello')")
    for folder in (path for path in built.home.iterdir() if path.is_dir()):
        link = os.link if folder.name in LINKED else shutil.copy2
        shutil.copytree(folder, copy.home / folder.name, symlinks=True, copy_function=link)
    return copy


@pytest.fixture
def orphans() -> Iterator[Callable[[], list[str]]]:
    """Tells the processes that a command left behind: orphans of it become children of this process."""
    prctl = ctypes.CDLL(None).prctl
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = children()
    yield lambda: [name for number, name in children().items() if number not in before]
    for number in children().keys() - before.keys():
        os.kill(number, signal.SIGKILL)
    prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children() -> dict[int, str]:
    """Command lines of the running children of this process, by process id."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            words = (stat.parent / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found[int(stat.parent.name)] = words
    return found
