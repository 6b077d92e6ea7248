"""The layers of a builder image above its build image: folders, lifecycle, buildpacks, and what it says of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from jupyter_mlpack.builder.labels import members, order
from jupyter_mlpack.builder.official import PHASES, PROGRAMS, Official
from jupyter_mlpack.builder.recipe import Recipe
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.lifecycle.toml import dump_toml
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, tree_entries

ROOT = ("/cnb", "/cnb/build-config", "/cnb/build-config/env", "/cnb/buildpacks", "/cnb/extensions",
        "/platform", "/platform/env")  # fmt: skip
USERS = ("/layers", "/workspace")
LEFT_OUT = ("__pycache__", ".git", ".DS_Store")
"""Names in a buildpack's folder that are of the machine it lies on."""


def folders(uid: int, gid: int) -> Iterator[TarEntry]:
    """What a platform finds in place: the builder's folders are root's, those of a build its user's."""
    for name in sorted((*ROOT, *USERS)):
        owner = (uid, gid) if name in USERS else (0, 0)
        yield TarEntry(name, "directory", 0o755, *owner)


def lifecycle(official: Official) -> Iterator[TarEntry]:
    """The official lifecycle: one program, under the name of each phase, and the launcher."""
    yield folder("/cnb")
    yield folder("/cnb/lifecycle")
    for name in sorted((*PHASES, *PROGRAMS)):
        at = f"/cnb/lifecycle/{name}"
        if name in PROGRAMS:
            source = official.programs / name
            yield TarEntry(at, "file", 0o755, 0, 0, size=source.stat().st_size, source=source)
        else:
            yield TarEntry(at, "symlink", 0o777, 0, 0, link="lifecycle")
    yield TarEntry("/lifecycle", "symlink", 0o777, 0, 0, link="/cnb/lifecycle")


def buildpack(pack: Descriptor) -> Iterator[TarEntry]:
    """A buildpack at its place, by id and version; modes do not tell of the machine."""
    at = f"/cnb/buildpacks/{pack.id.replace('/', '_')}/{pack.version}"
    yield from parent_entries(at)
    for entry in tree_entries(pack.root, at, 0, 0):
        inside = entry.name[len(at) :].split("/")
        if any(part in LEFT_OUT or part.endswith(".pyc") for part in inside):
            continue
        plain = 0o755 if entry.kind == "directory" or entry.mode & 0o111 else 0o644
        yield entry if entry.kind == "symlink" else replace(entry, mode=plain)


def descriptions(recipe: Recipe, run_images: tuple[RunImageNames, ...]) -> Iterator[TarEntry]:
    """Order, run images, the operator's defaults: files that the lifecycle reads."""
    files = {f"/cnb/build-config/env/{name}": value for name, value in recipe.defaults}
    files["/cnb/order.toml"] = dump_toml({"order": [{"group": group} for group in order(recipe.order)]})
    images = [image(names) for names in run_images]
    files["/cnb/run.toml"] = dump_toml({"images": images})
    files["/cnb/stack.toml"] = dump_toml({"run-image": images[0]})
    if recipe.before or recipe.after:
        sides = {"pre": members(recipe.before), "post": members(recipe.after)}
        files["/cnb/system.toml"] = dump_toml(
            {"system": {side: {"buildpacks": group} for side, group in sides.items()}}
        )
    yield from placed(files.items())


def image(names: RunImageNames) -> dict[str, object]:
    """A run image and its mirrors."""
    return {"image": names.image, "mirrors": list(names.mirrors)}


def placed(files: Iterable[tuple[str, str]]) -> Iterator[TarEntry]:
    """Files of root, and the folders that they stand in."""
    made: set[str] = set()
    for name, text in sorted(files):
        for parent in parent_entries(name):
            if parent.name not in made:
                made.add(parent.name)
                yield parent
        data = text.encode("utf-8", "surrogateescape")
        yield TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data)


def folder(name: str) -> TarEntry:
    """A folder of root."""
    return TarEntry(name, "directory", 0o755, 0, 0)


def is_runnable(pack: Descriptor) -> bool:
    """Whether its programs can be started, or it has none because it only names others."""
    return bool(pack.order) or all(os.access(pack.root / "bin" / name, os.X_OK) for name in ("detect", "build"))
