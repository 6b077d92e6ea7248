"""The content store: blobs by digest, what their tars' digests are, and names. One folder for a machine or a user.

::

    blobs/sha256/<hex>   layers, manifests, configurations; once there, never changed
    diffs/<hex>.json     digest of a layer's tar -> descriptor of its compressed blob
    names/<hex>.json     hash of a name -> the name and the manifest's descriptor
    links/<hex>          members of layers of links that several environments share (``stretch.py``)
    tmp/                 what is being written

Any number of threads and processes may use it at once, and each may die at any moment: everything is moved into place
whole, a name last. Nothing but ``tag`` and ``untag`` changes a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from jupyter_mlpack import errors
from jupyter_mlpack.oci.compress import Compressor
from jupyter_mlpack.oci.fields import Fields, go_json, is_digest, read_object
from jupyter_mlpack.oci.files import Draft, open_blob, reading, sweep, write_whole, writing
from jupyter_mlpack.oci.manifest import (
    CONFIG,
    LAYER_GZIP,
    MANIFEST,
    Descriptor,
    ImageConfig,
    Layer,
    Manifest,
    StoredImage,
    image_of,
)
from jupyter_mlpack.oci.stretch import Piece, Stretch, pieces


class Store:
    """The content store in the folder ``root``, which is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._blobs = self.root / "blobs" / "sha256"

    # --- layers ---

    def add_layer(self, write: Callable[[BinaryIO], None], headers: bool = False) -> Layer:
        """Store the tar that ``write`` writes into the stream it is given, compressed; the layer, known or new.

        ``headers``: the tar is little but headers (links), and packed accordingly. Streams: a few MiB of memory
        whatever the size. What ``write`` raises passes through, nothing is left behind. Raises ``StoreFull`` or
        ``StoreUnwritable``.
        """
        with self._draft() as draft:
            with Compressor(draft, headers=headers) as stream:
                write(cast(BinaryIO, stream))
                made = stream.finish()
            known = self._known(made.diff_id, verified=True)
            if known is not None:
                return known
            draft.keep(self.path(made.digest), durable=True)
        layer = Layer(Descriptor(LAYER_GZIP, made.digest, made.size), made.diff_id)
        self._note(layer, verified=True)
        return layer

    def pieces(self, stretch: Stretch) -> Iterator[Piece]:
        """The members of a stretch, kept for the next layer that has it. Raises ``StoreFull``, ``StoreUnwritable``."""
        return pieces(stretch, self.root / "links", self._swept)

    def layer(self, diff_id: str) -> Layer | None:
        """The layer whose tar has this digest, if its blob is here."""
        return self._known(diff_id, verified=False)

    def remember(self, layer: Layer) -> None:
        """Note what the tar inside a blob from elsewhere claims to be.

        A claim never replaces what is known, and ``add_layer`` does not rely on it: its author may have lied.
        """
        if self.layer(layer.diff_id) is None:
            self._note(layer, verified=False)

    # --- blobs ---

    def add_blob(self, data: bytes, media_type: str) -> Descriptor:
        """Store ``data``; raises ``StoreFull`` or ``StoreUnwritable``."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if self._size(digest) != len(data):
            with self._draft() as draft:
                draft.write(data)
                draft.keep(self.path(digest), durable=True)
        return Descriptor(media_type, digest, len(data))

    def ingest(self, stream: Iterable[bytes], descriptor: Descriptor) -> None:
        """Store the blob that ``descriptor`` names, from pieces. Raises ``ContentDamaged`` when it is another one."""
        place = self.path(descriptor.digest)
        found, size = hashlib.sha256(), 0
        with self._draft() as draft:
            for piece in stream:
                size += len(piece)
                # Checked as it grows: a hostile origin must not fill the disk first.
                if size > descriptor.size:
                    break
                found.update(piece)
                draft.write(piece)
            digest = f"sha256:{found.hexdigest()}"
            if size != descriptor.size:
                words = f"{descriptor.size} bytes", "more" if size > descriptor.size else f"{size} bytes"
                raise errors.ContentDamaged(digest=descriptor.digest, expected=words[0], found=words[1])
            if digest != descriptor.digest:
                raise errors.ContentDamaged(digest=descriptor.digest, expected=descriptor.digest, found=digest)
            draft.keep(place, durable=True)

    def has(self, digest: str) -> bool:
        """True when the blob is here."""
        return self._size(digest) is not None

    def path(self, digest: str) -> Path:
        """Where the blob is, or would be. Raises ``DigestUnknown`` for anything but ``sha256:<hex>``."""
        if not is_digest(digest):
            raise errors.DigestUnknown(digest=digest)
        return self._blobs / digest.removeprefix("sha256:")

    def read(self, digest: str) -> bytes:
        """A blob's bytes; raises ``ContentMissing`` or ``StoreUnreadable``."""
        with self.open(digest) as file, reading(self.path(digest)):
            return file.read()

    def open(self, digest: str) -> BinaryIO:
        """A blob as a stream; raises ``ContentMissing`` or ``StoreUnreadable``."""
        try:
            return open_blob(self.path(digest))
        except FileNotFoundError as error:
            raise errors.ContentMissing(digest=digest) from error

    # --- images ---

    def add_image(self, config: ImageConfig, layers: Sequence[Layer]) -> StoredImage:
        """Store configuration and manifest over ``layers``; no name points at them yet."""
        described = self.add_blob(config.to_bytes(), CONFIG)
        manifest = Manifest(described, tuple(layer.descriptor for layer in layers))
        return StoredImage("", self.add_blob(manifest.to_bytes(), MANIFEST), manifest, config)

    def tag(self, name: str, descriptor: Descriptor) -> None:
        """Let ``name`` point at a manifest, from now on and at once; the only way a name moves."""
        data = go_json({"name": name, "manifest": descriptor.as_json()})
        write_whole(self._swept, self._name_path(name), data, durable=True)

    def untag(self, name: str) -> None:
        """Forget ``name``, if it is known; blobs stay."""
        with writing(self._name_path(name)), suppress(FileNotFoundError):
            self._name_path(name).unlink()

    def image(self, name: str) -> StoredImage | None:
        """The image called ``name``, or whose manifest has the digest ``name``; ``None`` when it is not here complete.

        Complete means manifest and configuration; layers may be missing. Raises ``ManifestUnreadable``.
        """
        if is_digest(name):
            return self._image(name, MANIFEST, name)
        named = self._named(self._name_path(name))
        return named and self._image(named[1].digest, named[1].media_type, name)

    def images(self) -> tuple[StoredImage, ...]:
        """All images with names, sorted by name; what cannot be read is left out."""
        found = {}
        for path in self._name_files():
            with suppress(errors.ManifestUnreadable):
                named = self._named(path)
                image = named and self._image(named[1].digest, named[1].media_type, named[0])
                if image is not None:
                    found[image.name] = image
        return tuple(found[name] for name in sorted(found))

    def all_images(self) -> Iterator[StoredImage]:
        """All images with names; unlike ``images`` it raises ``ManifestUnreadable`` where one cannot be read."""
        for path in self._name_files():
            with suppress(FileNotFoundError), open_blob(path) as file:
                entry = read_object(file.read())
                descriptor = Descriptor.read(entry.inside("manifest"))
                image = self._image(descriptor.digest, descriptor.media_type, entry.text("name"))
                if image is not None:
                    yield image

    def note(self, diff_id: str) -> Path:
        """Where it is noted which blob holds the layer whose tar has this digest."""
        return self._diff_path(diff_id)

    # --- inside ---

    @cached_property
    def _swept(self) -> Path:
        folder = self.root / "tmp"
        sweep(folder)
        return folder

    def _draft(self) -> Draft:
        return Draft(self._swept)

    def _size(self, digest: str) -> int | None:
        path = self.path(digest)
        try:
            with reading(path):
                return path.stat().st_size
        except FileNotFoundError:
            return None

    def _note(self, layer: Layer, verified: bool) -> None:
        data = go_json({**layer.descriptor.as_json(), "verified": verified})
        write_whole(self._swept, self._diff_path(layer.diff_id), data)

    def _known(self, diff_id: str, verified: bool) -> Layer | None:
        entry = self._object(self._diff_path(diff_id))
        if entry is None or (verified and entry.raw.get("verified") is not True):
            return None
        try:
            descriptor = Descriptor.read(entry)
        except errors.ManifestUnreadable:
            return None
        # A blob that somebody removed or cut is made anew.
        return Layer(descriptor, diff_id) if self._size(descriptor.digest) == descriptor.size else None

    def _image(self, digest: str, media_type: str, name: str) -> StoredImage | None:
        try:
            data = self.read(digest)
            manifest = Manifest.from_bytes(data)
            config = self.read(manifest.config.digest)
        except errors.ContentMissing:
            return None
        kind = manifest.media_type if is_digest(name) else media_type
        return image_of(name, Descriptor(kind, digest, len(data)), data, config)

    def _named(self, path: Path) -> tuple[str, Descriptor] | None:
        entry = self._object(path)
        return (entry.text("name"), Descriptor.read(entry.inside("manifest"))) if entry else None

    def _object(self, path: Path) -> Fields | None:
        try:
            with open_blob(path) as file:
                return read_object(file.read())
        except FileNotFoundError:  # apart: naming an error of ours would read them all
            return None
        except errors.ManifestUnreadable:
            return None

    def _name_files(self) -> Iterator[Path]:
        folder = self.root / "names"
        with suppress(FileNotFoundError), reading(folder):
            yield from folder.iterdir()

    def _name_path(self, name: str) -> Path:
        return self.root / "names" / f"{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}.json"

    def _diff_path(self, diff_id: str) -> Path:
        return self.root / "diffs" / f"{self.path(diff_id).name}.json"
