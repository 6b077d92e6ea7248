"""Assets that are here -> the plan with them: files by digest, and what the buildpack ``mlpack/assets`` reads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from jupyter_mlpack.assets.shelf import Item, Shelf, folder_hash
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.assets import covers
from jupyter_mlpack.plan import pretty
from jupyter_mlpack.values import Asset, BuildPlan, Catalog, Json, PlannedFile

FILE = ".mlpack/assets.json"
BUILDPACK = "mlpack/assets"


@dataclass(frozen=True)
class Fetched:
    """An asset that is on the shelf."""

    asset: Asset
    items: tuple[Item, ...]

    @property
    def sha256(self) -> str:
        """The digest of the file, or of the folder."""
        return self.items[0].sha256 if self.is_file else folder_hash(self.items)

    @property
    def is_file(self) -> bool:
        """Whether it is one file."""
        return len(self.items) == 1 and not self.items[0].path


def with_assets(
    plan: BuildPlan, fetched: Sequence[Fetched], mounts: Iterable[Asset], shelf: Shelf, frame: tuple[str, Catalog]
) -> BuildPlan:
    """The plan with the assets in their places, instead of what lay there. Without any it stays as it is.

    ``frame`` is the notebook's folder in the application, and the catalog.
    """
    at, catalog = frame
    mounted = {posixpath.join(at, asset.path): asset for asset in mounts}
    placed = {posixpath.join(at, one.asset.path): one for one in fetched}
    if not mounted and not placed:
        return plan
    kept = [file for file in plan.files if not any(covers(file.path, path) for path in (*mounted, *placed))]
    files = [file for path, one in placed.items() for file in planned_files(path, one, shelf)]
    told: dict[str, Json] = {
        "assets": [entry(path, placed[path]) for path in sorted(placed)],
        "layers": [layer(path, placed[path], kept) for path in sorted(placed)],
        "mounts": [{"path": path, "required": mounted[path].required} for path in sorted(mounted)],
    }
    every = (*kept, *files, PlannedFile(FILE, text=pretty(told)))
    found = tuple(pack.reference for pack in catalog.buildpacks if pack.id == BUILDPACK)
    return replace(plan, files=tuple(sorted(every, key=lambda file: file.path)), order=(*found, *plan.order))


def planned_files(path: str, one: Fetched, shelf: Shelf) -> list[PlannedFile]:
    """The files of an asset at ``path``."""
    return [
        PlannedFile(posixpath.join(path, item.path), source=shelf.path(item.sha256), sha256=item.sha256)
        if item.path
        else PlannedFile(path, source=shelf.path(item.sha256), sha256=item.sha256)
        for item in one.items
    ]


def entry(path: str, one: Fetched) -> dict[str, Json]:
    """What the image's label says of an asset; never where it came from."""
    told: dict[str, Json] = {"path": path, "sha256": one.sha256, "size": sum(item.size for item in one.items)}
    return told if one.is_file else {**told, "files": len(one.items)}


def layer(path: str, one: Fetched, others: Sequence[PlannedFile]) -> list[Json]:
    """The paths that make the asset's own layer: its own, or those of its files where others lie among them."""
    shared = any(file.path.startswith(f"{path}/") for file in others)
    return [posixpath.join(path, item.path) for item in one.items] if shared else [path]
