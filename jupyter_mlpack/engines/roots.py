"""Images unpacked once per machine, as the read-only roots of process jobs.

``<store>/roots/<hex of the image's configuration>`` is complete from the moment it exists. Its files are hard links
into the store's unpacked layers; the mount points are its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlpack.engines.declared import declared_mounts
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.trees import Tell, join_image, make_once

FOLDERS = ("dev", "proc", "tmp", "output", "etc")
FILES = ("etc/resolv.conf", "etc/hosts")
DEFAULT_USER = (1000, 1000)
"""Who runs in an image that names no user, or root: a training job never needs to be root."""


def unpacked_root(store: Store, image: StoredImage, tell: Tell = lambda done, total: None) -> Path:
    """The folder that holds the image's files; made now if this machine has not unpacked it before.

    ``tell`` hears how many bytes of how many are unpacked.
    """

    def make(scratch: Path) -> None:
        join_image(store, image, scratch, tell)
        add_mount_points(scratch)
        for path in declared_mounts(image):
            add_folder(scratch, path)

    return make_once(root_folder(store, image), make)


def root_folder(store: Store, image: StoredImage) -> Path:
    """Where the image's files are, or would be."""
    return store.root / "roots" / image.manifest.config.digest.partition(":")[2]


def add_mount_points(root: Path) -> None:
    """Empty folders and files on which the sandbox mounts; a name the image already uses is left as it is."""
    for name in FOLDERS:
        if not os.path.lexists(root / name):
            (root / name).mkdir(mode=0o755)
    for name in FILES:
        place = root / name
        if not place.parent.is_symlink() and not os.path.lexists(place):
            place.touch(mode=0o644)


def add_folder(root: Path, path: str) -> None:
    """An empty folder for a mount that the image declares; nothing where a link or a file is in its way."""
    place = root
    for part in path.strip("/").split("/"):
        place /= part
        if part == ".." or place.is_symlink() or (place.exists() and not place.is_dir()):
            return
        if not place.exists():
            place.mkdir(mode=0o755)


def image_user(root: Path, user: str) -> tuple[int, int]:
    """Ids for an image's ``USER`` (``name``, ``uid``, ``name:group``, ``uid:gid``); ``DEFAULT_USER`` for root."""
    name, _, group = user.partition(":")
    entry = next((line for line in account_lines(root / "etc/passwd") if name in (line[0], line[2])), None)
    uid = int(entry[2]) if entry else int(name) if name.isdigit() else 0
    gid = int(entry[3]) if entry else uid
    if group:
        found = next((line for line in account_lines(root / "etc/group") if group in (line[0], line[2])), None)
        gid = int(found[2]) if found else int(group) if group.isdigit() else gid
    return (uid, gid) if uid != 0 else DEFAULT_USER


def account_lines(path: Path) -> list[list[str]]:
    """The well-formed lines of an image's passwd or group file. A link is not followed: it could lead to the host's."""
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        return []
    lines = [line.split(":") for line in path.read_text(errors="replace").splitlines()]
    return [line for line in lines if len(line) >= 4 and line[2].isdigit() and (len(line) == 4 or line[3].isdigit())]
