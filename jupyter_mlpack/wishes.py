"""What the caller asks for beside the notebook, and what the machine offers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import read_platform
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.choices import Choices, Decided, read_decided
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Asset, Catalog, Notebook, Purpose

if TYPE_CHECKING:
    from jupyter_mlpack.given.options import Given
    from jupyter_mlpack.resolution.conda import CondaLock


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beside the notebook; every field has a sensible default.

    ``required`` are PEP 508 lines that beat the notebook's own; ``lenient`` goes on without imports that nobody
    knows; ``refresh`` asks the index and the distribution for today's versions; ``allowed_indexes`` are those of the
    notebook's own indexes that may be asked; ``kernel`` is asked instead of the notebook's own. ``choices`` are laid
    over those that the notebook keeps; the other fields beat them. ``given`` is what the build gets beside the
    notebook: variables, bindings, buildpacks and so on. ``folder`` is the notebook's: what its lock holds is followed.
    All that ``requirement_files`` declare is needed, of their groups and extras those among ``groups``.
    ``conda_file`` describes a conda environment to run in, ``conda`` is what it became.
    ``model`` is a file or a folder with what the predict function's code loads. ``runner`` are the requirements of the
    image's own process, instead of those that its purpose has (``plan.RUNNER``). ``accelerator`` is the name of a row
    of ``accelerators.toml``, or of a kind of hardware (``cuda``). ``arch_said``: the caller named ``arch``, so that
    the notebook's choice does not count. ``assets`` beat the notebook's of the same path. ``post_build`` and
    ``start_script`` are ``refuse``, ``skip`` or ``run``; empty: as the notebook's choices say, else ``refuse``.
    """

    name: str | None = None
    purpose: Purpose | None = None
    arch: str = "amd64"
    arch_said: bool = False
    python: str | None = None
    stack: str | None = None
    required: tuple[str, ...] = ()
    lenient: bool = False
    refresh: bool = False
    allowed_indexes: tuple[str, ...] = ()
    kernel: str | None = None
    choices: Choices = field(default_factory=dict)
    given: Given | None = None
    folder: Path | None = None
    requirement_files: tuple[Path, ...] = ()
    groups: tuple[str, ...] = ()
    conda_file: Path | None = None
    conda: CondaLock | None = None
    model: Path | None = None
    runner: tuple[str, ...] | None = None
    accelerator: str | None = None
    assets: tuple[Asset, ...] = field(default=(), repr=False)
    post_build: str = ""
    start_script: str = ""

    @property
    def aim(self) -> Purpose:
        """What the image is for."""
        return self.purpose or Purpose.TRAINING

    def over(self, notebook: Notebook) -> Wishes:
        """With what the notebook's choices say where the caller says nothing.

        Raises ``ModelNeedsInference``, ``ChoiceOutside``, and the ``Reference`` errors for a name that is none.
        """
        decided = read_decided(notebook.metadata)
        purpose = self.purpose or Purpose(decided.purpose or Purpose.TRAINING)
        if self.model is not None and purpose is not Purpose.INFERENCE:
            raise errors.ModelNeedsInference
        own = decided.name if purpose.value == (decided.purpose or Purpose.TRAINING.value) else ""
        if own and not self.name:
            parse_reference(own)
        folder = notebook.path.parent
        wishes = replace(self, purpose=purpose, name=self.name or own or None, folder=folder)
        return wishes.further(decided, folder) if decided.further else wishes

    def further(self, decided: Decided, folder: Path) -> Wishes:
        """With the choices that only some notebooks have: files in its ``folder``, platform, stack."""
        own = folder.resolve()

        def file(key: str, name: str) -> Path:
            if not (own / name).resolve().is_relative_to(own):
                raise errors.ChoiceOutside(key=key, path=name)
            return folder / name

        model = decided.model if self.aim is Purpose.INFERENCE else ""
        return replace(
            self,
            arch=read_platform(decided.platform) if decided.platform and not self.arch_said else self.arch,
            stack=self.stack or decided.stack or None,
            groups=self.groups or decided.groups,
            requirement_files=self.requirement_files
            or tuple(file("requirements", name) for name in decided.requirements),
            conda_file=self.conda_file or (file("conda", decided.conda) if decided.conda else None),
            model=self.model or (file("model", model) if model else None),
        )


@dataclass(frozen=True)
class Machine:
    """What this machine offers: content store, catalog, stack settings, and uv's index settings (perhaps secret).

    ``certificates`` are a file or a folder of authorities that it trusts beside the public ones; its images do, too.
    """

    store: Store
    catalog: Catalog
    stack_settings: StackSettings
    index_settings: Mapping[str, str] = field(repr=False, default_factory=dict)
    certificates: Path | None = None
