"""What an image says of itself: its labels and configuration as one value, whoever built it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.analyze import run_target
from jupyter_mlpack.lifecycle.labels import BUILD_LABEL, LIFECYCLE_LABEL
from jupyter_mlpack.lifecycle.rebasable import REBASABLE_LABEL, words
from jupyter_mlpack.oci.manifest import StoredImage

PURPOSE_LABEL, NOTEBOOK_LABEL = "org.jupyter-mlpack.purpose", "org.jupyter-mlpack.notebook"


@dataclass(frozen=True)
class DescribedBuildpack:
    """A buildpack that took part."""

    id: str
    version: str
    homepage: str = ""


@dataclass(frozen=True)
class DescribedProcess:
    """A process type; ``direct`` ones are started without a shell."""

    type: str
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    default: bool
    direct: bool
    buildpack: str
    directory: str = ""


@dataclass(frozen=True)
class DescribedLayer:
    """A layer; ``part`` is ``run image``, ``extension``, ``buildpack``, ``application``, ``launcher`` or ``other``.

    ``name`` says which one of these, ``size`` is compressed bytes.
    """

    part: str
    name: str
    size: int
    digest: str
    diff_id: str


@dataclass(frozen=True)
class DescribedRunImage:
    """The run image: where it may be had, and which one it is."""

    image: str
    mirrors: tuple[str, ...]
    reference: str
    top_layer: str


@dataclass(frozen=True)
class ImageDescription:
    """An image; what its labels do not say is empty. ``place`` is ``store``, ``layout`` or ``registry``."""

    name: str
    place: str
    digest: str
    id: str
    platform: str
    size: int
    created: str
    user: str
    entrypoint: tuple[str, ...]
    directory: str
    notebook: str
    purpose: str
    platform_api: str
    rebasable: bool
    run_image: DescribedRunImage | None
    buildpacks: tuple[DescribedBuildpack, ...]
    processes: tuple[DescribedProcess, ...]
    layers: tuple[DescribedLayer, ...]
    labels: Mapping[str, str]


def describe_image(image: StoredImage, place: str) -> ImageDescription:
    """The description of ``image``. Labels that cannot be read count as none."""
    config, labels = image.config, dict(image.config.labels)
    lifecycle, build = (_label(labels, name) for name in (LIFECYCLE_LABEL, BUILD_LABEL))
    run = _table(lifecycle, "runImage")
    return ImageDescription(
        name=image.name,
        place=place,
        digest=image.descriptor.digest,
        id=image.manifest.config.digest,
        platform=words(run_target(config)),
        size=image.size,
        created=config.created,
        user=config.user,
        entrypoint=(*config.entrypoint, *config.cmd),
        directory=config.working_dir,
        notebook=labels.get(NOTEBOOK_LABEL, ""),
        purpose=labels.get(PURPOSE_LABEL, ""),
        platform_api=dict(config.env).get("CNB_PLATFORM_API", ""),
        rebasable=run.get("topLayer") in config.diff_ids and labels.get(REBASABLE_LABEL) != "false",
        run_image=DescribedRunImage(
            _text(run, "image"), tuple(map(str, _list(run, "mirrors"))), _text(run, "reference"), _text(run, "topLayer")
        )
        if run
        else None,
        buildpacks=tuple(
            DescribedBuildpack(_text(entry, "id"), _text(entry, "version"), _text(entry, "homepage"))
            for entry in _tables(build, "buildpacks")
        ),
        processes=tuple(_process(entry, build) for entry in _tables(build, "processes")),
        layers=tuple(_layers(image, lifecycle)),
        labels={name: labels[name] for name in sorted(labels)},
    )


def _process(entry: Mapping[str, Any], build: Mapping[str, Any]) -> DescribedProcess:
    command = entry.get("command")  # a text before platform API 0.10, a list since
    return DescribedProcess(
        type=_text(entry, "type"),
        command=(command,) if isinstance(command, str) else tuple(map(str, command or ())),
        arguments=tuple(map(str, _list(entry, "args"))),
        default=_text(entry, "type") == build.get("buildpack-default-process-type"),
        direct=entry.get("direct") is True,
        buildpack=_text(entry, "buildpackID"),
        directory=_text(entry, "working-dir"),
    )


def _layers(image: StoredImage, lifecycle: Mapping[str, Any]) -> Iterator[DescribedLayer]:
    """The layers, the lowest first, named by the label: the history says the same, but a rebase drops it."""
    known = dict(_named_layers(lifecycle))
    told = [entry.created_by for entry in image.config.history if not entry.empty_layer]
    top = _text(_table(lifecycle, "runImage"), "topLayer")
    below = image.config.diff_ids.index(top) + 1 if top in image.config.diff_ids else 0
    for index, layer in enumerate(image.layers):
        origin = told[index] if index < len(told) else ""
        part, name = known.get(layer.diff_id, ("extension" if below else "other", origin))
        if index < below:
            part, name = "run image", origin
        yield DescribedLayer(part, name, layer.descriptor.size, layer.descriptor.digest, layer.diff_id)


def _named_layers(lifecycle: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for number, entry in enumerate(_tables(lifecycle, "app"), 1):
        yield _text(entry, "sha"), ("application", str(number))
    singles = {"sbom": "bills of materials", "config": "configuration", "launcher": "launcher"}
    for key, name in {**singles, "process-types": "process types"}.items():
        yield _text(_table(lifecycle, key), "sha"), ("launcher", name)
    for record in _tables(lifecycle, "buildpacks"):
        layers = _table(record, "layers")
        for name in layers:
            yield _text(_table(layers, name), "sha"), ("buildpack", f"{_text(record, 'key')}: {name}")


def _label(labels: Mapping[str, str], name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(labels.get(name) or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []


def _tables(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [entry for entry in _list(table, key) if isinstance(entry, dict)]


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
