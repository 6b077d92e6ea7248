"""The labels of an image <-> values, and ``analyzed.toml``, which holds the first of them again as TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.gojson import go_json, sorted_table
from jupyter_mlpack.lifecycle.records import (
    Analyzed,
    BuildMetadata,
    BuildpackRecord,
    LayerRecord,
    LayersMetadata,
    RunImageRecord,
    RunTarget,
    StoreRecord,
)
from jupyter_mlpack.lifecycle.toml import MalformedError, write_toml
from jupyter_mlpack.pattern import pattern

LIFECYCLE_LABEL = "io.buildpacks.lifecycle.metadata"
BUILD_LABEL = "io.buildpacks.build.metadata"
PROJECT_LABEL = "io.buildpacks.project.metadata"
ORIGINS_LABEL = "org.jupyter-mlpack.buildpack-sources"
"""Ours: where buildpacks were fetched from that are not of the machine which built the image, by ``id@version``."""
_HALF = pattern("[\ud800-\udfff]")


@dataclass(frozen=True)
class LauncherVersion:
    """What the build label says of the launcher in the image."""

    version: str
    repository: str = ""
    commit: str = ""


# --- writing --------------------------------------------------------------------------------------------------


def lifecycle_label(metadata: LayersMetadata) -> str:
    """The text of ``io.buildpacks.lifecycle.metadata``."""
    run = metadata.run_image
    names: dict[str, object] = {"image": run.image, "mirrors": list(run.mirrors)}
    stack = {name: value for name, value in names.items() if value}
    sbom: dict[str, object] = {"sbom": _sha(metadata.sbom)} if metadata.sbom else {}
    return go_json(
        {
            "app": [_sha(sha) for sha in metadata.app],
            **sbom,
            "buildpacks": [_buildpack_json(record) for record in metadata.buildpacks],
            "config": _sha(metadata.config),
            "launcher": _sha(metadata.launcher),
            "process-types": _sha(metadata.process_types),
            "runImage": {"topLayer": run.top_layer, "reference": run.reference, **stack},
            "stack": {"runImage": stack},
        }
    )


def cache_label(metadata: LayersMetadata) -> str:
    """The text of ``io.buildpacks.lifecycle.cache.metadata``: cached layers and their bills of materials."""
    buildpacks = [_buildpack_json(record) for record in metadata.buildpacks]
    return go_json({"sbom": _sha(metadata.sbom), "buildpacks": buildpacks})


def _sha(sha: str) -> dict[str, str]:
    return {"sha": sha}


def _buildpack_json(record: BuildpackRecord) -> dict[str, object]:
    layers = {name: _layer_json(record.layers[name]) for name in sorted(record.layers)}
    store = {} if record.store is None else {"store": {"metadata": sorted_table(record.store.metadata)}}
    return {"key": record.id, "version": record.version, "layers": layers, **store}


def _layer_json(layer: LayerRecord) -> dict[str, object]:
    data = sorted_table(layer.metadata)
    return {"sha": layer.sha, "data": data, "build": layer.build, "launch": layer.launch, "cache": layer.cache}


def build_label(metadata: BuildMetadata, launcher: LauncherVersion) -> str:
    """The text of ``io.buildpacks.build.metadata``."""
    buildpacks = [
        {"id": element.id, "version": element.version, **({"homepage": element.homepage} if element.homepage else {})}
        for element in metadata.buildpacks
    ]
    source = {"git": {"repository": launcher.repository, "commit": launcher.commit}}
    default = {"buildpack-default-process-type": metadata.default_process} if metadata.default_process else {}
    processes = [
        {
            "type": process.type,
            "command": process.command,
            "args": process.args,
            "direct": process.direct,
            "buildpackID": process.buildpack_id,
            **({"working-dir": process.working_dir} if process.working_dir else {}),
            **({"exec-env": process.exec_env} if process.exec_env else {}),
        }
        for process in metadata.processes
    ]
    head = {"buildpacks": buildpacks, "launcher": {"version": launcher.version, "source": source}}
    return go_json({**head, "processes": processes, **default})


# --- reading --------------------------------------------------------------------------------------------------


def read_lifecycle_label(text: str) -> LayersMetadata | None:
    """The label's value, empty for no text; ``None`` for what is not such a label: it counts as no earlier image.

    All numbers become floating ones, as in any JSON that Go reads: a buildpack gets its ``1`` back as ``1.0``.
    """
    if not text:
        return LayersMetadata()
    try:
        data = json.loads(text, parse_int=float)
        if r"\u" in text:
            data = _whole(data)
        if data is None:
            return LayersMetadata()
        return _metadata(Fields(Path(LIFECYCLE_LABEL), data), "data") if isinstance(data, Mapping) else None
    except (json.JSONDecodeError, MalformedError):
        return None


def _whole(value: object) -> object:
    """``value`` with a replacement character for each half of a pair of code units that has no other half."""
    if isinstance(value, str):
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {_whole(key): _whole(value[key]) for key in value} if isinstance(value, dict) else value


def _metadata(fields: Fields, free: str) -> LayersMetadata:
    run_key, top_key = ("runImage", "topLayer") if free == "data" else ("run-image", "top-layer")
    run, stack = _run_image(fields.table(run_key), top_key), fields.free_table("stack")
    older = None if stack is None else _run_image(Fields(fields.path, stack).table(run_key), top_key)
    return LayersMetadata(
        app=tuple(entry.text("sha") for entry in fields.tables("app")),
        sbom=fields.table("sbom").text("sha"),
        buildpacks=tuple(_buildpack(entry, free) for entry in fields.tables("buildpacks")),
        config=fields.table("config").text("sha"),
        launcher=fields.table("launcher").text("sha"),
        process_types=fields.table("process-types").text("sha"),
        run_image=run,
        stack=older,
    )


def _run_image(fields: Fields, top: str) -> RunImageRecord:
    mirrors = fields.texts("mirrors") or ()
    return RunImageRecord(fields.text(top), fields.text("reference"), fields.text("image"), mirrors)


def _buildpack(entry: Fields, free: str) -> BuildpackRecord:
    layers = entry.free_table("layers") or {}
    store = entry.free_table("store")
    return BuildpackRecord(
        id=entry.text("key"),
        version=entry.text("version"),
        layers={name: _layer(Fields(entry.path, layers).table(name), free) for name in layers},
        store=None if store is None else StoreRecord(Fields(entry.path, store).free_table("metadata")),
    )


def _layer(fields: Fields, free: str) -> LayerRecord:
    flags = (fields.flag("launch"), fields.flag("build"), fields.flag("cache"))
    return LayerRecord(*flags, metadata=fields.get(free), sha=fields.text("sha"))


# --- analyzed.toml --------------------------------------------------------------------------------------------


def write_analyzed(path: Path, analyzed: Analyzed) -> None:
    """``analyzed.toml``."""
    run, target = analyzed.run_image, analyzed.target
    known = target.distro or target.distro_version
    distro = {"name": target.distro, "version": target.distro_version} if known else None
    table = {
        "image": {"reference": analyzed.previous},
        "metadata": _metadata_table(analyzed.metadata),
        "run-image": {
            "reference": run.reference,
            "image": run.image or None,
            "target": {
                "id": target.id or None,
                "os": target.os,
                "arch": target.arch,
                "arch-variant": target.variant or None,
                "distro": distro,
            },
        },
    }
    write_toml(path, table)


def _metadata_table(metadata: LayersMetadata) -> dict[str, object]:
    run, stack = metadata.run_image, metadata.stack
    return {
        "app": [_sha(sha) for sha in metadata.app] or None,
        "sbom": _sha(metadata.sbom) if metadata.sbom else None,
        "buildpacks": [_buildpack_table(record) for record in metadata.buildpacks] or None,
        "config": _sha(metadata.config),
        "launcher": _sha(metadata.launcher),
        "process-types": _sha(metadata.process_types),
        "run-image": {"top-layer": run.top_layer, "reference": run.reference, **_names(run)},
        "stack": None if stack is None else {"run-image": _names(stack)},
    }


def _names(run: RunImageRecord) -> dict[str, object]:
    return {"image": run.image or None, "mirrors": list(run.mirrors) or None}


def _buildpack_table(record: BuildpackRecord) -> dict[str, object]:
    layers = {
        name: {
            "sha": layer.sha,
            # the writer puts a table behind all plain values, wherever it stands
            "metadata": sorted_table(layer.metadata),
            "build": layer.build,
            "launch": layer.launch,
            "cache": layer.cache,
        }
        for name, layer in sorted(record.layers.items())
    }
    store = None if record.store is None else {"metadata": sorted_table(record.store.metadata)}
    return {"key": record.id, "version": record.version, "layers": layers, "store": store}


def read_analyzed(path: Path) -> Analyzed:
    """``analyzed.toml``, ours or the official one. Raises ``MalformedError``, ``FileNotFoundError``."""
    fields = Fields.read(path)
    run = fields.table("run-image")
    target = run.table("target")
    distro = target.table("distro")
    return Analyzed(
        previous=fields.table("image").text("reference"),
        run_image=_run_image(run, "top-layer"),
        target=RunTarget(
            os=target.text("os"),
            arch=target.text("arch"),
            variant=target.text("arch-variant"),
            distro=distro.text("name"),
            distro_version=distro.text("version"),
            id=target.text("id"),
        ),
        metadata=_metadata(fields.table("metadata"), "metadata"),
    )
