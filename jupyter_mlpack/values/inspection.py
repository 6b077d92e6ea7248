"""What was found out about a notebook without running it."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.values.hardware import Hardware
from jupyter_mlpack.values.notebook import Evidence, Location, Notice
from jupyter_mlpack.values.wire import Parameter


@dataclass(frozen=True)
class Dependency:
    """A distribution that the notebook needs. ``specifier`` is PEP 440 text (may be empty, or `` @ URL``).

    ``resolved_by`` names the source that spoke: ``kernel``, ``install``, ``declaration``, ``table``, ``runner``,
    ``user``. ``packaged`` says that no index has it: it is made into a wheel from the kernel's own files.
    """

    name: str
    specifier: str
    resolved_by: str
    evidence: tuple[Evidence, ...] = ()
    extras: tuple[str, ...] = ()
    packaged: bool = False

    @property
    def requirement(self) -> str:
        """The PEP 508 line."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True)
class Unresolved:
    """An imported name that neither the kernel, an install line, a declaration nor a table knows.

    ``suggestion`` is a distribution that may be meant: for a person to check, never followed by itself.
    """

    module: str
    evidence: tuple[Evidence, ...]
    suggestion: str = ""


@dataclass(frozen=True)
class Claim:
    """What one source says of a subject: ``says`` is its own word (``==2.2.3``, ``3.11``, ``gpu``)."""

    source: str
    says: str
    evidence: Evidence


@dataclass(frozen=True)
class Conflict:
    """Sources that disagree about a ``subject`` (a distribution's name, ``python``, ``hardware``), most believed first.

    The first claim is the one that was followed.
    """

    subject: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Declaration:
    """A file (or block, or metadata entry) that declares packages, and what became of it.

    ``kind`` is ``script`` (PEP 723), ``requirements``, ``environment``, ``project``, ``lock``, ``pipfile``, ``apt``,
    ``runtime`` or ``metadata``. ``names`` are the distributions it declares, ``used`` those that the notebook needs.
    """

    kind: str
    location: Location
    names: tuple[str, ...]
    used: tuple[str, ...]


@dataclass(frozen=True)
class PythonVersion:
    """The notebook's Python. ``version`` is ``3.11.7`` or ``3.11``; ``source`` says who named it.

    ``requires`` are the ranges that declarations allow, as one PEP 440 specifier (``>=3.12``); empty if there are none.
    """

    version: str | None = None
    source: str | None = None
    requires: str = ""

    @property
    def minor(self) -> str | None:
        """``3.11`` for ``3.11.7``."""
        return ".".join(self.version.split(".")[:2]) if self.version else None


@dataclass(frozen=True)
class KernelDistribution:
    """A distribution installed in the kernel's environment.

    ``origin`` is ``index``, ``url``, ``vcs``, ``editable``, ``local`` or ``conda``; ``modules`` are its import names.
    ``address`` is where it came from (credentials left out), empty for the index. ``obstacle`` says why its installed
    files cannot be made into a wheel for another machine; it is empty if they can, or need not be.
    """

    name: str
    version: str
    origin: str
    modules: tuple[str, ...]
    address: str = ""
    obstacle: str = ""


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
    """A file beside the notebook that the image needs. ``path`` is relative to the notebook's folder, POSIX style.

    ``kind`` is ``module``, ``data`` or ``asset`` (it will be there: its size is not known); ``size`` is in bytes. In a
    build, scripts of a binder folder that run are ``postBuild`` and ``start``, and what they name is ``script``.
    """

    path: str
    size: int
    evidence: tuple[Evidence, ...] = ()
    kind: str = "data"


@dataclass(frozen=True)
class OutputFile:
    """A file or folder that the code writes, as it names it."""

    path: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Secret:
    """A secret that the code asks its surroundings for. ``source`` is ``environment``, ``prompt``, ``colab``, ..."""

    name: str
    source: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class SystemPackage:
    """A package of the stack's distribution that the notebook asks for, or that a dependency calls as a program.

    ``name`` is what apt understands: a name, or ``name=version``.
    """

    name: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class PackageIndex:
    """An index or a folder of wheels that an install line or a declaration names; credentials are left out.

    ``role`` is ``default``, ``extra``, ``links``, or ``torch``: then ``url`` is uv's name of a build (``cu128``).
    """

    url: str
    role: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """All that was found out about a notebook without running it."""

    notebook: str
    kernel: str | None = None
    language: str = "python"
    python: PythonVersion = field(default_factory=PythonVersion)
    hardware: Hardware = field(default_factory=Hardware)
    dependencies: tuple[Dependency, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    constraints: tuple[str, ...] = ()
    system: tuple[SystemPackage, ...] = ()
    indexes: tuple[PackageIndex, ...] = ()
    parameters: tuple[NotebookParameter, ...] = ()
    files: tuple[LocalFile, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    secrets: tuple[Secret, ...] = ()
    notices: tuple[Notice, ...] = ()
