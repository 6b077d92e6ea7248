"""The TOML hand-offs between the phases <-> values. What is written equals what the official lifecycle writes.

All readers raise ``MalformedError`` for a file that does not say what it should.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.lifecycle.descriptor import read_order
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.gojson import go_string, sorted_table
from jupyter_mlpack.lifecycle.records import (
    BuildMetadata,
    GroupElement,
    LayerRecord,
    Order,
    PlanEntry,
    PlanSections,
    Process,
    Report,
    Require,
    StoreRecord,
)
from jupyter_mlpack.lifecycle.toml import MalformedError, Raw, write_toml

TYPES = ("build", "launch", "cache")


# --- order.toml, group.toml -----------------------------------------------------------------------------------


def read_order_file(path: Path) -> Order:
    """``order.toml``. Raises ``FileNotFoundError``."""
    return read_order(Fields.read(path))


def write_group(path: Path, group: tuple[GroupElement, ...]) -> None:
    """``group.toml``: the buildpacks that take part."""
    write_toml(path, {"group": [_element(element) for element in group]})


def read_group(path: Path) -> tuple[GroupElement, ...]:
    """``group.toml``. Raises ``FileNotFoundError``."""
    return tuple(_read_element(entry) for entry in Fields.read(path).tables("group"))


def _element(element: GroupElement) -> dict[str, object]:
    return {
        "id": element.id,
        "version": element.version,
        "api": element.api or None,
        "homepage": element.homepage or None,
        "optional": element.optional or None,
    }


def _read_element(entry: Fields) -> GroupElement:
    return GroupElement(
        id=entry.text("id"),
        version=entry.text("version"),
        api=entry.text("api"),
        homepage=entry.text("homepage"),
        optional=entry.flag("optional"),
    )


# --- build plans ----------------------------------------------------------------------------------------------


def read_detect_plan(path: Path) -> tuple[PlanSections, ...]:
    """What ``bin/detect`` wrote: the first alternative, then those under ``[[or]]``. Raises ``FileNotFoundError``."""
    fields = Fields.read(path)
    return tuple(_sections(alternative) for alternative in (fields, *fields.tables("or")))


def _sections(fields: Fields) -> PlanSections:
    requires = tuple(_require(entry) for entry in fields.tables("requires"))
    return PlanSections(tuple(entry.text("name") for entry in fields.tables("provides")), requires)


def _require(entry: Fields) -> Require:
    if entry.text("version"):
        raise MalformedError(entry.path, 'a requirement has the key "version", which belongs into its metadata')
    return Require(entry.text("name"), entry.any_table("metadata"))


def write_plan(path: Path, plan: tuple[PlanEntry, ...]) -> None:
    """``plan.toml``: all dependencies with those who provide them."""
    entries = [
        {
            "providers": [_element(provider) for provider in entry.providers],
            "requires": [_require_table(require) for require in entry.requires],
        }
        for entry in plan
    ]
    write_toml(path, {"entries": entries or None})


def read_plan(path: Path) -> tuple[PlanEntry, ...]:
    """``plan.toml``. Raises ``FileNotFoundError``."""
    return tuple(
        PlanEntry(
            tuple(_read_element(provider) for provider in entry.tables("providers")),
            tuple(_require(require) for require in entry.tables("requires")),
        )
        for entry in Fields.read(path).tables("entries")
    )


def write_buildpack_plan(path: Path, requires: tuple[Require, ...]) -> None:
    """The plan that ``bin/build`` reads: what this buildpack is asked to provide."""
    write_toml(path, {"entries": [_require_table(require) for require in requires] or None})


def _require_table(require: Require) -> dict[str, object]:
    return {"name": require.name, "metadata": sorted_table(require.metadata)}


# --- what buildpacks write ------------------------------------------------------------------------------------


def read_layer(path: Path) -> LayerRecord:
    """A ``<layer>.toml``; an empty record when there is none."""
    fields = Fields.read_if_there(path)
    if any(name in fields.content for name in TYPES):
        raise MalformedError(path, "launch, build and cache belong into the table [types]")
    types = fields.table("types")
    return LayerRecord(types.flag("launch"), types.flag("build"), types.flag("cache"), fields.get("metadata"))


def write_layer_metadata(path: Path, metadata: object) -> None:
    """A ``<layer>.toml`` with the metadata alone: a buildpack that keeps the layer sets its types anew."""
    write_toml(path, {"metadata": sorted_table(metadata)})


def read_store(path: Path) -> StoreRecord | None:
    """A ``store.toml``; ``None`` when there is no such file."""
    return StoreRecord(Fields.read(path).any_table("metadata")) if path.is_file() else None


def write_store(path: Path, store: StoreRecord) -> None:
    """A ``store.toml``."""
    write_toml(path, {"metadata": sorted_table(store.metadata)})


# --- metadata.toml, report.toml -------------------------------------------------------------------------------


def write_metadata(path: Path, metadata: BuildMetadata) -> None:
    """``metadata.toml``, which the launcher reads in the image."""
    labels = [{"key": key, "value": value} for key, value in metadata.labels]
    table = {
        "buildpacks": [_element(element) for element in metadata.buildpacks],
        "labels": labels or None,
        "processes": [_process(process) for process in metadata.processes],
        "slices": [{"paths": None if paths is None else list(paths)} for paths in metadata.slices] or None,
        "buildpack-default-process-type": metadata.default_process or None,
    }
    write_toml(path, table)


def _process(process: Process) -> dict[str, object]:
    return {
        "type": process.type,
        "command": Raw("[" + ", ".join(map(go_string, process.command)) + "]"),
        "args": None if process.args is None else list(process.args),
        "direct": process.direct,
        "buildpack-id": process.buildpack_id,
        "working-dir": process.working_dir or None,
        "exec-env": list(process.exec_env) or None,
    }


def read_metadata(path: Path) -> BuildMetadata:
    """``metadata.toml``. Raises ``FileNotFoundError``."""
    fields = Fields.read(path)
    return BuildMetadata(
        tuple(_read_element(entry) for entry in fields.tables("buildpacks")),
        tuple((entry.text("key"), entry.text("value")) for entry in fields.tables("labels")),
        tuple(_read_process(entry) for entry in fields.tables("processes")),
        tuple(entry.texts("paths") for entry in fields.tables("slices")),
        fields.text("buildpack-default-process-type"),
    )


def _read_process(entry: Fields) -> Process:
    return Process(
        type=entry.text("type"),
        command=entry.texts("command") or (),
        args=entry.texts("args"),
        direct=entry.flag("direct"),
        default=False,
        buildpack_id=entry.text("buildpack-id"),
        working_dir=entry.text("working-dir"),
        exec_env=entry.texts("exec-env") or (),
    )


def write_report(path: Path, report: Report) -> None:
    """``report.toml``."""
    image = {
        "tags": list(report.tags),
        "image-id": report.image_id,
        "digest": report.digest,
        "manifest-size": report.manifest_size,
    }
    write_toml(path, {"image": image})
