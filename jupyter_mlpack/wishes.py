"""What the caller asks for beside the notebook, and what the machine offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_mlpack.oci import Store
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import Catalog, Purpose


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for beside the notebook; every field has a sensible default.

    ``required`` are PEP 508 lines that beat the notebook's own; ``lenient`` goes on without imports that nobody
    knows; ``refresh`` asks the index and the distribution for today's versions; ``allowed_indexes`` are those of the
    notebook's own indexes that may be asked; ``kernel`` is asked instead of the notebook's own.
    """

    name: str | None = None
    purpose: Purpose = Purpose.TRAINING
    arch: str = "amd64"
    python: str | None = None
    stack: str | None = None
    required: tuple[str, ...] = ()
    lenient: bool = False
    refresh: bool = False
    allowed_indexes: tuple[str, ...] = ()
    kernel: str | None = None


@dataclass(frozen=True)
class Machine:
    """What this machine offers: content store, catalog, stack settings, and uv's index settings (perhaps secret)."""

    store: Store
    catalog: Catalog
    stack_settings: StackSettings
    index_settings: Mapping[str, str] = field(repr=False, default_factory=dict)
