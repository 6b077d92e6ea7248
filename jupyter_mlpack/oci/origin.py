"""Where an image is that somebody names: in the store, in an OCI layout on disk, or in a registry.

A name is looked for in the store first. One that is not there is a registry's only if it says which
(``localhost:5000/train:1``): ``train:1`` alone is never asked for at a public registry, where it may be anybody's.
``oci:FOLDER[:NAME]`` and ``docker://REFERENCE`` say it outright, in the words of other tools.
"""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlpack.errors import ImageUnknown
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.oci.layout_read import LayoutPlace, read_layout
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import Reference, parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

LAYOUT, REGISTRY = "oci:", "docker://"


@dataclass(frozen=True)
class Origin:
    """A place with an image: ``reference`` for a registry, ``layout`` for a folder, neither for the store."""

    name: str
    reference: Reference | None = None
    layout: LayoutPlace | None = None

    @property
    def kind(self) -> str:
        """``store``, ``layout`` or ``registry``."""
        return "registry" if self.reference else "layout" if self.layout else "store"


def find_origin(text: str, store: Store) -> Origin:
    """The place that ``text`` names. Raises ``ImageUnknown``, and what ``parse_reference`` raises."""
    if text.startswith(REGISTRY):
        name = text.removeprefix(REGISTRY)
        return Origin(name, reference=parse_reference(name))
    if text.startswith(LAYOUT):
        return Origin(text, layout=split_layout(text.removeprefix(LAYOUT)))
    if store.image(text) is not None:
        return Origin(text)
    if (Path(text) / "oci-layout").is_file():
        return Origin(text, layout=LayoutPlace(Path(text)))
    if names_registry(text):
        return Origin(text, reference=parse_reference(text))
    raise ImageUnknown(name=text, known=", ".join(image.name for image in store.images()) or "none yet")


def names_registry(text: str) -> bool:
    """Whether the first word of a name is a host."""
    first, slash, _ = text.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def split_layout(text: str) -> LayoutPlace:
    """Folder and name of ``FOLDER[:NAME]``; either may have colons in it."""
    cuts = [index for index, letter in enumerate(text) if letter == ":"]
    for end in (len(text), *reversed(cuts)):
        if os.path.isdir(text[:end]):
            return LayoutPlace(Path(text[:end]), text[end + 1 :])
    return LayoutPlace(Path(text))


def read_image(origin: Origin, store: Store, arch: str, access: Access) -> StoredImage:
    """Manifest and configuration of the image there, under the name it was given; no layer is read.

    ``arch`` chooses where there is an image for each of several. What comes from a registry is kept in the store.
    Raises ``ImageUnknown``, ``LayoutUnreadable``, ``ManifestUnreadable``, leaves of ``StackError``.
    """
    if origin.reference:
        return read_remote(origin.reference, store, arch, access).named(origin.name)
    if origin.layout:
        return read_layout(origin.layout, arch).named(origin.name)
    image = store.image(origin.name)
    if image is None:
        raise ImageUnknown(name=origin.name, known=", ".join(one.name for one in store.images()) or "none yet")
    return image


def read_remote(reference: Reference, store: Store, arch: str, access: Access) -> StoredImage:
    """The same of an image in a registry, whatever it is made for."""
    from jupyter_mlpack.oci.diagnosis import PULL
    from jupyter_mlpack.oci.pull import fetch_config, find_manifest
    from jupyter_mlpack.oci.registry import Registry

    scopes = [f"repository:{reference.repository}:pull"]
    with Registry(reference.registry, access).session(reference.repository, PULL, scopes) as session:
        document = find_manifest(session, reference, arch)
        return fetch_config(session, store, document, str(reference))
