"""What the caller asks for beside the notebook, and what the machine offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jupyter_mlpack.errors import PurposeUnsupported
from jupyter_mlpack.inspection.choices import Choices, read_decided
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Catalog, Notebook, Purpose


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beside the notebook; every field has a sensible default.

    ``required`` are PEP 508 lines that beat the notebook's own; ``lenient`` goes on without imports that nobody
    knows; ``refresh`` asks the index and the distribution for today's versions; ``allowed_indexes`` are those of the
    notebook's own indexes that may be asked; ``kernel`` is asked instead of the notebook's own. ``choices`` are laid
    over those that the notebook keeps; the other fields beat them.
    """

    name: str | None = None
    purpose: Purpose | None = None
    arch: str = "amd64"
    python: str | None = None
    stack: str | None = None
    required: tuple[str, ...] = ()
    lenient: bool = False
    refresh: bool = False
    allowed_indexes: tuple[str, ...] = ()
    kernel: str | None = None
    choices: Choices = field(default_factory=dict)

    @property
    def aim(self) -> Purpose:
        """What the image is for."""
        return self.purpose or Purpose.TRAINING

    def over(self, notebook: Notebook) -> Wishes:
        """With what the notebook's choices say where the caller says nothing.

        Raises ``PurposeUnsupported``, and the ``Reference`` errors for a name that is none.
        """
        decided = read_decided(notebook.metadata)
        purpose = self.purpose or Purpose(decided.purpose or Purpose.TRAINING)
        if purpose is not Purpose.TRAINING:
            raise PurposeUnsupported(purpose=purpose.value)
        if decided.name and not self.name:
            parse_reference(decided.name)
        return replace(self, purpose=purpose, name=self.name or decided.name or None)


@dataclass(frozen=True)
class Machine:
    """What this machine offers: content store, catalog, stack settings, and uv's index settings (perhaps secret)."""

    store: Store
    catalog: Catalog
    stack_settings: StackSettings
    index_settings: Mapping[str, str] = field(repr=False, default_factory=dict)
