"""Notebooks -> inspections in one process: one notebook, or all below a folder. Each kernel is asked once.

Light on purpose: this is what ``jupyter mlpack inspect`` waits for, so nothing of locks, images and builds is
imported here.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.errors import (
    FolderUnreadable,
    InputError,
    InspectionError,
    KernelUnknown,
    NoNotebooks,
)
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.choices import Choices
from jupyter_mlpack.inspection.hardware.facts import accelerators
from jupyter_mlpack.inspection.run import inspect_notebook
from jupyter_mlpack.inspection.syntax import forget_trees
from jupyter_mlpack.inspection.tables import modules
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection, KernelEnvironment, Notebook, Notice

SKIPPED = frozenset(["node_modules", "__pycache__", "site-packages", "venv", "env", "virtualenv"])
"""Folders that hold other people's notebooks, or copies. Hidden ones (checkpoints among them) are skipped, too."""

COLLECT = 250
"""Notebooks after which reference cycles are looked for, where the command has switched that off."""

MAX_FOLDERS = 200_000
"""Folders that are looked into before the search ends."""

Answer = tuple[KernelEnvironment | None, tuple[Notice, ...]]


@dataclass
class Kernels:
    """Asks the kernels of notebooks what they hold, each once.

    ``name`` is the kernel to ask instead of the notebook's own; with ``ask`` off none is asked. ``cache`` is a folder
    for answers.
    """

    name: str | None = None
    ask: bool = True
    cache: Path | None = None
    answers: dict[str | None, Answer] = field(default_factory=dict)

    def read(self, notebook: Notebook) -> Answer:
        """What the kernel holds, and what there is to say about that. Raises ``KernelUnknown`` for ``name`` alone.

        A notebook's own kernel that is broken costs its versions and a notice, not the answer.
        """
        name = self.name or notebook.kernel
        if not self.ask:
            return None, ()
        if name not in self.answers:
            self.answers[name] = self._ask(name)
        return self.answers[name]

    def _ask(self, name: str | None) -> Answer:
        from jupyter_mlpack.inspection.kernel import read_kernel

        try:
            environment, notices = read_kernel(name, cache=self.cache)
        except InspectionError as error:
            if self.name:
                raise
            return None, (Notice(error.code, f"{error} {error.sentence('hint')}"),)
        if environment is None and self.name:
            raise KernelUnknown(kernel=self.name)
        return environment, notices


@dataclass(frozen=True)
class Finding:
    """What became of one notebook of a folder: its ``inspection``, or the ``error`` that was in the way.

    ``path`` is relative to the folder.
    """

    path: str
    inspection: Inspection | None = None
    error: InputError | None = None


def inspect_file(path: Path, kernels: Kernels, choices: Choices | None = None) -> tuple[Notebook, Inspection]:
    """Read the notebook at ``path``, with ``choices`` over its own, and find out what it needs.

    Raises leaves of ``InputError``; for a kernel that was named, ``InspectionError``.
    """
    notebook = read_notebook(path, choices)
    environment, notices = kernels.read(notebook)
    inspection = inspect_notebook(notebook, environment)
    return notebook, replace(inspection, notices=(*notices, *inspection.notices))


def read_tables() -> None:
    """Read the user's own tables: what is wrong with them is wrong for every notebook, so it is said once, before any.

    Raises ``TableUnreadable`` or ``HardwareTableUnreadable``.
    """
    modules()
    accelerators()


def inspect_files(folder: Path, names: tuple[str, ...], kernels: Kernels) -> Iterator[Finding]:
    """Inspect the notebooks of ``folder`` one after the other; a broken one costs its own line only."""
    for count, name in enumerate(names, 1):
        yield _finding(folder, name, kernels)
        forget_trees()
        if count % COLLECT == 0:
            gc.collect()


def _finding(folder: Path, name: str, kernels: Kernels) -> Finding:
    try:
        _, inspection = inspect_file(folder / name, kernels)
    except InputError as error:
        return Finding(name, error=error)
    return Finding(name, replace(inspection, notebook=name))


def find_notebooks(folder: Path) -> tuple[str, ...]:
    """Paths of all notebooks below ``folder``, relative, POSIX style, sorted. Folders that are links are not followed.

    Raises ``FolderUnreadable`` or ``NoNotebooks``.
    """
    try:
        os.listdir(folder)
    except OSError as error:
        raise FolderUnreadable(path=folder, reason=error.strerror) from error
    found = []
    for looked, (here, folders, files) in enumerate(os.walk(folder)):
        folders[:] = sorted(name for name in folders if looked < MAX_FOLDERS and not _is_foreign(here, name))
        relative = Path(here).relative_to(folder)
        found += [(relative / name).as_posix() for name in files if name.endswith(".ipynb") and name[0] != "."]
    if not found:
        raise NoNotebooks(path=folder)
    return tuple(sorted(found))


def _is_foreign(here: str, name: str) -> bool:
    return name.startswith(".") or name in SKIPPED or os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
