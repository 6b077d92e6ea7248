"""The layer ``environment``: a virtual environment whose files are links into the layers of wheels.

Its folders are real and only files are links: a library finds its neighbours by a path relative to the folder in
which it was found (``$ORIGIN``), and that must be the joined site-packages, not the layer of one wheel. From a
``__pycache__`` nobody looks around, so whole ones are links, too: a fifth fewer of them.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bytecode import bytecode_path, wants_bytecode
from plan import Plan
from wheel import EntryPoint, entry_points, owners, project

SCRIPT = """#!{python}
import sys

from {module} import {imported}

if __name__ == "__main__":
    sys.exit({imported}{attribute}())
"""


@dataclass(frozen=True)
class Installed:
    """A layer's wheels as they lie on this machine now; ``compiled`` but for the sources ``without_bytecode``."""

    layer: str
    folder: Path
    without_bytecode: frozenset[str]
    compiled: bool


@dataclass(frozen=True)
class Link:
    """A file of the environment: ``name`` in ``site`` or ``data`` of a layer, owned by a project."""

    owner: str
    layer: Installed
    part: str
    name: str

    @property
    def path(self) -> Path:
        """Where the file lies on this machine now."""
        return self.layer.folder / self.part / self.name

    def bytecode(self, python: str) -> Link | None:
        """The link to this source's bytecode, if there is any."""
        source = self.part == "site" and self.name.endswith(".py") and self.layer.compiled
        if not source or self.name in self.layer.without_bytecode or not wants_bytecode(self.name):
            return None
        return Link(self.owner, self.layer, "site", bytecode_path(self.name, python))


def write_environment(plan: Plan, installed: Sequence[Installed], report: Callable[[str], None]) -> dict[str, Link]:
    """Writes ``venv/`` and the launch environment below the layer's folder; returns the links by their paths."""
    layer = plan.layers / "environment"
    venv = layer / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / plan.site).mkdir(parents=True)
    version = plan.interpreter.version if plan.interpreter else plan.python
    settings = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {version}\n"
    (venv / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    links = choose(plan, installed, report)
    made = set()
    for name, link in sorted(links.items()):
        folder = name.rpartition("/")[0]
        if folder not in made:
            (venv / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        os.symlink(f"{plan.image}/{link.layer.layer}/{link.part}/{link.name}", f"{venv}/{name}")
    write_scripts(plan, installed, venv / "bin")
    for name in ("python", "python3", f"python{plan.python}"):
        place(venv / "bin" / name).symlink_to(f"/usr/bin/python{plan.python}")
    write_launch(layer / "env.launch", plan.venv)
    return links


def choose(plan: Plan, installed: Sequence[Installed], report: Callable[[str], None]) -> dict[str, Link]:
    """One link for each path of the environment. Where wheels disagree, the first in order of names wins."""
    chosen: dict[str, Link] = {}
    for layer in installed:
        for name, link in files(plan, layer):
            other = chosen.setdefault(name, link)
            if other is link:
                continue
            first, second = sorted((other, link), key=lambda one: one.owner)
            chosen[name] = first
            if not filecmp.cmp(first.path, second.path, shallow=False):
                report(f"{name} differs between {first.owner} and {second.owner}: the first is taken")
    return {**chosen, **{f"{plan.site}/{link.name}": link for link in bytecode_links(plan, chosen.values())}}


def bytecode_links(plan: Plan, chosen: Iterable[Link]) -> Iterator[Link]:
    """Links to whole ``__pycache__`` where all sources beside one are of one layer, else to each file of bytecode."""
    beside: dict[str, list[Link]] = {}
    for link in chosen:
        if link.part == "site" and link.name.endswith(".py"):
            beside.setdefault(link.name.rpartition("/")[0], []).append(link)
    for links in beside.values():
        compiled = [cached for link in links if (cached := link.bytecode(plan.python))]
        if compiled and len({link.layer.layer for link in links}) == 1:
            yield replace(compiled[0], name=compiled[0].name.rpartition("/")[0])
        else:
            yield from compiled


def files(plan: Plan, layer: Installed) -> Iterator[tuple[str, Link]]:
    """The files of one layer, bytecode left out, with their paths in the environment."""
    owned = {path: owner for path, (owner, _) in owners(layer.folder / "site").items()}
    for part, base in (("site", plan.site), ("data", "")):
        root = layer.folder / part
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - {"__pycache__"})
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), root)
                recorded = path if part == "site" else f"../../../{path}"
                yield os.path.join(base, path), Link(owned.get(recorded, layer.layer), layer, part, path)


def write_scripts(plan: Plan, installed: Sequence[Installed], folder: Path) -> None:
    """The console scripts of all wheels; of two with one name, the first in order of project names."""
    found = [info for one in installed for info in (one.folder / "site").glob("*.dist-info")]
    points = [point for info in sorted(found, key=by_project) for point in entry_points(info)]
    for point in reversed(points):  # the first is written last
        write_script(place(folder / point.name), point, f"{plan.venv}/bin/python")


def by_project(info: Path) -> tuple[str, str]:
    """The order of wheels: by project name."""
    return project(info / "RECORD"), info.name


def write_script(path: Path, point: EntryPoint, python: str) -> None:
    """One console script, executable."""
    text = SCRIPT.format(python=python, module=point.module, imported=point.imported, attribute=point.attribute)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def place(path: Path) -> Path:
    """``path``, with nothing there any more."""
    path.unlink(missing_ok=True)
    return path


def write_launch(folder: Path, venv: str) -> None:
    """What the launcher sets: the environment is active."""
    folder.mkdir()
    for name, value in {"PATH.prepend": f"{venv}/bin", "PATH.delim": ":", "VIRTUAL_ENV": venv}.items():
        (folder / name).write_text(value, encoding="utf-8")
