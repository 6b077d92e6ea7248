"""Imports, installs and the notebook's own declarations -> dependencies: which distribution provides a module.

A chain of small resolvers, asked in the order of ``belief.py``: what the notebook declares itself, an install line's
own name, the kernel, the folder's declarations, the table of modules by longest dotted prefix. What none
of them knows is ``Unresolved``: a guessed name would be an invitation to whoever registers it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Container, Iterable

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.belief import ORDER
from jupyter_mlpack.inspection.choices import Decided
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.known import Known, install_name, prefixes, read_known
from jupyter_mlpack.inspection.settle import Want, settle
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Conflict, Dependency, Evidence, Notice, Unresolved

__all__ = ["Known", "Resolution", "find_distribution", "read_known", "resolve"]


@dataclass(frozen=True)
class Resolution:
    """The answer of this module."""

    dependencies: tuple[Dependency, ...]
    unresolved: tuple[Unresolved, ...]
    notices: tuple[Notice, ...]
    conflicts: tuple[Conflict, ...] = ()


def candidates(module: str) -> tuple[str, ...] | None:
    """What the table says: distributions, an empty tuple for names nobody can tell, ``None`` for unknown ones."""
    table = tables.modules()
    return next((table[prefix] for prefix in prefixes(module) if prefix in table), None)


def likely_names(module: str) -> tuple[str, ...]:
    """The table's candidates, and the module's own name where the table has none, or a dotted one (``a-b``)."""
    listed = candidates(module)
    own = (normalised(prefix.replace(".", "-")) for prefix in prefixes(module))
    return (*map(normalised, listed or ()), *(() if listed and "." not in module else own))


def named(module: str, names: Container[str]) -> str | None:
    """The one of ``names`` (normalised) that provides the module by the table, or is called like it."""
    return next((name for name in likely_names(module) if name in names), None)


def loosely_named(module: str, names: Iterable[str]) -> str | None:
    """For modules the table does not have: a name that holds the module's words, or ``py`` and them."""
    if candidates(module):
        return None
    parts = set(normalised(module.partition(".")[0]).split("-"))
    return next((name for name in names if parts <= set(name.split("-")) or name == f"py{'-'.join(parts)}"), None)


def _by_name(module: str, names: Collection[str]) -> str | None:
    return (named(module, names) or loosely_named(module, names)) if names else None


def by_metadata(module: str, known: Known) -> str | None:
    """The notebook's own word for the module, else one of the packages that its metadata lists."""
    pairs = dict(known.declared.modules)
    found = next((pairs[prefix] for prefix in prefixes(module) if prefix in pairs), None)
    return normalised(found) if found else by_own("metadata", module, known)


def by_own(source: str, module: str, known: Known) -> str | None:
    """The notebook's own declaration of that kind names it."""
    names = dict.fromkeys(entry.name for entry in known.declared.own if entry.source == source)
    return _by_name(module, names)


def by_install(module: str, known: Known) -> str | None:
    """An install line names a distribution that provides the module, or the module itself."""
    return _by_name(module, known.installs)


def by_kernel(module: str, known: Known) -> str | None:
    """The kernel's environment holds the module."""
    found = next((known.by_module[prefix] for prefix in prefixes(module) if prefix in known.by_module), None)
    return found.name if found else None


def by_folder(module: str, known: Known) -> str | None:
    """A declaration beside the notebook names it; which of them is no matter, the name is the same."""
    return named(module, known.requirements) if known.requirements else None


def by_table(module: str, known: Known) -> str | None:
    """The table of modules, by longest dotted prefix."""
    listed = candidates(module)
    return listed[0] if listed else None


Resolver = Callable[[str, Known], "str | None"]
RESOLVERS: dict[str, Resolver] = {
    "metadata": by_metadata,
    "script": lambda module, known: by_own("script", module, known),
    "install": by_install,
    "kernel": by_kernel,
    "binder": by_folder,
    "table": by_table,
}
"""By source. One resolver speaks for all files of the folder, at the place of the first of them."""


def find_distribution(module: str, known: Known) -> tuple[str, str] | None:
    """The distribution of a module and the source that knew it, the most believed one."""
    answers = ((name, source) for source in ORDER if source in RESOLVERS and (name := RESOLVERS[source](module, known)))
    return next(answers, None)


def resolve(
    imports: tuple[Import, ...], installs: tuple[Install, ...], known: Known, decided: Decided | None = None
) -> Resolution:
    """All dependencies, merged by name and sorted, without those that the user ``decided`` to leave out."""
    wanted: dict[str, Want] = {}
    lost: dict[str, list[Evidence]] = {}
    notices: list[Notice] = []
    conflicts: list[Conflict] = []
    answers: dict[str, tuple[str, str] | None] = {}
    for found in imports:
        if found.module not in answers:
            answers[found.module] = find_distribution(found.module, known)
        answer = answers[found.module]
        if answer is None and found.optional:
            text = f"{found.top} is imported only if it is there; nobody knows its package, so it is left out."
            notices.append(Notice("optional-unresolved", text, found.evidence.location))
        elif answer is None:
            lost.setdefault(_unresolved_name(found.module), []).append(found.evidence)
        else:
            _want(wanted, *answer, found.evidence)
            conflicts += _other_names(found, *answer, known)
    for entry in known.declared.own:
        _want(wanted, entry.name, entry.source, entry.evidence)
    for item in installs:
        if item.tool == "pip" and not item.conditional:
            _want(wanted, install_name(item), "install", item.evidence)
        elif item.tool == "conda":
            notices += _conda(item, wanted)
    resolution = _settled(wanted, lost, known, notices, conflicts)
    return _decided(resolution, decided) if decided else resolution


def _decided(found: Resolution, decided: Decided) -> Resolution:
    """Without what the user ignores or leaves out, and with a notice for each."""
    ignored = [entry for entry in found.unresolved if not decided.ignore.isdisjoint(prefixes(entry.module))]
    left = [entry for entry in found.dependencies if normalised(entry.name) in decided.without]
    told = [_told("unresolved-ignored", f"{entry.module} is ignored: the image lacks it.", entry) for entry in ignored]
    told += [_told("left-out", f"{entry.name} is left out of the image.", entry) for entry in left]
    return replace(
        found,
        dependencies=tuple(entry for entry in found.dependencies if entry not in left),
        unresolved=tuple(entry for entry in found.unresolved if entry not in ignored),
        notices=(*found.notices, *told),
    )


def _told(code: str, text: str, entry: Dependency | Unresolved) -> Notice:
    return Notice(code, f"As chosen: {text}", entry.evidence[0].location if entry.evidence else None)


def _want(wanted: dict[str, Want], name: str, source: str, evidence: Evidence) -> None:
    wanted.setdefault(normalised(name), Want(name, source)).evidence.append(evidence)


def _other_names(found: Import, name: str, source: str, known: Known) -> list[Conflict]:
    """Witnesses of this notebook that name another distribution for the module; the table is no witness."""
    if source == "table":
        return []
    said = {other: RESOLVERS[other](found.module, known) for other in ("install", "kernel", "binder")}
    against = [
        known.witness(other, word, found.evidence)
        for other, word in said.items()
        if word and normalised(word) != normalised(name) and not known.names(other, name)
    ]
    followed = known.witness(source, name, found.evidence)
    return [Conflict(found.module, (followed, *against))] if against else []


def _conda(item: Install, wanted: dict[str, Want]) -> list[Notice]:
    """conda has its own names: only those that the index surely has too are taken over."""
    name = install_name(item)
    if name in tables.distributions() or name in wanted:
        _want(wanted, name, "install", item.evidence)
        return []
    text = f"The conda package {item.wanted.name} has no sure name on the index."
    return [Notice("conda-unknown", text, item.evidence.location)]


def _unresolved_name(module: str) -> str:
    """The top name, or three parts of it where the top is shared by many distributions (``google.nobody.knows``)."""
    top = module.partition(".")[0]
    return ".".join(module.split(".")[:3]) if top in namespaces() else top


@functools.cache
def namespaces() -> frozenset[str]:
    """Top names that the table knows only with something behind a dot: alone they say nothing."""
    table = tables.modules()
    return frozenset(module.partition(".")[0] for module in table if "." in module) - frozenset(table)


def _settled(
    wanted: dict[str, Want],
    lost: dict[str, list[Evidence]],
    known: Known,
    notices: list[Notice],
    conflicts: list[Conflict],
) -> Resolution:
    """The lists of ``resolve``, names settled one by one."""
    settled = [settle(key, want, known) for key, want in sorted(wanted.items())]
    unresolved = [Unresolved(module, tuple(evidence), tables.hearsay(module)) for module, evidence in lost.items()]
    unresolved += [entry.unresolved for entry in settled if entry.unresolved]
    notices += [entry.notice for entry in settled if entry.notice]
    conflicts += [entry.conflict for entry in settled if entry.conflict]
    return Resolution(
        tuple(entry.dependency for entry in settled if entry.dependency),
        tuple(sorted(unresolved, key=lambda entry: entry.module)),
        tuple(dict.fromkeys(notices)),
        tuple({conflict.subject: conflict for conflict in reversed(conflicts)}.values())[::-1],
    )
