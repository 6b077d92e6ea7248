"""The *extend* phase: what the installed packages and the notebook need of the system -> a run image that has it.

Only when something is to be made is there a phase to be seen; else the answer is a name in the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_mlpack.errors import AptMissing, KeyringMissing, MirrorUnknown
from jupyter_mlpack.events import Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.lifecycle.records import BuildpackRecord
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.stack.needs import LibraryNeed, choose_packages, libraries_in, read_needs
from jupyter_mlpack.stack.python import run_root
from jupyter_mlpack.stack.recipe import PACKAGE_NAME
from jupyter_mlpack.stack.run_image import Assembly
from jupyter_mlpack.stack.sources import machine_release
from jupyter_mlpack.values import Catalog, Notice, SystemPackage

if TYPE_CHECKING:
    from jupyter_mlpack.stack.extension import Extended, Wanted
    from jupyter_mlpack.stack.libraries import Libraries

TOOLS = re.compile(
    r"build-essential|cmake|make|ninja-build|autoconf|automake|libtool|pkg-config|pkgconf|gcc(-[0-9]+)?|g\+\+(-[0-9]+)?"
    r"|gfortran|swig|.*-dev|python3?(\.[0-9]+)?-?(full|minimal|pip|venv|dev|distutils|setuptools|wheel)?"
    r"|software-properties-common|apt-transport-https|apt-utils|dialog|sudo|gnupg2?|lsb-release"
)
"""Packages that install lines name to build or install others: the image's packages are wheels, its Python is there."""


@dataclass(frozen=True)
class Extender:
    """Makes the run image of one build. ``asked`` are the packages that the plan names."""

    assembly: Assembly
    base: StoredImage
    catalog: Catalog
    asked: tuple[SystemPackage, ...]

    def __call__(self, records: Sequence[BuildpackRecord]) -> StoredImage:
        """The run image for layers with these records. Raises leaves of ``StackError``."""
        needs = tuple(library_needs(records))
        if not needs and not self.asked:
            return self.base
        have = libraries_in(run_root(self.assembly.store, self.base))
        if not self.asked and all(need.library in have for need in needs):
            return self.base
        return self._extended(needs, have)

    def _extended(self, needs: Sequence[LibraryNeed], have: frozenset[str]) -> StoredImage:
        # most images need nothing, and this is part of the time that every build takes
        from jupyter_mlpack.stack.extension import Wanted, at_hand
        from jupyter_mlpack.stack.libraries import Libraries

        folder = self.catalog.stacks_folder
        table = Libraries(folder / self.assembly.stack.name / "libraries.txt" if folder else None, self.assembly.arch)
        chosen = choose_packages(needs, have, table, self.assembly.stack)
        named = tuple(self._named(table))
        notices = [*chosen.notices, *(item for item in named if isinstance(item, Notice))]
        packages = tuple(sorted({item for item in named if isinstance(item, str)}))
        wanted = Wanted(tuple(name for name in chosen.packages if name not in packages), packages)
        extended = (at_hand(self.assembly, self.base, wanted) or self._made(wanted, table)) if wanted else None
        for notice in (*notices, *(extended.notices if extended else ())):
            self.assembly.emit(Noticed(notice))
        return extended.image if extended else self.base

    def _named(self, table: Mapping[str, str]) -> Iterator[str | Notice]:
        """The packages that were asked for by name, and what has to be told of the others."""
        for package in self.asked:
            place = package.evidence[0].location if package.evidence else None
            called = any(evidence.rule == "SYS1" for evidence in package.evidence)
            name = table.get(package.name, package.name)
            if not PACKAGE_NAME.fullmatch(name):
                yield Notice(
                    "system-package-missing", f"{name} is not the name of a package; the image is without.", place
                )
            elif TOOLS.fullmatch(name) and not called:
                text = f"The system package {name} is left out: it serves to install others, and the image has them."
                yield Notice("system-package-left-out", text, place)
            else:
                yield name

    def _made(self, wanted: Wanted, table: Libraries) -> Extended:
        """A new extension, as a phase of the build; without apt the image stays as it is, and that is told."""
        from jupyter_mlpack.stack.extension import Extended, extend_run_image

        emit, stack = self.assembly.emit, self.assembly.stack
        names = ", ".join((*wanted.packages, *wanted.libraries))
        release = machine_release(run_root(self.assembly.store, self.base) / "etc/os-release")
        if any(release) and release != (stack.distribution, stack.suite):  # one that was pulled
            text = f"The image needs {names}, which the run image lacks; packages of {stack.name} do not fit it."
            return Extended(self.base, (Notice("system-packages-unavailable", text),))
        emit(PhaseStarted("extend"))
        try:
            extended = extend_run_image(self.assembly, self.base, table, wanted)
        except (AptMissing, KeyringMissing, MirrorUnknown) as error:
            text = f"The image needs {names} of {stack.distribution}, which cannot be had here: {error}"
            extended = Extended(self.base, (Notice("system-packages-unavailable", text),))
        emit(PhaseEnded("extend", names))
        return extended


def library_needs(records: Sequence[BuildpackRecord]) -> Iterator[LibraryNeed]:
    """What the layers' metadata says under ``needed``, whichever buildpack wrote it."""
    for record in records:
        for layer in record.layers.values():
            yield from read_needs((layer.metadata or {}).get("needed"))
