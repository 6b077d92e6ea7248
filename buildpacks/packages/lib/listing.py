"""What a layer holds, as a value: files of installed wheels, links, texts. It is written as a listing or as a folder.

A listing names tens of thousands of files in a moment, where a folder of as many links takes seconds to make and to
remove. It is for platforms that say where they want it (``BP_LISTINGS_DIR``).
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wheels import File

FORMAT = 1


@dataclass
class Listing:
    """The files of a layer; folders are those that their names speak of.

    ``trees``: where in the layer, from which folder of this machine, which files. ``links``: where in the layer, to
    which folder of the image, under which names. ``stretches``: the same of a whole ``folder`` in both, by the number
    of its links, their digest, and their names, or where those stand. ``symlinks``: path -> target. ``texts``: path ->
    mode, text.
    """

    trees: list[tuple[str, str, list[File]]] = field(default_factory=list)
    links: list[tuple[str, str, list[str]]] = field(default_factory=list)
    stretches: list[tuple[str, str, str, int, str, list[str] | dict[str, str]]] = field(default_factory=list)
    symlinks: dict[str, str] = field(default_factory=dict)
    texts: dict[str, tuple[int, str]] = field(default_factory=dict)


def write_listing(listing: Listing, path: Path) -> None:
    """One JSON document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"format": FORMAT, **vars(listing)}
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


def write_folder(listing: Listing, folder: Path) -> None:
    """The same as files and links in an empty folder."""
    made = {""}
    for at, root, files in listing.trees:
        make_folders(folder, at, (name for name, _, _ in files), made)
        for name, mode, _ in files:
            place(f"{root}/{name}", f"{folder}/{at}/{name}", mode)
    stretches = ((at, to, names_of(names)) for at, to, _, _, _, names in listing.stretches)
    for at, to, names in (*listing.links, *stretches):
        make_folders(folder, at, names, made)
        for name in names:
            os.symlink(f"{to}/{name}", f"{folder}/{at}/{name}")
    for name, target in listing.symlinks.items():
        make_folders(folder, "", [name], made)
        os.symlink(target, folder / name)
    for name, (mode, text) in listing.texts.items():
        make_folders(folder, "", [name], made)
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(mode)


def names_of(told: list[str] | dict[str, str]) -> list[str]:
    """The names of a stretch. Raises OSError."""
    return json.loads(Path(told["file"]).read_bytes())[told["key"]] if isinstance(told, dict) else told


def make_folders(folder: Path, at: str, names: Iterable[str], made: set[str]) -> None:
    """The folders of these files; ``made`` are those that are there."""
    for name in names:
        above = f"{at}/{name}".strip("/").rpartition("/")[0]
        if above not in made:
            (folder / above).mkdir(parents=True, exist_ok=True)
            made.add(above)


def place(source: str, target: str, mode: int) -> None:
    """A link to the file where its mode is right already, else a copy: the source may be shared, too."""
    if stat.S_IMODE(os.stat(source).st_mode) == mode:
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return
    shutil.copyfile(source, target)
    os.chmod(target, mode)
