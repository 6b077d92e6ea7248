"""Which files around a notebook DVC tracks, by its own files: ``x.dvc``, ``dvc.yaml`` with ``dvc.lock``.

What the files say is believed only as far as hashes go: a path, a digest, a size.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.folder import SKIPPED

MAX_LEVELS = 12
MAX_TEXT = 2_000_000
MAX_FILES = 5_000
"""Folders above that are looked at; bytes of a file that is read; files of DVC in one repository."""

MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass(frozen=True)
class Tracked:
    """A file or folder as DVC knows it: ``path`` from the repository's root, ``size`` in bytes or ``None``.

    ``md5`` of a folder ends in ``.dir``; ``legacy`` says that DVC 2 or older wrote it, which lays out its cache
    otherwise.
    """

    path: str
    md5: str
    size: int | None = None
    legacy: bool = False


def repository(folder: Path) -> Path | None:
    """The root of the DVC repository that ``folder`` lies in, if there is one."""
    here = folder.resolve()
    for level in (here, *here.parents[:MAX_LEVELS]):
        if (level / ".dvc" / "config").is_file():
            return level
    return None


def read_tracked(root: Path) -> tuple[Tracked, ...]:
    """All that the repository tracks, sorted by path. Files that cannot be read count for nothing."""
    found: dict[str, Tracked] = {}
    for path in dvc_files(root):
        folder = path.parent.relative_to(root).as_posix()
        document = read_yaml(path)
        if path.suffix == ".dvc":
            outs = list(of_outs(document.get("outs"), folder, str(document.get("wdir") or ".")))
        else:
            outs = list(of_stages(document.get("stages"), folder, read_yaml(path.with_name("dvc.yaml"))))
        found.update((one.path, one) for one in outs)
    return tuple(found[path] for path in sorted(found))


def dvc_files(root: Path) -> Iterator[Path]:
    """The files of DVC in the repository."""
    seen = 0
    for here, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and name != ".dvc")
        for name in sorted(names):
            if (name.endswith(".dvc") or name == "dvc.lock") and not Path(here, name).is_symlink():
                seen += 1
                yield Path(here, name)
            if seen >= MAX_FILES:
                return


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The mapping in a file; an empty one for anything else."""
    import yaml

    try:
        if path.stat().st_size > MAX_TEXT:
            return {}
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def of_stages(stages: object, folder: str, described: Mapping[str, Any]) -> Iterator[Tracked]:
    """The outputs of a pipeline's stages; ``described`` is ``dvc.yaml``, which knows their folders."""
    known = described.get("stages")
    for name, stage in (stages if isinstance(stages, dict) else {}).items():
        said = known.get(name) if isinstance(known, dict) else None
        wdir = said.get("wdir") if isinstance(said, dict) else None
        if isinstance(stage, dict):
            yield from of_outs(stage.get("outs"), folder, str(wdir or "."))


def of_outs(outs: object, folder: str, wdir: str) -> Iterator[Tracked]:
    """Each output with a digest and a path inside the repository."""
    for out in outs if isinstance(outs, list) else ():
        if not isinstance(out, dict):
            continue
        md5, text, size = str(out.get("md5") or ""), str(out.get("path") or ""), out.get("size")
        path = posixpath.normpath(posixpath.join(folder, wdir, text))
        if text and MD5.fullmatch(md5) and not path.startswith(("/", "../")) and path not in (".", ".."):
            yield Tracked(path, md5, size if isinstance(size, int) else None, "hash" not in out)


def awaited(folder: Path, largest: int) -> tuple[str, ...]:
    """What DVC tracks below ``folder`` and is not there, as paths from it. Only what is known to be small enough."""
    root = repository(folder)
    if root is None:
        return ()
    prefix = folder.resolve().relative_to(root).as_posix()
    found = []
    for one in read_tracked(root):
        path = posixpath.relpath(one.path, prefix)
        small = one.size is not None and one.size <= largest
        if small and not path.startswith("../") and not os.path.lexists(folder / path):
            found.append(path)
    return tuple(found)
