"""What distributions provide -> rows of the table: generic names out, the usual distribution first.

Three rules decide who comes first: a decision with a reason in ``data/decisions.toml``, then how close the
distribution's name is to the module's, then the order in which the names were handed in (the more popular first).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.tables.read import Provided

UNREAD = "?"
"""Stands behind a distribution that a person or a list named, and that no run has read yet."""

Rows = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Decisions:
    """``preferred``: module -> distributions in order; ``generic``: top names that are nobody's."""

    preferred: Mapping[str, Sequence[str]]
    generic: Collection[str]


@dataclass(frozen=True)
class Refreshed:
    """The new rows, and the pairs (module, distribution) that fell out because they turned out wrong."""

    rows: Rows
    wrong: tuple[tuple[str, str], ...]


def make_rows(provided: Sequence[Provided], decisions: Decisions) -> Rows:
    """Module -> distributions that provide it, of what was read."""
    holders: dict[str, list[str]] = {}
    for one in provided:
        for module in one.modules if one.state == "read" else ():
            if not is_generic(module, decisions.generic):
                holders.setdefault(module, []).append(one.name)
    namesakes = {one.name for one in provided if any(is_namesake(module, one.name) for module in one.modules)}
    return {
        module: _ordered(module, _without_guests(module, names, namesakes), decisions)
        for module, names in sorted(holders.items())
    }


def refresh(rows: Mapping[str, Sequence[str]], provided: Sequence[Provided], decisions: Decisions) -> Refreshed:
    """An older table (names with marks) and what was read since -> the new table.

    A pair that was read loses its mark, one that turned out wrong or unknown to the index falls out, and one that
    could not be asked stays as it is. A decision keeps a distribution that holds no module itself but requires the
    one that does (``pydantic-ai``). Generic names become rows without distributions:
    nobody can tell.
    """
    by_name = {one.name: one for one in provided if one.state in ("read", "unknown")}
    merged = {module: list(names) for module, names in make_rows(provided, decisions).items()}
    wrong: list[tuple[str, str]] = []
    for module, names in rows.items():
        kept = []
        for marked in names:
            name = marked.removesuffix(UNREAD)
            one = by_name.get(name)
            if one and not _covers(one, module) and name not in decisions.preferred.get(module, ()):
                wrong.append((module, name))
            elif not is_generic(module, decisions.generic):
                kept.append(name if one and one.state == "read" else marked)
        if kept or not names:
            merged[module] = list(dict.fromkeys([*kept, *merged.get(module, ())]))
    merged |= {name: [] for name in decisions.generic if rows}
    ordered = {module: _ordered(module, names, decisions, rows) for module, names in sorted(merged.items())}
    return Refreshed(ordered, tuple(wrong))


def is_generic(module: str, generic: Collection[str]) -> bool:
    """Names at the top that wheels ship by accident (``tests``), that anybody uses, or that Python itself has."""
    top = module.partition(".")[0]
    return top in generic or top in sys.stdlib_module_names


def is_namesake(module: str, name: str) -> bool:
    """``google.cloud.storage`` and ``google-cloud-storage``."""
    return normalised(module) == name


def closeness(module: str, name: str) -> int:
    """0: the same name; 1: with ``py`` or ``python`` about it; 2: another name."""
    called = normalised(module)
    near = (f"python-{called}", f"{called}-python", f"py{called}", f"py-{called}", f"{called}-py", f"{called}py")
    return 0 if called == name else 1 if name in near else 2


def _without_guests(module: str, names: Sequence[str], namesakes: Collection[str]) -> list[str]:
    """Leave out who only carries a copy: it has a module of its own name, and somebody else is called like this one."""
    if not any(is_namesake(module, name) for name in names):
        return list(names)
    return [name for name in names if is_namesake(module, name) or name not in namesakes]


def _covers(one: Provided, module: str) -> bool:
    return any(own == module or module.startswith(f"{own}.") or own.startswith(f"{module}.") for own in one.modules)


def _ordered(
    module: str, names: Iterable[str], decisions: Decisions, older: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, ...]:
    """By decision, then as an older table has them, then by closeness, then as they came."""
    first = list(decisions.preferred.get(module, ()))
    before = [name.removesuffix(UNREAD) for name in (older or {}).get(module, ())]
    listed = list(dict.fromkeys(names))

    def place(marked: str) -> tuple[int, int, int, int]:
        name = marked.removesuffix(UNREAD)
        decided = first.index(name) if name in first else len(first)
        known = before.index(name) if name in before else len(before)
        return decided, known, closeness(module, name), listed.index(marked)

    return tuple(sorted(listed, key=place))
