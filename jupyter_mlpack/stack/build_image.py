"""The build image of a stack: its run image, and above that what buildpacks need: apt, git, a shell, uv.

The layers of the run image come first and unchanged, so that a machine with both keeps them once. For the embedded
lifecycle nobody needs one: it is what a builder image stands on.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.errors import ArchiveDamaged, MirrorUnreachable
from jupyter_mlpack.events import Emit
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack.recipe import StackSettings
from jupyter_mlpack.stack.run_image import Assembly, ensure_run_image, locked
from jupyter_mlpack.stack.uv import Uv, machine_uv
from jupyter_mlpack.values import Stack

BUILD = 1
"""Raised when the same packages shall make another build image."""


@dataclass(frozen=True)
class BuildAssembly(Assembly):
    """One build image to be at hand, on ``base``, with this ``uv``."""

    base: StoredImage
    uv: Uv

    @property
    def name(self) -> str:
        """The image's name in the store."""
        return f"mlpack/build:{self.stack.name}-{self.arch}"

    @property
    def question(self) -> str:
        """SHA-256 of all that the image is made of."""
        known = [BUILD, self.arch, self.base.descriptor.digest, self.stack.build, self.uv.version]
        return sha256(json.dumps(known).encode()).hexdigest()

    @property
    def note(self) -> Path:
        """The file that says for which question the image in the store is the answer."""
        return self.state / "build.json"


def ensure_build_image(stack: Stack, arch: str, store: Store, settings: StackSettings, emit: Emit) -> StoredImage:
    """The build image of ``stack`` for ``arch`` (Go's word), in the store as ``mlpack/build:<stack>-<arch>``.

    It stands on the run image that is assembled here, also when the settings name one to pull. Raises like
    ``ensure_run_image``, and ``UvMissing``.
    """
    own = replace(settings, run_image=None)
    base = ensure_run_image(stack, arch, store, own, emit)
    assembly = BuildAssembly(stack, arch, store, own, emit, base, machine_uv(arch))
    known = _at_hand(assembly)
    if known:
        return known
    from jupyter_mlpack.stack.build_assembling import assemble_build
    from jupyter_mlpack.stack.sources import find_archive

    archive = find_archive(stack, own)
    with locked(assembly.state):
        known = _at_hand(assembly)
        if known:
            return known
        try:
            image = assemble_build(assembly, archive, refresh=False)
        except (ArchiveDamaged, MirrorUnreachable):
            # what the index of the run image names has been replaced in the archive since
            image = assemble_build(assembly, archive, refresh=True)
        noted = {"question": assembly.question, "image": image.descriptor.digest}
        write_atomically(assembly.note, json.dumps(noted, indent=1) + "\n")
        return image


def _at_hand(assembly: BuildAssembly) -> StoredImage | None:
    """The image in the store, if it was made of the same things."""
    image = assembly.store.image(assembly.name)
    try:
        noted = json.loads(assembly.note.read_text(encoding="utf-8"))
        same = (noted["question"], noted["image"]) == (assembly.question, image.descriptor.digest if image else "")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return image if same else None
