"""System packages that a notebook asks for: ``apt-get install`` lines, ``apt.txt``, programs that packages call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.tables import normalised, programs
from jupyter_mlpack.values import Dependency, Evidence, Location, SystemPackage


def find_system(
    installs: Iterable[Install], declared: Declared, dependencies: Iterable[Dependency]
) -> tuple[SystemPackage, ...]:
    """The packages, sorted by name, each with all that asks for it.

    Some are libraries (``libmagic.so.1``): which package has them, the stack knows. What shared objects need is told
    later, from the wheels (``stack/``).
    """
    found: dict[str, list[Evidence]] = {}
    for name, evidence in (*_installed(installs), *_declared(declared), *_called(dependencies)):
        found.setdefault(name, []).extend(evidence)
    return tuple(SystemPackage(name, tuple(dict.fromkeys(found[name]))) for name in sorted(found))


def _installed(installs: Iterable[Install]) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """What ``apt-get install`` lines name; they are not run in the image."""
    for install in installs:
        if install.tool == "apt":
            yield install.wanted.name, (install.evidence,)


def _declared(declared: Declared) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for package in declared.system:
        yield package.name, package.evidence


def _called(dependencies: Iterable[Dependency]) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    """What distributions start or load at run time, with the places that ask for the distribution."""
    for dependency in dependencies:
        names, reason = programs().get(normalised(dependency.name), ((), ""))
        places = [evidence.location for evidence in dependency.evidence] or [Location("")]
        for name in names:
            yield name, (Evidence("SYS1", places[0], reason),)
