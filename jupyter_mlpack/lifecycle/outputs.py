"""What a buildpack left in its layers folder: ``launch.toml``, ``build.toml``, layers, bills of materials."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.files import read_layer
from jupyter_mlpack.lifecycle.gojson import go_json, sorted_table
from jupyter_mlpack.lifecycle.records import LayerRecord, Process, Require, escape_id
from jupyter_mlpack.lifecycle.toml import MalformedError, make_folders

SBOM_TYPES = {
    "sbom.cdx.json": "application/vnd.cyclonedx+json",
    "sbom.spdx.json": "application/spdx+json",
    "sbom.syft.json": "application/vnd.syft+json",
}
"""The formats of a bill of materials: what a file's name ends with, and its media type."""
FORBIDDEN_IDS = frozenset({"app", "config", "generated", "sbom"})
"""The specification forbids these ids; the official lifecycle would let such a buildpack write into its own folders."""
RESERVED_LAYERS = frozenset({"build", "launch", "store"})


@dataclass(frozen=True)
class BuildOutputs:
    """What one ``bin/build`` contributed, apart from its layers."""

    labels: tuple[tuple[str, str], ...] = ()
    processes: tuple[Process, ...] = ()
    slices: tuple[tuple[str, ...] | None, ...] = ()
    unmet: frozenset[str] = frozenset()
    build_bom: tuple[object, ...] = ()
    launch_bom: tuple[object, ...] = ()


def read_layers(folder: Path) -> dict[str, LayerRecord]:
    """The layers by name, from all ``<layer>.toml``. A folder whose layer has no type is set aside as ``.ignore``.

    ``build.toml``, ``launch.toml`` and ``store.toml`` count, too: they have no types, so a folder of such a name goes.
    Raises ``MalformedError``, ``FileExistsError``.
    """
    layers: dict[str, LayerRecord] = {}
    for path in sorted(folder.glob("*.toml")):
        name = path.name.removesuffix(".toml")
        if path.is_dir() and not path.is_symlink():
            continue
        layers[name] = layer = read_layer(path)
        if not (layer.launch or layer.build or layer.cache) and os.path.lexists(folder / name):
            _set_aside(folder / name)
    return layers


def _set_aside(layer: Path) -> None:
    ignored = layer.with_name(f"{layer.name}.ignore")
    if ignored.is_dir() and not ignored.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(ignored))
    layer.rename(ignored)


def read_outputs(folder: Path, descriptor: Descriptor, plan: tuple[Require, ...]) -> BuildOutputs:
    """``build.toml`` and ``launch.toml``. Raises ``MalformedError``."""
    build = Fields.read_if_there(folder / "build.toml")
    launch = Fields.read_if_there(folder / "launch.toml")
    return BuildOutputs(
        labels=tuple((entry.text("key"), entry.text("value")) for entry in launch.tables("labels")),
        processes=_processes(launch, descriptor),
        slices=tuple(entry.texts("paths") for entry in launch.tables("slices")),
        unmet=_unmet(build, plan),
        build_bom=_bom(build, descriptor),
        launch_bom=_bom(launch, descriptor),
    )


def _unmet(build: Fields, plan: tuple[Require, ...]) -> frozenset[str]:
    unmet = frozenset(entry.text("name") for entry in build.tables("unmet"))
    for name in sorted(unmet - {require.name for require in plan}):
        raise MalformedError(build.path, f"unmet names {name or 'nothing'}, which the buildpack was not asked for")
    return unmet


def _processes(launch: Fields, descriptor: Descriptor) -> tuple[Process, ...]:
    processes = tuple(_process(entry, descriptor) for entry in launch.tables("processes"))
    defaults = [process.type for process in processes if process.default]
    if any(defaults[:-1]):
        raise MalformedError(launch.path, "more than one process is the default")
    return processes


def _process(entry: Fields, descriptor: Descriptor) -> Process:
    strings = not descriptor.at_least("0.9")
    if strings and entry.get("command") is None:
        raise MalformedError(entry.path, "a process has no command")
    if not strings and entry.get("direct") is not None:
        raise MalformedError(entry.path, "a process has the key direct, which ended with Buildpack API 0.9")
    return Process(
        type=entry.text("type"),
        command=(entry.text("command"),) if strings else entry.texts("command") or (),
        args=entry.texts("args"),
        direct=entry.flag("direct") if strings else True,
        default=entry.flag("default"),
        buildpack_id=descriptor.id,
        working_dir=entry.text("working-dir") if descriptor.at_least("0.8") else "",
        exec_env=entry.texts("exec-env") or (),
    )


def _bom(fields: Fields, descriptor: Descriptor) -> tuple[object, ...]:
    """The legacy bill of materials: the entries with the buildpack that made them."""
    entries = []
    for entry in fields.tables("bom"):
        if entry.text("version"):
            raise MalformedError(
                entry.path, "an entry of the legacy bom has a version, which belongs into its metadata"
            )
        metadata = sorted_table(entry.any_table("metadata"))
        buildpack = {"id": descriptor.id, "version": descriptor.version}
        entries.append({"name": entry.text("name"), "metadata": metadata, "buildpack": buildpack})
        try:
            go_json(metadata)
        except ValueError as error:
            raise MalformedError(entry.path, f"the legacy bom holds what JSON cannot hold: {error}") from error
    return tuple(entries)


def collect_sboms(folder: Path, descriptor: Descriptor, layers: Mapping[str, LayerRecord], sbom: Path) -> None:
    """Copy the buildpack's bills of materials to ``<sbom>/{build,launch,cache}/<buildpack>[/<layer>]/``.

    Raises ``MalformedError`` for a format that the buildpack does not declare.
    """
    for path in sorted(folder.glob("*.sbom.*.json")):
        name = path.name.partition(".")[0]
        parts = [escape_id(descriptor.id), *([] if name in ("launch", "build") else [name])]
        for kind in _sbom_kinds(name, layers):
            _copy(path, sbom.joinpath(kind, *parts, _declared_end(path, descriptor)))


def _copy(source: Path, target: Path) -> None:
    """Copy a file, whose mode does not matter, or a link as it is; what is neither is passed over."""
    import shutil

    make_folders(target.parent)
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
    elif source.is_file():
        shutil.copyfile(source, target)
        target.chmod(0o644)


def _sbom_kinds(name: str, layers: Mapping[str, LayerRecord]) -> tuple[str, ...]:
    if name in ("launch", "build"):
        return (name,)
    if name not in layers:
        return ()
    kind = "launch" if layers[name].launch else "build"
    return (kind, "cache") if layers[name].cache else (kind,)


def _declared_end(path: Path, descriptor: Descriptor) -> str:
    """The end of the file's name that tells its format, which the buildpack must have declared."""
    declared = {text.partition(";")[0].strip().lower() for text in descriptor.sbom_formats}
    for end, media in SBOM_TYPES.items():
        if path.name.endswith(f".{end}") and media in declared:
            return end
    raise MalformedError(path, f"{descriptor.reference} does not declare this format in sbom-formats")
