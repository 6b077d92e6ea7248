"""Words that name buildpacks, wherever they are -> buildpacks on this machine, and the groups that they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.errors import OrderUnreadable, SourceUnusable
from jupyter_mlpack.fetching import Fetched, Fetcher, Place, read_path
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.given.folders import read_folder
from jupyter_mlpack.lifecycle.descriptor import read_order
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.values import Buildpack

DEEPEST = 8
"""Packages within packages that are followed."""

PACKAGE = "package.toml"
FORM = "It is a package.toml as pack has it: [buildpack] uri, [[dependencies]] with a uri or an image"


@dataclass(frozen=True)
class Found:
    """What a word names: ``order`` is the groups that it stands for, one with one buildpack unless it is a builder."""

    order: Order
    buildpacks: tuple[Buildpack, ...]


@dataclass(frozen=True)
class Sources:
    """Finds buildpacks by words, and fetches those that lie elsewhere.

    ``scratch`` is a folder for buildpacks that a descriptor writes as a script.
    """

    fetcher: Fetcher
    scratch: Path

    def path(self, word: str, base: Path, where: str) -> Found:
        """What a ``uri`` or an ``image`` of a file names, relative to ``base``. ``where`` says who named it.

        Raises ``SourceWrong``, ``SourceUnusable``, ``BuildpackUnreadable``, and what fetching raises.
        """
        return self.find(read_path(word, base, where), where)

    def find(self, place: Place, where: str, depth: int = 0) -> Found:
        """The buildpacks at ``place``, those that a composite one's package names among them; raises as ``path``."""
        if depth > DEEPEST:
            reason = f"Its package leads through more than {DEEPEST} others."
            raise SourceUnusable(word=place.word, where=where, reason=reason)
        fetched = self.fetcher.fetch(place, where)
        if fetched.packed is not None:
            return packed_buildpacks(fetched, where)
        assert fetched.folder is not None
        check_folder(fetched, where)
        main = replace(read_folder(fetched.folder, where), origin=fetched.origin)
        further = [
            pack
            for word in dependencies(fetched.folder)
            for pack in self.find(read_path(word, fetched.folder, where), where, depth + 1).buildpacks
        ]
        return Found(((GroupElement(main.id, main.version),),), (*further, main))


def single(order: Order, word: str, where: str) -> GroupElement:
    """The one buildpack that a word stands for. Raises ``SourceUnusable`` for a builder."""
    if len(order) != 1 or len(order[0]) != 1:
        raise SourceUnusable(word=word, where=where, reason="It is a builder, which stands for an order of buildpacks.")
    return order[0][0]


def packed_buildpacks(fetched: Fetched, where: str) -> Found:
    """Those of an image: a buildpackage stands for its own buildpack, a builder for its order."""
    packed, word = fetched.packed, fetched.place.word
    assert packed is not None
    found = {name: replace(read_folder(folder, where), origin=fetched.origin) for name, folder in packed.folders}
    for name, pack in found.items():
        if pack.reference != name:
            reason = f"Its labels speak of {name}, and there is {pack.reference}."
            raise SourceUnusable(word=word, where=where, reason=reason)
    labels = packed.labels
    if labels.order:
        return Found(labels.order, tuple(found.values()))
    first = next(iter(found.values()), None)
    main = labels.main or (GroupElement(first.id, first.version) if first and len(found) == 1 else None)
    if main is None or main.reference not in found:
        raise SourceUnusable(word=word, where=where, reason="Its labels do not say which of its buildpacks is meant.")
    return Found(((main,),), tuple(found.values()))


def check_folder(fetched: Fetched, where: str) -> None:
    """Where a repository or an archive has no buildpack at its top, say where there are some."""
    place, folder = fetched.place, fetched.folder
    if folder is None or place.address == str(folder) or (folder / "buildpack.toml").is_file():
        return
    inside = sorted(path.parent.relative_to(folder).as_posix() for path in folder.rglob("buildpack.toml"))
    named = f"; there are some in {', '.join(inside[:9])}: add #subdirectory=..." if inside else ""
    raise SourceUnusable(word=place.word, where=where, reason=f"It has no buildpack.toml{named}.")


def dependencies(folder: Path) -> Iterator[str]:
    """The words of a composite buildpack's ``package.toml``; none for a buildpack that runs itself.

    Raises ``OrderUnreadable``.
    """
    path = folder / PACKAGE
    if not path.is_file():
        return
    try:
        if any(read_order(Fields.read(folder / "buildpack.toml"))):
            for entry in Fields.read(path).tables("dependencies"):
                word = entry.text("uri") or entry.text("image")
                if not word:
                    raise MalformedError(path, "a dependency has neither uri nor image")
                yield word
    except MalformedError as error:
        raise OrderUnreadable(path=path, reason=f"{error.reason}.", form=FORM) from error
