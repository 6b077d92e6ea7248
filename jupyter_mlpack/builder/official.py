"""The official lifecycle, as its releases have it: ``lifecycle.toml``, and a folder ``lifecycle/`` with the programs.

The programs may also stand beside the descriptor.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.toml import MalformedError

DESCRIPTOR = "lifecycle.toml"
PHASES = ("analyzer", "builder", "creator", "detector", "exporter", "extender", "rebaser", "restorer")
"""Further names of the one program ``lifecycle``: it is told by them which phase it shall run."""

PROGRAMS = ("lifecycle", "launcher")
MACHINES = {"amd64": 62, "arm64": 183}
"""What an ELF file calls the architectures."""


@dataclass(frozen=True)
class Apis:
    """Versions of an API: those that are spoken, and those of them that will not be for long."""

    supported: tuple[str, ...]
    deprecated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Official:
    """A release of the official lifecycle. ``programs`` is the folder that holds them."""

    version: str
    programs: Path
    platform: Apis
    buildpack: Apis


def read_official(folder: Path, arch: str) -> Official:
    """The lifecycle for ``arch`` (Go's word) in ``folder``. Raises ``LifecycleUnreadable``."""
    try:
        fields = Fields.read(folder / DESCRIPTOR)
        apis = fields.table("apis")
        platform, buildpack = (_apis(apis.table(name)) for name in ("platform", "buildpack"))
        version = fields.table("lifecycle").text("version")
    except FileNotFoundError as error:
        raise errors.LifecycleUnreadable(path=folder, reason=f"It has no {DESCRIPTOR}.") from error
    except (MalformedError, OSError) as error:
        raise errors.LifecycleUnreadable(path=folder, reason=f"{error}.") from error
    programs = folder / "lifecycle" if (folder / "lifecycle").is_dir() else folder
    reason = next(filter(None, (_complaint(programs / name, arch) for name in PROGRAMS)), "")
    if not version or not platform.supported or not buildpack.supported:
        reason = reason or f"Its {DESCRIPTOR} does not say its version and APIs."
    if reason:
        raise errors.LifecycleUnreadable(path=folder, reason=reason)
    return Official(version, programs, platform, buildpack)


def _apis(fields: Fields) -> Apis:
    return Apis(fields.texts("supported") or (), fields.texts("deprecated") or ())


def _complaint(program: Path, arch: str) -> str:
    """Why this is no program for ``arch``; empty if it is one."""
    try:
        with program.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        return f"{program.name}: {error.strerror}."
    if head[:4] != b"\x7fELF":
        return f"{program.name} is no program of Linux."
    machine = int.from_bytes(head[18:20], "little")
    return "" if machine == MACHINES.get(arch, machine) else f"{program.name} is for another architecture than {arch}."
