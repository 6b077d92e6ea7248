"""What the options of a build say, read and checked, before any file that they name is looked into."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.inputs import Binding, Variable, Volume


@dataclass(frozen=True)
class Given:
    """What a build is given beside the notebook; all of it optional.

    ``buildpacks``, ``before`` and ``after`` are words: places, ids, ``from=builder``. ``builder`` is a word, too.
    ``descriptor`` is a project descriptor that the user names and thereby trusts. ``mirrors`` are further names of the
    run image, ``registry`` the one that the image goes to: a run image there is preferred. ``previous`` is the image
    whose layers may be kept, ``created`` the moment to tell (RFC 3339), ``tags`` are further names of the image.
    ``business_tags`` are the site's, ``required_tags`` the keys that every image has.
    """

    variables: tuple[Variable, ...] = ()
    bindings: tuple[Binding, ...] = ()
    volumes: tuple[Volume, ...] = ()
    builder: str | None = None
    order: Path | None = None
    buildpacks: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    descriptor: Path | None = None
    mirrors: tuple[str, ...] = ()
    registry: str = ""
    previous: str | None = None
    tags: tuple[str, ...] = ()
    created: str | None = None
    cache_folder: Path | None = None
    cache_image: str | None = None
    business_tags: Path | None = None
    required_tags: tuple[str, ...] = ()
