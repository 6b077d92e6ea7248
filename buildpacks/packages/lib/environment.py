"""The layer ``environment``: a virtual environment whose files are links into the layers of wheels.

Its folders are real and only files are links: a library finds its neighbours by a path relative to the folder in
which it was found (``$ORIGIN``), and that must be the joined site-packages, not the layer of one wheel. From a
``__pycache__`` or a folder of C headers nobody looks around, so whole ones are links, too: a third fewer of them.

Only where several wheels meet is each file looked at; of all other folders their outlines know the links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bytecode import bytecode_path
from listing import Listing
from outline import LONG, Outline, digest, header_folder, is_code
from plan import RUN_IMAGE, Plan
from wheels import Wheel, read_wheel

SCRIPT = """#!{python}
import sys

from {module} import {imported}

if __name__ == "__main__":
    sys.exit({imported}{attribute}())
"""


@dataclass(frozen=True)
class Owned:
    """A wheel, and the layer that holds it; ``wheel`` where all of it is known anyway."""

    layer: str
    outline: Outline
    wheel: Wheel | None = None

    def whole(self) -> Wheel:
        """All that is known of the wheel. Raises OSError."""
        wheel = self.wheel or read_wheel(self.outline.folder)
        if wheel is None:
            raise OSError(f"{self.outline.folder} is no installed wheel any more.")
        return wheel


@dataclass(frozen=True)
class Link:
    """A file of the environment: ``name`` in ``site`` or ``data`` of a wheel, its size, and whether it has bytecode."""

    owned: Owned
    part: str
    name: str
    size: int
    compiled: bool

    @property
    def path(self) -> str:
        """Where the file lies on this machine."""
        return f"{self.owned.outline.folder}/{self.part}/{self.name}"


Links = Mapping[str, Link]
"""The files of an environment that are looked at one by one, but for bytecode and scripts, by their paths in it."""
Pairs = Sequence["tuple[str, str]"]
"""Links into site-packages: layers and names."""


def environment_listing(plan: Plan, wheels: Sequence[Owned], links: Links, shared: set[str]) -> Listing:
    """``venv/`` and the launch environment. ``links`` and ``shared`` are of ``choose``."""
    listing = Listing()
    version = plan.interpreter.version if plan.interpreter else plan.python
    beside = "false" if plan.home == RUN_IMAGE else "true"  # a conda environment has packages of its own
    settings = f"home = {plan.home}\ninclude-system-site-packages = {beside}\nversion = {version}\n"
    listing.texts["venv/pyvenv.cfg"] = (0o644, settings)
    for script, text in scripts(wheels, f"{plan.venv}/bin/python"):
        listing.texts[f"venv/bin/{script}"] = (0o755, text)
    for name in ("python", "python3", f"python{plan.python}"):
        listing.symlinks[f"venv/bin/{name}"] = f"{plan.home}/python{plan.python}"
        listing.texts.pop(f"venv/bin/{name}", None)
    for name, value in {"PATH.prepend": f"{plan.venv}/bin", "PATH.delim": ":", "VIRTUAL_ENV": plan.venv}.items():
        listing.texts[f"env.launch/{name}"] = (0o644, value)
    taken = {*listing.texts, *listing.symlinks}
    grouped: dict[tuple[str, str], list[str]] = {}
    for path, link in links.items():
        if link.part == "data" and f"venv/{path}" not in taken:
            grouped.setdefault(("venv", f"{plan.image}/{link.owned.layer}/data"), []).append(link.name)
    at = f"venv/{plan.site}"
    pairs = list(site_links(plan.python, links))
    for owned in wheels:
        for name, top in owned.outline.tops.items():
            if name in shared:
                continue
            if top.count >= LONG:
                to = f"{plan.image}/{owned.layer}/site"
                listing.stretches.append((at, to, name, top.count, top.digest, top.names))
            else:
                pairs += ((owned.layer, link) for link in top.names)
    for folder, layer, names in long_folders(pairs):
        listing.stretches.append((at, f"{plan.image}/{layer}/site", folder, len(names), digest(names), names))
        pairs = [pair for pair in pairs if not pair[1].startswith(f"{folder}/")]
    for layer, name in pairs:
        grouped.setdefault((at, f"{plan.image}/{layer}/site"), []).append(name)
    listing.links += ((*where, names) for where, names in sorted(grouped.items()))
    listing.stretches.sort(key=lambda one: one[2])
    return listing


def choose(plan: Plan, wheels: Sequence[Owned], report: Callable[[str], None]) -> tuple[dict[str, Link], set[str]]:
    """The files that lie where others may, one for each path, and the names in site-packages that wheels share.

    Where wheels disagree, the first in order of names wins.
    """
    chosen: dict[str, Link] = {}
    shared = shared_tops(plan.site, wheels)
    for owned in sorted(wheels, key=lambda one: one.outline.project):
        for path, link in own_links(f"{plan.site}/", owned, shared):
            first = chosen.setdefault(path, link)
            if first is not link and differ(first, link):
                projects = f"{first.owned.outline.project} and {owned.outline.project}"
                report(f"{path} differs between {projects}: the first is taken")
    return chosen, shared


def shared_tops(site: str, wheels: Sequence[Owned]) -> set[str]:
    """The folders at the top of site-packages that several wheels bring files into, or the data of one."""
    holders = Counter(top for owned in wheels for top in owned.outline.tops)
    data = {name for owned in wheels for name, _, _ in owned.outline.data if name.startswith(f"{site}/")}
    return {top for top, count in holders.items() if count > 1} | {name.split("/")[3] for name in data}


def own_links(site: str, owned: Owned, shared: set[str]) -> Iterator[tuple[str, Link]]:
    """A wheel's files that may lie where others do, by their paths."""
    told = owned.outline
    for name, _, size in told.root:
        yield site + name, Link(owned, "site", name, size, name in told.compiled)
    if not shared.isdisjoint(told.tops):
        wheel = owned.whole()
        for name, _, size in wheel.site:
            top, slash, _ = name.partition("/")
            if slash and top in shared:
                yield site + name, Link(owned, "site", name, size, name in wheel.bytecode)
    for name, _, size in told.data:
        yield name, Link(owned, "data", name, size, False)


def differ(first: Link, second: Link) -> bool:
    """Whether two files are unequal."""
    import filecmp

    return first.size != second.size or not filecmp.cmp(first.path, second.path, shallow=False)


def site_links(python: str, links: Links) -> Iterator[tuple[str, str]]:
    """The links for these files of site-packages and their bytecode."""
    headers = header_folders(links)
    yield from ((layer, name) for name, layer in headers.items())
    for link in links.values():
        if link.part == "site" and header_folder(link.name) not in headers:
            yield link.owned.layer, link.name
    yield from bytecode_links(python, links)


def header_folders(links: Links) -> dict[str, str]:
    """The folders ``.../include`` in site-packages with nothing but data of one layer, and that layer."""
    layers: dict[str, set[str]] = {}
    for link in links.values():
        folder = header_folder(link.name) if link.part == "site" else ""
        if folder:
            layers.setdefault(folder, set()).update({link.owned.layer, *([""] if is_code(link.name) else [])})
    return {folder: found.pop() for folder, found in sorted(layers.items()) if len(found) == 1}


def bytecode_links(python: str, links: Links) -> Iterator[tuple[str, str]]:
    """Layers and names of whole ``__pycache__`` where all sources beside one are of one layer, else of each file."""
    beside: dict[str, list[Link]] = {}
    for link in links.values():
        if link.part == "site" and link.name.endswith(".py"):
            beside.setdefault(link.name.rpartition("/")[0], []).append(link)
    for folder, sources in beside.items():
        compiled = [link for link in sources if link.compiled]
        if compiled and len({link.owned.layer for link in sources}) == 1:
            yield compiled[0].owned.layer, f"{folder}/__pycache__".lstrip("/")
        else:
            yield from ((link.owned.layer, bytecode_path(link.name, python)) for link in compiled)


def long_folders(pairs: Pairs) -> list[tuple[str, str, list[str]]]:
    """The outermost folders with ``LONG`` links at least, all into one layer: folder, layer, sorted names."""
    found: dict[str, tuple[set[str], list[str]]] = {}
    for layer, name in pairs:
        above = name.rpartition("/")[0]
        while above:
            layers, names = found.setdefault(above, (set(), []))
            layers.add(layer)
            names.append(name)
            above = above.rpartition("/")[0]
    long = {folder for folder, (layers, names) in found.items() if len(layers) == 1 and len(names) >= LONG}
    outer = [folder for folder in sorted(long) if not any(above in long for above in folders_above(folder))]
    return [(folder, next(iter(found[folder][0])), sorted(found[folder][1])) for folder in outer]


def folders_above(folder: str) -> Iterator[str]:
    """The folders that it is in."""
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield folder


def scripts(wheels: Sequence[Owned], python: str) -> Iterator[tuple[str, str]]:
    """The console scripts of all wheels; of two with one name the first in order of project names, which comes last."""
    for owned in sorted(wheels, key=lambda one: one.outline.project, reverse=True):
        for name, module, imported, attribute in reversed(owned.outline.scripts):
            yield name, SCRIPT.format(python=python, module=module, imported=imported, attribute=attribute)
