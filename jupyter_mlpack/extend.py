"""The *extend* phase: what the installed packages and the notebook need of the system -> a run image that has it.

Only when something is to be made is there a phase to be seen; else the answer is a name in the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.events import Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.hardware.images import hardware_image
from jupyter_mlpack.lifecycle.context import Extend
from jupyter_mlpack.lifecycle.records import BuildpackRecord
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.stack.needs import LibraryNeed, choose_packages, libraries_in, read_needs
from jupyter_mlpack.stack.python import run_root
from jupyter_mlpack.stack.recipe import PACKAGE_NAME
from jupyter_mlpack.stack.run_image import Assembly
from jupyter_mlpack.values import BuildPlan, Catalog, Notice, PlannedFile, Stack, SystemPackage

if TYPE_CHECKING:
    from jupyter_mlpack.stack.extension import Extended, Wanted
    from jupyter_mlpack.stack.libraries import Libraries

APT = ".mlpack/apt.txt"
"""Of the application folder: what the buildpack ``mlpack/apt`` installs."""

TOOLS = pattern(
    r"build-essential|cmake|make|ninja-build|autoconf|automake|libtool|pkg-config|pkgconf|gcc(-[0-9]+)?|g\+\+(-[0-9]+)?"
    r"|gfortran|swig|.*-dev|python3?(\.[0-9]+)?-?(full|minimal|pip|venv|dev|distutils|setuptools|wheel)?"
    r"|software-properties-common|apt-transport-https|apt-utils|dialog|sudo|gnupg2?|lsb-release"
)
"""Packages that install lines name to build or install others: the image's packages are wheels, its Python is there."""


@dataclass(frozen=True)
class Exposed:
    """A run image whose own configuration says what the container runtime of the hardware looks for.

    A buildpack's variables are set by the launcher, which is too late for a runtime that looks before anything runs.
    ``extend`` makes the run image; what it says itself stays.
    """

    extend: Extend
    accelerator: str

    def __call__(self, records: Sequence[BuildpackRecord]) -> StoredImage:
        """The run image for layers with these records."""
        image = self.extend(records)
        there = {name for name, _ in image.config.env}
        asked = hardware_image(self.accelerator).container
        more = tuple((name, asked[name]) for name in sorted(asked) if name not in there)
        return replace(image, config=replace(image.config, env=(*image.config.env, *more))) if more else image


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
        table = libraries_of(self.catalog, self.assembly.stack, self.assembly.arch)
        chosen = choose_packages(needs, have, table, self.assembly.stack)
        named = tuple(named_packages(self.asked, table))
        notices = [*chosen.notices, *(item for item in named if isinstance(item, Notice))]
        packages = tuple(sorted({item for item in named if isinstance(item, str)}))
        extended = None
        if chosen.packages or packages:  # most images need nothing, and this is part of the time that every build takes
            from jupyter_mlpack.stack.extension import Wanted, at_hand
            from jupyter_mlpack.stack.pinned import plain, without_twins

            packages = without_twins(packages)
            plain_names = {plain(name) for name in packages}
            wanted = Wanted(tuple(name for name in chosen.packages if name not in plain_names), packages)
            extended = at_hand(self.assembly, self.base, wanted) or self._made(wanted, table)
        for notice in (*notices, *(extended.notices if extended else ())):
            self.assembly.emit(Noticed(notice))
        return extended.image if extended else self.base

    def _made(self, wanted: Wanted, table: Libraries) -> Extended:
        """A new extension, as a phase of the build; without apt the image stays as it is, and that is told."""
        from jupyter_mlpack.stack.extension import Extended, extend_run_image

        emit, stack = self.assembly.emit, self.assembly.stack
        names = ", ".join((*wanted.packages, *wanted.libraries))
        from jupyter_mlpack.stack.sources import machine_release

        release = machine_release(run_root(self.assembly.store, self.base) / "etc/os-release")
        if any(release) and release != (stack.distribution, stack.suite):  # one that was pulled
            text = f"The image needs {names}, which the run image lacks; packages of {stack.name} do not fit it."
            return Extended(self.base, (Notice("system-packages-unavailable", text),))
        emit(PhaseStarted("extend"))
        try:
            extended = extend_run_image(self.assembly, self.base, table, wanted)
        except (errors.AptMissing, errors.KeyringMissing, errors.MirrorUnknown) as error:
            text = f"The image needs {names} of {stack.distribution}, which cannot be had here: {error}"
            extended = Extended(self.base, (Notice("system-packages-unavailable", text),))
        emit(PhaseEnded("extend", names))
        return extended


def named_packages(asked: Iterable[SystemPackage], table: Mapping[str, str]) -> Iterator[str | Notice]:
    """The packages that were asked for by name, and what has to be told of the others."""
    for package in asked:
        place = package.evidence[0].location if package.evidence else None
        called = any(evidence.rule == "SYS1" for evidence in package.evidence)
        asked_name, pinned, version = package.name.partition("=")
        name = table.get(asked_name, asked_name)
        if not PACKAGE_NAME.fullmatch(name):
            yield Notice("system-package-missing", f"{name} is not the name of a package; the image is without.", place)
        elif TOOLS.fullmatch(name) and not called:
            text = f"The system package {name} is left out: it serves to install others, and the image has them."
            yield Notice("system-package-left-out", text, place)
        else:
            yield f"{name}{pinned}{version}"


def libraries_of(catalog: Catalog, stack: Stack, arch: str) -> Libraries:
    """Which package of the stack's distribution has a library."""
    from jupyter_mlpack.stack.libraries import Libraries

    folder = catalog.stacks_folder
    return Libraries(folder / (stack.libraries or stack.name) / "libraries.txt" if folder else None, arch)


def apt_file(plan: BuildPlan, catalog: Catalog) -> PlannedFile | None:
    """What the plan asks for by name, for the buildpack ``mlpack/apt``: other lifecycles do not extend the run image.

    What the wheels need of the system is not known before they are installed, and not in it.
    """
    from jupyter_mlpack.stack.pinned import without_twins

    table = libraries_of(catalog, plan.stack, plan.target.arch)
    names = without_twins(name for name in named_packages(plan.system, table) if isinstance(name, str))
    return PlannedFile(APT, text="".join(f"{name}\n" for name in names)) if names else None


def library_needs(records: Sequence[BuildpackRecord]) -> Iterator[LibraryNeed]:
    """What the layers' metadata says under ``needed``, whichever buildpack wrote it."""
    for record in records:
        for layer in record.layers.values():
            yield from read_needs(layer.metadata.get("needed") if isinstance(layer.metadata, Mapping) else None)
