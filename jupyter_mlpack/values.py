"""The nouns of the project: frozen, comparable, JSON-able; nothing else.

Read ``pipeline.py`` for the order in which they are made. A value is complete when it is made: no later stage
fills anything in. ``to_json`` turns any of them into plain dicts, lists, strings and numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Parameter = None | bool | int | float | str | list["Parameter"] | dict[str, "Parameter"]


class Purpose(str, Enum):
    """What an image is for."""

    TRAINING = "training"
    INFERENCE = "inference"


# --- the notebook ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Location:
    """Where something was found. ``cell`` counts all cells from 1, ``line`` counts from 1 inside the cell."""

    path: str
    cell: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell is not None else ""
        line = f", line {self.line}" if self.line is not None else ""
        return f"{self.path}{cell}{line}"


@dataclass(frozen=True)
class Evidence:
    """Why we believe something: a stable rule code (``IMP1``, ``PIP1``, ``HW3``), the place, and the text itself."""

    rule: str
    location: Location
    text: str


@dataclass(frozen=True)
class Magic:
    """An IPython line or cell magic, or a shell line, told apart from the Python around it.

    ``name`` is ``pip``, ``conda``, ``load_ext``, ``writefile`` ... for magics and ``!`` for shell lines;
    ``body`` is the text below a cell magic, empty for line magics.
    """

    name: str
    arguments: str
    line: int
    body: str = ""


@dataclass(frozen=True)
class Cell:
    """One code cell. ``python`` is what is left when magics are blanked out (line numbers stay).

    ``parses`` says whether that is Python.
    """

    number: int
    source: str
    python: str
    magics: tuple[Magic, ...] = ()
    tags: frozenset[str] = frozenset()
    parses: bool = True


@dataclass(frozen=True)
class Notebook:
    """A notebook as read from disk, outputs and prose left out.

    ``kernel`` is the kernelspec's name, ``python_version`` is what ``language_info`` says (``3.11.7``),
    ``document`` is the normalised nbformat 4 document without outputs, as canonical JSON text. ``notices`` tell
    what reading it had to mend (an old format, a cell that is no Python).
    """

    path: Path
    cells: tuple[Cell, ...]
    language: str
    kernel: str | None
    python_version: str | None
    metadata: Mapping[str, Json] = field(hash=False)
    document: str = field(repr=False)
    notices: tuple[Notice, ...] = ()


# --- the inspection -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dependency:
    """A distribution that the notebook needs. ``specifier`` is PEP 440 text (may be empty, or `` @ URL``).

    ``resolved_by`` names the resolver that spoke: ``kernel``, ``install``, ``table``, ``runner``, ``user``.
    """

    name: str
    specifier: str
    resolved_by: str
    evidence: tuple[Evidence, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The PEP 508 line."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True)
class Unresolved:
    """An imported name that neither the kernel, an install line nor a table knows."""

    module: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class KernelDistribution:
    """A distribution installed in the kernel's environment.

    ``origin`` is ``index``, ``url``, ``vcs``, ``editable``, ``local`` or ``conda``; ``modules`` are its import names.
    """

    name: str
    version: str
    origin: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class KernelEnvironment:
    """What the kernelspec's own interpreter holds. ``python_version`` is ``3.11.7``."""

    kernel: str
    python_version: str
    distributions: tuple[KernelDistribution, ...]


@dataclass(frozen=True)
class NotebookParameter:
    """A value that a run may change. ``default`` is the literal that stands in the notebook."""

    name: str
    default: Parameter = field(hash=False)
    location: Location = field(default_factory=lambda: Location(""))


@dataclass(frozen=True)
class LocalFile:
    """A file beside the notebook that the image needs. ``path`` is relative to the notebook's folder, POSIX style."""

    path: str
    size: int
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Notice:
    """Something the user should know that does not stop the build: a stable code and the sentence."""

    code: str
    text: str
    location: Location | None = None


@dataclass(frozen=True)
class Inspection:
    """All that was found out about a notebook without running it."""

    notebook: str
    python_version: str | None
    kernel: str | None
    dependencies: tuple[Dependency, ...]
    unresolved: tuple[Unresolved, ...]
    constraints: tuple[str, ...]
    parameters: tuple[NotebookParameter, ...]
    files: tuple[LocalFile, ...]
    notices: tuple[Notice, ...]


# --- the plan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """What the image will run on; never read from the build host.

    ``arch`` is Go's word (``amd64``, ``arm64``); ``libc`` is ``glibc2.36``; ``python`` is ``3.11``;
    ``accelerator`` is ``cpu``, ``cuda12`` ...
    """

    os: str
    arch: str
    libc: str
    python: str
    accelerator: str = "cpu"


@dataclass(frozen=True)
class Stack:
    """A run image recipe: ``stacks/<name>/stack.toml``. ``packages`` are distribution package names."""

    name: str
    distribution: str
    version: str
    suite: str
    python: str
    libc: str
    packages: tuple[str, ...]
    user: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Buildpack:
    """One Cloud Native Buildpack on disk (``buildpacks/<folder>/buildpack.toml``)."""

    id: str
    version: str
    root: Path

    @property
    def reference(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True)
class Catalog:
    """The stacks and buildpacks at hand; ``order`` is the buildpacks' reference order for a notebook image."""

    stacks: tuple[Stack, ...]
    buildpacks: tuple[Buildpack, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class LockedPackage:
    """One distribution of a lock: the one wheel that fits the target. ``size`` is compressed bytes, 0 if unknown."""

    name: str
    version: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Lock:
    """Exact, hashed pins for one target, sorted by name."""

    packages: tuple[LockedPackage, ...]

    @property
    def text(self) -> str:
        """A requirements file that uv and pip both read in hash-checking mode."""
        lines = (f"{package.name}=={package.version} --hash=sha256:{package.sha256}" for package in self.packages)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class PlannedFile:
    """A file of the application folder: literal ``text``, or the bytes of ``source`` on disk."""

    path: str
    text: str | None = None
    source: Path | None = None
    executable: bool = False


@dataclass(frozen=True)
class BuildPlan:
    """Everything the lifecycle needs to know; equal plans make equal images.

    ``files`` are sorted by path. ``environment`` becomes ``<platform>/env/*``: what buildpacks may see.
    """

    name: str
    purpose: Purpose
    target: Target
    stack: Stack
    order: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    environment: tuple[tuple[str, str], ...] = ()


# --- the image ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImageLayer:
    """One layer of a finished image. Sizes are compressed bytes; ``origin`` is the history's ``created_by``."""

    diff_id: str
    digest: str
    size: int
    origin: str
    reused: bool


@dataclass(frozen=True)
class ImageProcess:
    """A process type that the image offers, as ``io.buildpacks.build.metadata`` lists it."""

    type: str
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    default: bool


@dataclass(frozen=True)
class Image:
    """A finished image. ``digest`` is the manifest's, ``id`` is the config's, ``size`` is all compressed bytes."""

    reference: str
    digest: str
    id: str
    size: int
    layers: tuple[ImageLayer, ...]
    processes: tuple[ImageProcess, ...]
    labels: tuple[tuple[str, str], ...] = field(repr=False, default=())


# --- running --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mount:
    """A folder of the host seen inside the task; ``target`` is absolute. Read-only unless ``writable``."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True)
class Task:
    """What an engine runs: an image, the process type's arguments, environment and mounts.

    ``output`` is the host folder in which what the task wrote to ``/output`` ends up.
    """

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    output: Path
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True)
class JobSpec:
    """What to run: image reference, parameters by name, where outputs go, which engine."""

    image: str
    parameters: tuple[tuple[str, Parameter], ...] = field(hash=False)
    output: Path
    engine: str


class JobState(str, Enum):
    """The life of a job: QUEUED -> RUNNING -> SUCCEEDED | FAILED | CANCELLED."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """True when no further state can follow."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Job:
    """A submitted job and how it ended. ``exit_status`` is the process's own, ``None`` while it runs."""

    id: str
    spec: JobSpec
    state: JobState
    exit_status: int | None
    outputs: tuple[str, ...] = ()


def to_json(value: object) -> Json:  # noqa: PLR0911 (one line for each kind of value)
    """``value`` as plain JSON data: dataclasses become objects, tuples and sets (sorted) lists, paths strings."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, (str, Path)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_json(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return [to_json(item) for item in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    raise TypeError(f"not a value: {type(value).__name__}")
