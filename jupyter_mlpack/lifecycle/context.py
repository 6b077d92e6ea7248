"""What a run of the lifecycle needs beside the plan: where things lie, and what the machine allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.environment import Environment, inherited_environment, with_overrides
from jupyter_mlpack.lifecycle.records import BuildpackRecord, RunTarget
from jupyter_mlpack.oci.manifest import StoredImage

Extend = Callable[[Sequence[BuildpackRecord]], StoredImage]
IMAGE_LAYERS = "/layers"
IMAGE_APP = "/workspace"
EXEC_ENV = "production"
"""The execution environment that buildpacks are told, as the official lifecycle tells it by default."""


@dataclass(frozen=True)
class BuildContext:
    """What the caller hands in.

    ``workdir`` is a scratch folder that the caller removes. ``settings`` become files of the platform's ``env``
    (``UV_*``, ``BP_UV``, ``BP_TARGET_PYTHON`` ...). ``previous`` is the name of the image whose layers may be kept.
    ``launcher`` replaces our own launcher by another program. ``extend`` is asked once the layers are built which run
    image to put them on (the specification's *extend* phase): it gets the layers' records, with their metadata.
    """

    workdir: Path
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    previous: str | None = None
    launcher: Path | None = None
    extend: Extend | None = None


@dataclass(frozen=True)
class Folders:
    """Where a build's folders lie on this machine, and which paths stand for them in the image."""

    app: Path
    layers: Path
    platform: Path
    build_config: Path | None = None
    image_app: str = IMAGE_APP
    image_layers: str = IMAGE_LAYERS

    @property
    def metadata(self) -> Path:
        """``metadata.toml``, the build phase's outcome."""
        return self.layers / "config" / "metadata.toml"

    @property
    def sbom(self) -> Path:
        """The folder of the bills of materials, by kind of layer."""
        return self.layers / "sbom"


@dataclass(frozen=True)
class Owner:
    """The ids that all files of an image get."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Session:
    """What the two phases that run buildpacks have in common. ``environ`` is the machine's (it is filtered here)."""

    descriptors: Mapping[str, Descriptor] = field(hash=False)
    folders: Folders
    target: RunTarget
    environ: Mapping[str, str] = field(hash=False)
    emit: Emit = ignore

    def inherited(self) -> Environment:
        """The part of the machine's environment that a buildpack may see."""
        return inherited_environment(self.environ)

    def environment(self, descriptor: Descriptor, env: Environment) -> Environment:
        """``env`` with what platform and operator add, and the variables that every buildpack executable gets."""
        platform = None if descriptor.clear_env else self.folders.platform
        return {
            **with_overrides(env, platform, self.folders.build_config),
            "CNB_BUILDPACK_DIR": str(descriptor.root),
            "CNB_PLATFORM_DIR": str(self.folders.platform),
            **(_target_environment(self.target) if descriptor.at_least("0.10") else {}),
            **({"CNB_EXEC_ENV": EXEC_ENV} if descriptor.at_least("0.12") else {}),
        }


def _target_environment(target: RunTarget) -> dict[str, str]:
    """The variables that tell a buildpack (from Buildpack API 0.10 on) what the image will run on."""
    optional = {
        "CNB_TARGET_ARCH_VARIANT": target.variant,
        "CNB_TARGET_DISTRO_NAME": target.distro,
        "CNB_TARGET_DISTRO_VERSION": target.distro_version,
    }
    given = {name: value for name, value in optional.items() if value}
    return {"CNB_TARGET_OS": target.os, "CNB_TARGET_ARCH": target.arch, **given}
