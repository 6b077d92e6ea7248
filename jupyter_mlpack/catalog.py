"""``buildpacks/`` and ``stacks/`` on disk -> ``Catalog``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.stack.recipe import read_stack
from jupyter_mlpack.toml import loads_known
from jupyter_mlpack.values import Buildpack, Catalog

NOTEBOOK_ORDER = ("mlpack/python", "mlpack/packages", "mlpack/notebook")
"""The group that turns an application folder with a notebook into a training image."""

SERVING_ORDER = tuple("mlpack/serving" if id_ == "mlpack/notebook" else id_ for id_ in NOTEBOOK_ORDER)
"""The group for an inference image: the same, with another process."""


def read_catalog(buildpacks: Path | Sequence[Buildpack] | None = None, stacks: Path | None = None) -> Catalog:
    """The stacks and buildpacks that came with the package, or those that a platform team names.

    ``buildpacks`` is a folder with a folder for each, or the buildpacks themselves. Raises ``NoStacks``.
    """
    if buildpacks is None or isinstance(buildpacks, Path):
        found = (buildpacks or shipped("buildpacks")).glob("*/buildpack.toml")
        buildpacks = [read_buildpack(path.parent) for path in sorted(found)]
    packs = tuple(buildpacks)
    folder = stacks or shipped("stacks")
    recipes = tuple(read_stack(path.parent) for path in sorted(folder.glob("*/stack.toml")))
    if not recipes:
        raise errors.NoStacks(folder=folder)
    by_id = {pack.id: pack.reference for pack in packs}
    order, serving = (tuple(by_id[id_] for id_ in ids if id_ in by_id) for ids in (NOTEBOOK_ORDER, SERVING_ORDER))
    return Catalog(recipes, packs, order, folder, serving if "mlpack/serving" in by_id else ())


def read_buildpack(root: Path) -> Buildpack:
    """Id and version of the buildpack in ``root``."""
    described = loads_known((root / "buildpack.toml").read_text(encoding="utf-8"))["buildpack"]
    return Buildpack(described["id"], described["version"], root)


def shipped(name: str) -> Path:
    """The folder ``name`` inside the installed package, or beside it in a checkout (an editable install)."""
    package = Path(__file__).parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name
