"""What shall be built, on what, out of which pins."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.asset import Asset
from jupyter_mlpack.values.inspection import SystemPackage
from jupyter_mlpack.values.notebook import Notice
from jupyter_mlpack.values.serving import CellFate


class Purpose(str, Enum):
    """What an image is for."""

    TRAINING = "training"
    INFERENCE = "inference"


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
    """The recipe of a run image and its build image: ``stacks/<name>/stack.toml``.

    ``packages`` are distribution package names. ``left_out`` are packages that these name and the image does without,
    ``left_out_files`` patterns of paths. ``build`` are the packages that the build image has beside. ``libraries``
    names the stack whose ``libraries.txt`` holds for this one, ``labels`` come beside those that every image has.
    """

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
    left_out: tuple[str, ...] = ()
    left_out_files: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    libraries: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def shell(self) -> bool:
        """Whether the image has one: else ``!`` lines and ``%%bash`` cells cannot run."""
        return not {"bash", "busybox", "dash"}.isdisjoint(self.packages)


@dataclass(frozen=True)
class Buildpack:
    """One Cloud Native Buildpack on disk (``buildpacks/<folder>/buildpack.toml``).

    ``origin`` is where it was fetched from, as a word that names the same for ever; empty for one of this machine.
    """

    id: str
    version: str
    root: Path
    origin: str = ""

    @property
    def reference(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True)
class Catalog:
    """The stacks and buildpacks at hand; ``order`` is the buildpacks' reference order for a training image.

    ``serving`` is that for an inference image, empty where there is none. ``stacks_folder`` is where the recipes
    lie, one folder each.
    """

    stacks: tuple[Stack, ...]
    buildpacks: tuple[Buildpack, ...]
    order: tuple[str, ...]
    stacks_folder: Path | None = None
    serving: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockedPackage:
    """One distribution of a lock: the one wheel that fits the target. ``size`` is compressed bytes, 0 if unknown.

    ``url`` is where the wheel is, without credentials, empty if it is a file of this machine; ``uploaded`` when it came
    there (ISO 8601). ``direct`` says that no index lists it: it is named by its address. ``source`` is a wheel of this
    machine that travels along.
    """

    name: str
    version: str
    sha256: str
    size: int
    filename: str = ""
    url: str = ""
    uploaded: str = ""
    direct: bool = False
    source: Path | None = None

    @property
    def pin(self) -> str:
        """The line of a requirements file, with the hash; never with a path of this machine."""
        named = f"{self.name} @ {self.url}" if self.direct else f"{self.name}=={self.version}"
        return f"{named} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class LocalWheel:
    """A wheel made of a distribution that no index has. ``needs`` is a digest of its metadata, ``size`` is in bytes."""

    name: str
    version: str
    filename: str
    sha256: str
    size: int
    needs: str
    source: Path


@dataclass(frozen=True)
class Lock:
    """Exact, hashed pins for one target, sorted by name.

    ``shared`` are the names of those that the other image of the notebook (training, inference) has at the same pins.
    """

    packages: tuple[LockedPackage, ...]
    shared: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """A requirements file that uv and pip both read in hash-checking mode."""
        return "".join(f"{package.pin}\n" for package in self.packages)


@dataclass(frozen=True)
class PlannedFile:
    """A file of the application folder: literal ``text``, or the bytes of ``source`` on disk.

    ``sha256`` says that ``source`` is a file of the shelf of assets, with this content.
    """

    path: str
    text: str | None = None
    source: Path | None = None
    executable: bool = False
    sha256: str = ""


@dataclass(frozen=True)
class BuildPlan:
    """Everything the lifecycle needs to know; equal plans make equal images.

    ``files`` are sorted by path. ``environment`` becomes ``<platform>/env/*``: what buildpacks may see. ``system`` are
    packages of the stack's distribution (or libraries of them) that the notebook asks for, beside what its wheels need.
    ``assets`` are data and models that are still to be fetched; where they come from may hold credentials.
    """

    name: str
    purpose: Purpose
    target: Target
    stack: Stack
    order: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    environment: tuple[tuple[str, str], ...] = ()
    system: tuple[SystemPackage, ...] = ()
    assets: tuple[Asset, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class PlannedPackage:
    """A distribution of a planned image. ``size`` is compressed bytes, 0 if unknown; ``reused``: they are here."""

    name: str
    version: str
    size: int
    reused: bool


@dataclass(frozen=True)
class Plan:
    """What would be built, for a person to look at; ``BuildPlan`` is what the lifecycle gets.

    ``size`` is the compressed bytes of the whole image as far as known, ``reused`` those that the store holds already.
    ``seconds`` is what past builds took; whoever keeps a history fills it in. ``cells`` says what an inference image
    holds of each code cell.
    """

    name: str
    purpose: Purpose
    stack: str
    python: str
    arch: str
    accelerator: str
    packages: tuple[PlannedPackage, ...]
    files: tuple[str, ...]
    system: tuple[str, ...]
    notices: tuple[Notice, ...]
    size: int
    reused: int
    seconds: float | None = None
    cells: tuple[CellFate, ...] = ()
