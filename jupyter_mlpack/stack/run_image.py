"""The run image of a stack: at hand, pulled from a registry, or assembled here from signed distribution packages."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack.recipe import StackSettings
from jupyter_mlpack.stack.record import read_record, recipe_digest
from jupyter_mlpack.values import Notice, Stack

OLD = 30
"""Days after which a run image at hand is worth a notice."""


@dataclass(frozen=True)
class Assembly:
    """One run image to be at hand: what for, where it goes, who is told."""

    stack: Stack
    arch: str
    store: Store
    settings: StackSettings
    emit: Emit

    @property
    def name(self) -> str:
        """The image's name in the store."""
        return f"mlpack/run:{self.stack.name}-{self.arch}"

    @property
    def state(self) -> Path:
        """The folder of package index, archives and record."""
        folder = self.settings.state or self.store.root / "stacks"
        return folder.absolute() / f"{self.stack.name}-{self.arch}"


def ensure_run_image(stack: Stack, arch: str, store: Store, settings: StackSettings, emit: Emit) -> StoredImage:
    """The run image of ``stack`` for ``arch`` (Go's word), in the store as ``mlpack/run:<stack>-<arch>``.

    An image at hand is used as it is while the recipe is the same: no process, no network. ``settings.refresh``
    asks for today's packages; the image is then made again only if one of them changed. Raises leaves of
    ``StackError``, and those of the registry when ``settings.run_image`` names one.
    """
    assembly = Assembly(stack, arch, store, settings, emit)
    if settings.run_image:
        return _pulled(assembly, settings.run_image)
    known = None if settings.refresh else image_at_hand(assembly)
    if known:
        _tell_age(assembly)
        return known
    from jupyter_mlpack.stack.apt import find_apt
    from jupyter_mlpack.stack.assembling import assemble

    find_apt(stack)
    with locked(assembly.state):
        known = None if settings.refresh else image_at_hand(assembly)
        return known or assemble(assembly)


def image_at_hand(assembly: Assembly) -> StoredImage | None:
    """The tagged image if it is the one that the record tells of, and of this recipe."""
    image, record = assembly.store.image(assembly.name), read_record(assembly.state)
    wanted = recipe_digest(assembly.stack, assembly.arch)
    if image and record and record.recipe == wanted and record.image == image.descriptor.digest:
        return image
    return None


def _tell_age(assembly: Assembly) -> None:
    """Say so when the image at hand is old: its packages do not get the distribution's fixes by themselves."""
    days = int((time.time() - (assembly.state / "image.json").stat().st_mtime) // 86400)
    if days >= OLD:
        text = f"The run image {assembly.name} was made {days} days ago; --upgrade has the distribution's fixes."
        assembly.emit(Noticed(Notice("run-image-old", text)))


def _pulled(assembly: Assembly, text: str) -> StoredImage:
    """The run image that the settings name; one that was pulled before is used until ``refresh`` asks for today's."""
    from jupyter_mlpack.oci.reference import parse_reference
    from jupyter_mlpack.oci.registry import pull_image

    reference, store = parse_reference(text), assembly.store
    known = None if assembly.settings.refresh else store.image(str(reference))
    if not known or known.config.architecture != assembly.arch:
        access = assembly.settings.access(reference.registry)
        known = pull_image(reference, store, assembly.arch, assembly.emit, access=access)
    store.tag(assembly.name, known.descriptor)
    return known


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """One assembly at a time in a state folder: apt's own locks are off because they need root's files."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
