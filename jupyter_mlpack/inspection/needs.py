"""Distributions that a call needs although no import names them: ``read_parquet`` needs pyarrow, and so on.

The rules, each with its reason, stand in ``data/needs.toml``; here they are matched with what the code uses
(``uses.py``). A rule is silent where another distribution that the notebook has satisfies it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import chain

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.known import Known
from jupyter_mlpack.inspection.settle import Want, settle
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.inspection.uses import Use, notebook_uses
from jupyter_mlpack.values import Cell, Dependency, Evidence

IMPORT = "import"
"""The name under which a rule listens to the import of one of its modules."""


@dataclass(frozen=True)
class Rule:
    """A line of ``data/needs.toml``, split into its words; the file says what each means."""

    calls: tuple[str, ...]
    modules: frozenset[str]
    without: frozenset[str]
    arguments: tuple[str, ...]
    unless: tuple[str, ...]
    needs: str
    satisfied: tuple[str, ...]
    reason: str

    def is_awake(self, modules: frozenset[str]) -> bool:
        """Whether it says anything of code that imports ``modules``."""
        return self.without.isdisjoint(modules) and not (self.modules and self.modules.isdisjoint(modules))

    def speaks(self, texts: tuple[str, ...]) -> bool:
        """Whether a use with the literal ``texts`` needs the distribution, where the rule is awake."""
        if self.arguments and not _fits(texts, self.arguments):
            return False
        return not (self.unless and _fits(texts, self.unless))


@dataclass(frozen=True)
class Rules:
    """All rules, in order, and which of them (by number) listen to a name, or to the beginning of one."""

    rules: tuple[Rule, ...]
    by_name: Mapping[str, tuple[int, ...]]
    by_prefix: tuple[tuple[str, int], ...]
    prefixes: tuple[str, ...]

    def awake(self, modules: frozenset[str]) -> Rules:
        """Those that may speak in code that imports ``modules``."""
        return _listening(tuple(rule for rule in self.rules if rule.is_awake(modules)))

    def hears(self, name: str) -> bool:
        """Whether any rule listens to ``name``."""
        return name in self.by_name or name.startswith(self.prefixes)

    def listening(self, name: str) -> Iterator[int]:
        """The numbers of the rules that listen to ``name``."""
        yield from self.by_name.get(name, ())
        yield from (number for prefix, number in self.by_prefix if name.startswith(prefix))


def add_needs(  # noqa: PLR0913, PLR0917 (what is there, what the code does, what is known, what is decided)
    dependencies: tuple[Dependency, ...],
    imports: tuple[Import, ...],
    path: str,
    cells: Iterable[Cell],
    known: Known,
    without: frozenset[str] = frozenset(),
) -> tuple[Dependency, ...]:
    """``dependencies`` and what else the notebook's calls need, sorted by name; nothing of ``without``."""
    modules = frozenset(prefix for found in imports for prefix in _prefixes(found.module))
    rules = needs_rules().awake(modules)
    uses = notebook_uses(path, tuple(cells), rules.hears)
    heard = _heard(chain(uses, _imported(imports)), rules)
    entries = {normalised(entry.name): entry for entry in dependencies}
    for number in sorted(heard):
        rule, use = rules.rules[number], heard[number]
        if not _satisfied(rule, {name for entry in entries.values() for name in _names(entry)}):
            said = use.name if use.name != IMPORT else f"import {use.texts[0]}"
            _add(rule, Evidence("NEED1", use.location, f"{said}: {rule.reason}"), entries, known)
    return tuple(entries[name] for name in sorted(entries) if name not in without)


def _add(rule: Rule, evidence: Evidence, entries: dict[str, Dependency], known: Known) -> None:
    """Add what ``rule`` needs to ``entries``: a distribution, or an extra to one that is there."""
    name, _, extra = rule.needs.rstrip("]").partition("[")
    if not extra:
        chosen = _chosen(rule, known)
        settled = settle(chosen, Want(chosen, "table", [evidence]), known).dependency
        entries.update({normalised(settled.name): settled} if settled else {})
    elif name in entries:
        entry = entries[name]
        extras = tuple(sorted({*entry.extras, extra}))
        entries[name] = replace(entry, extras=extras, evidence=(*entry.evidence, evidence))


@functools.cache
def needs_rules() -> Rules:
    """The rules, read once."""
    return _listening(tuple(_rule(row) for row in tables.needs()))


def _listening(rules: tuple[Rule, ...]) -> Rules:
    by_name: dict[str, tuple[int, ...]] = {}
    by_prefix: list[tuple[str, int]] = []
    for number, rule in enumerate(rules):
        for call in rule.calls:
            if call.endswith("*"):
                by_prefix.append((call[:-1], number))
            else:
                by_name[call] = (*by_name.get(call, ()), number)
    return Rules(rules, by_name, tuple(by_prefix), tuple(prefix for prefix, _ in by_prefix))


def _rule(row: Mapping[str, str]) -> Rule:
    return Rule(
        calls=tuple(row["call"].split()),
        modules=frozenset(row["module"].split()),
        without=frozenset(row.get("without", "").split()),
        arguments=tuple(row.get("argument", "").split()),
        unless=tuple(row.get("unless", "").split()),
        needs=row["needs"],
        satisfied=tuple(row["satisfied"].split()),
        reason=row["reason"],
    )


def _heard(uses: Iterable[Use], table: Rules) -> dict[int, Use]:
    """The rules that speak, by number, each with the first use that made it."""
    heard: dict[int, Use] = {}
    for use in uses:
        for number in table.listening(use.name):
            if number not in heard and _hears(table.rules[number], use):
                heard[number] = use
    return heard


def _hears(rule: Rule, use: Use) -> bool:
    return use.texts[0] in rule.modules if use.name == IMPORT else rule.speaks(use.texts)


def _imported(imports: Iterable[Import]) -> Iterator[Use]:
    """Each imported module and what lies above it, once."""
    seen: set[str] = set()
    for found in imports:
        for name in _prefixes(found.module):
            if name not in seen and not found.optional:
                seen.add(name)
                yield Use(IMPORT, (name,), found.evidence.location)


def _fits(texts: Iterable[str], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text.lower(), pattern) for text in texts for pattern in patterns)


def _satisfied(rule: Rule, have: set[str]) -> bool:
    names = (rule.needs, *rule.satisfied)
    wild = [name for name in names if name.endswith("[*]")]
    return not have.isdisjoint(names) or any(held.startswith(name[:-2]) for name in wild for held in have)


def _chosen(rule: Rule, known: Known) -> str:
    """What is asked for: an alternative that a declaration or the kernel names, else what the rule says."""
    names = [name for name in (rule.needs, *rule.satisfied) if "[" not in name]
    declared = known.preferred(names)
    return next((name for name in names if name in known.held), declared) if declared == rule.needs else declared


def _names(entry: Dependency) -> Iterator[str]:
    """``name`` and ``name[extra]`` for each of its extras."""
    name = normalised(entry.name)
    yield name
    yield from (f"{name}[{extra.lower()}]" for extra in entry.extras)


def _prefixes(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))
