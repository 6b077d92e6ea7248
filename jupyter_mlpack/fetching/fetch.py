"""The door: a place -> what is there, on this machine. Each commit, archive and layer is fetched once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.fetching.images import Local, Packed, Remote, Stored, read_packed, unpacked
from jupyter_mlpack.fetching.kept import keep_archive, kept_folder
from jupyter_mlpack.fetching.words import Place, shown
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.layout_read import LayoutPlace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.origin import split_layout
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.oci.trees import make_once, touch
from jupyter_mlpack.scratch import passing_folder
from jupyter_mlpack.values import Notice


@dataclass(frozen=True)
class Fetched:
    """What is there: a folder, or an image with buildpacks.

    ``origin`` is the word that names the same for ever, where there is one; empty for what is on this machine.
    """

    place: Place
    folder: Path | None = None
    packed: Packed | None = None
    origin: str = ""


@dataclass(frozen=True)
class Fetcher:
    """Fetches into ``store``; ``access`` says how a host is reached (``StackSettings.access``)."""

    store: Store
    access: Callable[[str], Access]
    emit: Emit

    def fetch(self, place: Place, where: str) -> Fetched:
        """What is at ``place``, and tell what a word that may move means today. ``where`` says who wrote the word.

        Raises leaves of ``InputError``, ``StackError``, ``StoreError``.
        """
        fetched = {"local": self._local, "git": self._git, "web": self._web}.get(place.kind, self._image)(place)
        if fetched.folder is None and fetched.packed is None:
            reason = "It is an image without the labels of a buildpackage or of a builder."
            raise errors.SourceUnusable(word=place.word, where=where, reason=reason)
        if fetched.origin not in ("", place.word):
            text = f"{shown(place.word)} may be something else tomorrow. What it is now has this name: {fetched.origin}"
            self.emit(Noticed(Notice("source-moves", text)))
        return fetched

    def folder(self, place: Place, where: str) -> Path:
        """The folder that ``place`` names; of an image what all of its layers hold."""
        if place.kind in ("image", "layout"):
            image = self._opened(place)
            found = image.read()
            trees = unpacked(image, found, [layer.diff_id for layer in found.layers], place.word)
            if len(trees) != 1:
                reason = f"It has {len(trees)} layers; an image of stacks has one, with the folders of the stacks."
                raise errors.SourceUnusable(word=place.word, where=where, reason=reason)
            return next(iter(trees.values()))
        folder = self.fetch(place, where).folder
        if folder is None:
            raise errors.SourceUnusable(word=place.word, where=where, reason="It is no folder.")
        return folder

    def _local(self, place: Place) -> Fetched:
        path = Path(place.address)
        if path.is_file():
            try:
                path = inner_folder(keep_archive(self.store, path, place.word)[0])
            except OSError as error:
                raise errors.SourceUnusable(word=place.word, where=path, reason=f"{error.strerror}.") from error
        if (path / "oci-layout").is_file():
            return self._packed(place, Local(LayoutPlace(path), self.store))
        return Fetched(place, folder=path)

    def _git(self, place: Place) -> Fetched:
        from jupyter_mlpack.fetching.git import export_commit, find_commit
        from jupyter_mlpack.fetching.web import check_encrypted

        check_encrypted(place, self.access(urlsplit(place.address).netloc))
        commit = find_commit(place)

        def export(scratch: Path) -> None:
            with passing_folder(scratch.with_name(f".making-{os.urandom(6).hex()}")) as objects:
                export_commit(place, commit, scratch, objects)

        tree = make_once(kept_folder(self.store, f"git-{commit}"), export)
        folder = tree / place.subdirectory
        if not folder.is_dir() or not folder.resolve().is_relative_to(tree.resolve()):
            reason = f"The commit {commit} has no folder {place.subdirectory}."
            raise errors.SourceUnusable(word=place.word, where=place.address, reason=reason)
        return Fetched(place, folder=folder, origin=place.pinned(commit))

    def _web(self, place: Place) -> Fetched:
        from jupyter_mlpack.fetching.web import download

        known = kept_folder(self.store, f"tar-{place.sha256}")
        if place.sha256 and known.is_dir():
            touch(known)
            folder, digest = known, place.sha256
        else:
            known.parent.mkdir(parents=True, exist_ok=True)
            with passing_folder(known.with_name(f".making-{os.urandom(6).hex()}")) as scratch:
                file = scratch / "archive"
                digest = download(place, file, self.access(urlsplit(place.address).netloc), self.emit)
                folder = keep_archive(self.store, file, place.word, digest)[0]
        folder = inner_folder(folder)
        if (folder / "oci-layout").is_file():
            return self._packed(place, Local(LayoutPlace(folder), self.store), place.pinned(digest))
        return Fetched(place, folder=folder, origin=place.pinned(digest))

    def _image(self, place: Place) -> Fetched:
        image = self._opened(place)
        fetched = self._packed(place, image)
        if not isinstance(image, Remote) or fetched.packed is None:
            return fetched
        return replace(fetched, origin=place.pinned(fetched.packed.digest))

    def _opened(self, place: Place) -> Remote | Local | Stored:
        """An image by its address: what was made on this machine under that name comes first."""
        if place.kind == "layout":
            return Local(split_layout(place.address), self.store)
        known = self.store.image(place.address)
        if known is not None:
            return Stored(known, self.store)
        reference = parse_reference(place.address)
        return Remote(reference, self.store, self.access(reference.registry), self.emit)

    def _packed(self, place: Place, image: Remote | Local | Stored, origin: str = "") -> Fetched:
        packed = read_packed(image, place.word)
        return Fetched(place) if isinstance(packed, StoredImage) else Fetched(place, packed=packed, origin=origin)


def inner_folder(folder: Path) -> Path:
    """The folder itself, or the only one in it where there is nothing else: archives are often made so."""
    names = list(folder.iterdir())
    return names[0] if len(names) == 1 and names[0].is_dir() and not names[0].is_symlink() else folder
