"""``buildpack.toml`` -> Descriptor, and whether a descriptor's targets fit a run image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.promise import Promise
from jupyter_mlpack.lifecycle.records import GroupElement, Order, RunTarget
from jupyter_mlpack.values import Buildpack

SUPPORTED_APIS = ("0.7", "0.8", "0.9", "0.10", "0.11", "0.12")
BIONIC = "io.buildpacks.stacks.bionic"
"""The one stack that means a target."""


@dataclass(frozen=True)
class BuildpackTarget:
    """A target that a buildpack supports; an empty text fits all. ``distros`` are pairs of name and version."""

    os: str = ""
    arch: str = ""
    variant: str = ""
    distros: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Descriptor:
    """A buildpack as its ``buildpack.toml`` describes it; ``order`` is set for composite ones, which run nothing.

    ``relocatable`` ones write the paths that they are told by ``BP_IMAGE_LAYERS_DIR``, wherever they run.
    """

    root: Path
    api: str
    id: str
    version: str
    homepage: str = ""
    clear_env: bool = False
    sbom_formats: tuple[str, ...] = ()
    order: Order = ()
    targets: tuple[BuildpackTarget, ...] = ()
    promise: Promise | None = None
    relocatable: bool = False

    @property
    def reference(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"

    def at_least(self, api: str) -> bool:
        """True when the buildpack speaks this Buildpack API or a later one."""
        return api_number(self.api) >= api_number(api)


def api_number(api: str) -> tuple[int, ...]:
    """``0.10`` as a comparable value; what is not a number counts as the oldest."""
    parts = api.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else (0,)


def read_descriptors(buildpacks: Iterable[Buildpack]) -> dict[str, Descriptor]:
    """The descriptors by ``id@version``.

    Raises ``MalformedError``, ``FileNotFoundError``, ``BuildpackApiUnsupported`` (exit 12).
    """
    read = (read_descriptor(buildpack.root) for buildpack in buildpacks)
    return {descriptor.reference: descriptor for descriptor in read}


def read_descriptor(root: Path) -> Descriptor:
    """The descriptor of the buildpack in the folder ``root``; errors as for ``read_descriptors``."""
    fields = Fields.read(root / "buildpack.toml")
    info = fields.table("buildpack")
    descriptor = Descriptor(
        root=root.resolve(),
        api=fields.text("api"),
        id=info.text("id"),
        version=info.text("version"),
        homepage=info.text("homepage"),
        clear_env=info.flag("clear-env"),
        sbom_formats=info.texts("sbom-formats") or (),
        order=read_order(fields),
        targets=_targets(fields, root),
        promise=_promise(fields.table("metadata").table("mlpack")),
        relocatable=fields.table("metadata").table("mlpack").flag("relocatable"),
    )
    if descriptor.api not in SUPPORTED_APIS:
        raise errors.BuildpackApiUnsupported(
            buildpack=descriptor.reference, api=descriptor.api or "none", apis=", ".join(SUPPORTED_APIS)
        )
    return descriptor


def read_order(fields: Fields) -> Order:
    """The ``[[order]]`` tables of an ``order.toml`` or of a composite buildpack."""
    return tuple(
        tuple(
            GroupElement(entry.text("id"), entry.text("version"), optional=entry.flag("optional"))
            for entry in group.tables("group")
        )
        for group in fields.tables("order")
    )


def _promise(fields: Fields) -> Promise | None:
    """What the outcome depends on, if the buildpack says so."""
    reads = fields.texts("reads")
    if reads is None:
        alone = _promise(fields.table("detect")) if fields.table("detect").texts("reads") is not None else None
        return Promise(detect=alone, build=False) if alone else None
    settings, programs = fields.texts("settings") or (), fields.texts("programs") or ()
    detect = _promise(fields.table("detect"))
    return Promise(reads, settings, programs, fields.texts("lists"), fields.texts("named") or (), detect)


def _targets(fields: Fields, root: Path) -> tuple[BuildpackTarget, ...]:
    """The declared targets, or what the older ``stacks`` and the files in ``bin`` imply."""
    declared = tuple(
        BuildpackTarget(
            target.text("os"),
            target.text("arch"),
            target.text("arch-variant"),
            tuple((distro.text("name"), distro.text("version")) for distro in target.tables("distros")),
        )
        for target in fields.tables("targets")
    )
    if declared:
        return declared
    stacks = [stack.text("id") for stack in fields.tables("stacks")]
    if "*" in stacks:
        return (BuildpackTarget(),)
    if BIONIC in stacks and (len(stacks) == 1 or api_number(fields.text("api")) >= api_number("0.10")):
        return (BuildpackTarget("linux", "amd64", distros=(("ubuntu", "18.04"),)),)
    return (BuildpackTarget(os="linux"),) if (root / "bin" / "build").exists() else ()


def fits(descriptor: Descriptor, run: RunTarget) -> bool:
    """True when one of the buildpack's targets matches what is known of the run image."""
    return not descriptor.targets or any(_matches(target, run) for target in descriptor.targets)


def _matches(target: BuildpackTarget, run: RunTarget) -> bool:
    pairs = ((target.os, run.os), (target.arch, run.arch), (target.variant, run.variant))
    if not all(_same(*pair) for pair in pairs):
        return False
    if not target.distros:
        return True
    known = bool(run.distro or run.distro_version)
    return known and any(
        _same(name, run.distro) and _same(version, run.distro_version) for name, version in target.distros
    )


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other
