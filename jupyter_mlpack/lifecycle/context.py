"""What a run of the lifecycle needs beside the plan: where things lie, and what the machine allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.events import Emit, ignore
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.environment import Environment, inherited_environment, with_overrides
from jupyter_mlpack.lifecycle.identity import Views
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.records import BuildpackRecord, RunTarget
from jupyter_mlpack.lifecycle.reuse import Elsewhere
from jupyter_mlpack.oci.manifest import StoredImage

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.cache import Cache
    from jupyter_mlpack.lifecycle.finish import Finish
    from jupyter_mlpack.lifecycle.outcomes import Outcomes

Extend = Callable[[Sequence[BuildpackRecord]], StoredImage]
IMAGE_LAYERS = "/layers"
IMAGE_APP = "/workspace"
EXEC_ENV = "production"
"""The execution environment that buildpacks are told, as the official lifecycle tells it by default."""


@dataclass(frozen=True)
class BuildContext:
    """What the caller hands in.

    ``workdir`` is a scratch folder that the caller removes. ``settings`` become files of the platform's ``env``
    (``UV_*``, ``BP_UV``, ``BP_TARGET_PYTHON`` ...). ``previous`` is the image whose layers may be kept: its
    name in the store, or where it is elsewhere.
    ``launcher`` replaces our own launcher by another program. ``extend`` is asked once the layers are built which run
    image to put them on (the specification's *extend* phase): it gets the layers' records, with their metadata.
    ``inputs`` are what the user gave to this build beside its application. ``cache`` is where cached layers are kept,
    if not in the store. ``finish`` runs in the image when all of its layers but the application are made.
    """

    workdir: Path
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    previous: str | Elsewhere | None = None
    launcher: Path | None = None
    extend: Extend | None = None
    inputs: BuildInputs = BuildInputs()
    cache: Cache | None = None
    finish: Finish | None = None


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
    def listings(self) -> Path:
        """Where buildpacks may list layers in place of making folders, by buildpack."""
        return self.layers.with_name("listings")

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
    """What the two phases that run buildpacks have in common. ``environ`` is the machine's (it is filtered here).

    With ``outcomes``, what buildpacks promise is replayed. ``mask`` hides the secrets that buildpacks were given in
    what they print. ``views`` say which paths they see.
    """

    descriptors: Mapping[str, Descriptor] = field(hash=False)
    folders: Folders
    target: RunTarget
    environ: Mapping[str, str] = field(hash=False)
    emit: Emit = ignore
    outcomes: Outcomes | None = None
    mask: Callable[[str], str] = str
    views: Views = Views()

    def inherited(self) -> Environment:
        """The part of the machine's environment that a buildpack may see."""
        return inherited_environment(self.environ)

    def environment(self, descriptor: Descriptor, env: Environment) -> Environment:
        """``env`` with what platform and operator add, and the variables that every buildpack executable gets."""
        platform = None if descriptor.clear_env else self.folders.platform
        view = self.views.of(descriptor)
        return {
            **with_overrides(env, platform, self.folders.build_config),
            "CNB_BUILDPACK_DIR": view.shown(descriptor.root),
            **({"CNB_PLATFORM_DIR": view.shown(self.folders.platform)} if descriptor.at_least("0.8") else {}),
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
