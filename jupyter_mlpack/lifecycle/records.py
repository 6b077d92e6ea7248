"""The values that the phases hand to each other; ``files.py`` and ``labels.py`` know how they look on disk.

The names are the specification's. ``Table`` is a table of a TOML file whose keys the writer was free to choose.
"""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.frozen import dataclass, field

Table = Mapping[str, object]


@dataclass(frozen=True)
class GroupElement:
    """A buildpack in an order or in a group. ``api`` and ``homepage`` are known once its descriptor was read."""

    id: str
    version: str
    api: str = ""
    homepage: str = ""
    optional: bool = False

    @property
    def reference(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"


Order = tuple[tuple[GroupElement, ...], ...]
"""Groups to be tried in turn."""


@dataclass(frozen=True)
class Require:
    """A dependency that a buildpack asks for."""

    name: str
    metadata: Table | None = field(default=None, hash=False)


@dataclass(frozen=True)
class PlanSections:
    """One alternative of what a buildpack provides and requires."""

    provides: tuple[str, ...] = ()
    requires: tuple[Require, ...] = ()


@dataclass(frozen=True)
class PlanEntry:
    """A dependency of the build plan: who may provide it, and what was asked for."""

    providers: tuple[GroupElement, ...]
    requires: tuple[Require, ...]


@dataclass(frozen=True)
class Process:
    """A process type. ``args`` is ``None`` where the buildpack gave none, which the labels tell from an empty list."""

    type: str
    command: tuple[str, ...]
    args: tuple[str, ...] | None
    direct: bool
    default: bool
    buildpack_id: str
    working_dir: str = ""
    exec_env: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildMetadata:
    """What ``metadata.toml`` holds: the outcome of the build phase. A slice is ``None`` if it has no list of paths."""

    buildpacks: tuple[GroupElement, ...]
    labels: tuple[tuple[str, str], ...] = ()
    processes: tuple[Process, ...] = ()
    slices: tuple[tuple[str, ...] | None, ...] = ()
    default_process: str = ""


@dataclass(frozen=True)
class LayerRecord:
    """What is known of one layer: its types, its metadata, and the diffID it had when it was last exported.

    ``metadata`` is a table as a rule; the buildpack may have written any value there, or none.
    """

    launch: bool = False
    build: bool = False
    cache: bool = False
    metadata: object = field(default=None, hash=False)
    sha: str = ""


@dataclass(frozen=True)
class StoreRecord:
    """A ``store.toml``: what a buildpack wants to remember; ``metadata`` is ``None`` if it has no such table."""

    metadata: Table | None = field(default=None, hash=False)


@dataclass(frozen=True)
class BuildpackRecord:
    """The layers that a buildpack contributed to an image, by name, and its ``store.toml``, if it wrote one."""

    id: str
    version: str
    layers: Mapping[str, LayerRecord] = field(default_factory=dict, hash=False)
    store: StoreRecord | None = None


@dataclass(frozen=True)
class RunImageRecord:
    """The run image as the label remembers it, for a later rebase."""

    top_layer: str = ""
    reference: str = ""
    image: str = ""
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayersMetadata:
    """The label ``io.buildpacks.lifecycle.metadata``: every layer above the run image, by its diffID.

    ``stack`` is the older place of the run image's name and mirrors, as an earlier image has it.
    """

    app: tuple[str, ...] = ()
    sbom: str = ""
    buildpacks: tuple[BuildpackRecord, ...] = ()
    config: str = ""
    launcher: str = ""
    process_types: str = ""
    run_image: RunImageRecord = RunImageRecord()
    stack: RunImageRecord | None = None

    def buildpack(self, buildpack_id: str) -> BuildpackRecord:
        """What is recorded of one buildpack; an empty record when there is nothing."""
        found = (record for record in self.buildpacks if record.id == buildpack_id)
        return next(found, BuildpackRecord(buildpack_id, ""))

    def diff_ids(self) -> frozenset[str]:
        """All layers above the run image."""
        own = {*self.app, self.sbom, self.config, self.launcher, self.process_types}
        return frozenset(own | {layer.sha for record in self.buildpacks for layer in record.layers.values()})


@dataclass(frozen=True)
class RunTarget:
    """What the run image's configuration says it runs on; empty texts are not known."""

    os: str = ""
    arch: str = ""
    variant: str = ""
    distro: str = ""
    distro_version: str = ""
    id: str = ""


@dataclass(frozen=True)
class Analyzed:
    """The outcome of analyze. ``previous`` is empty where there is no previous image."""

    previous: str
    run_image: RunImageRecord
    target: RunTarget
    metadata: LayersMetadata = LayersMetadata()


@dataclass(frozen=True)
class Report:
    """What ``report.toml`` tells the platform about the finished image; sizes are bytes."""

    tags: tuple[str, ...]
    image_id: str
    digest: str
    manifest_size: int


def escape_id(buildpack_id: str) -> str:
    """A buildpack's id as a folder name: ``/`` becomes ``_``."""
    return buildpack_id.replace("/", "_")
