"""Archives -> a folder in which they work although it is not ``/``. No script of a package is run."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from apt import Failed

NEVER = ("dev", "proc", "run", "sys", "tmp", "var/cache", "var/lib/dpkg", "usr/share/man", "usr/share/info",
         "usr/share/lintian", "usr/share/doc-base")  # fmt: skip
"""What an image does not need."""

KEPT_DOCUMENT = "copyright"


def unpack(archives: "list[Path]", layer: Path) -> None:
    """Unpacks them in the order of their names."""
    layer.mkdir(parents=True)
    for archive in archives:
        done = subprocess.run(["dpkg-deb", "-x", archive, layer], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{archive.name} cannot be unpacked: {done.stderr.strip()[:200]}")
    for name in NEVER:
        shutil.rmtree(layer / name, ignore_errors=True)
    for path in list(walk(layer)):
        settle(path, layer)


def walk(layer: Path) -> "Iterator[Path]":
    """All that is in the layer, folders and links too."""
    for here, folders, files in os.walk(layer):
        for name in sorted((*folders, *files)):
            yield Path(here, name)


def settle(path: Path, layer: Path) -> None:
    """A link to a place in the system leads into the layer where that has it; nothing acts with another's rights."""
    if path.is_symlink():
        target = os.readlink(path)
        inside = layer / target.lstrip("/")
        if target.startswith("/") and os.path.lexists(inside):
            path.unlink()
            path.symlink_to(os.path.relpath(inside, path.parent))
        return
    inside = path.relative_to(layer)
    if path.is_file() and inside.parts[:3] == ("usr", "share", "doc") and path.name != KEPT_DOCUMENT:
        path.unlink()
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    wanted = (mode | 0o200 | (0o500 if path.is_dir() else 0o400)) & 0o755
    if mode != wanted:
        path.chmod(wanted)
