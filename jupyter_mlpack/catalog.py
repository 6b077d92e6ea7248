"""``buildpacks/`` and ``stacks/`` on disk -> ``Catalog``."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.errors import NoStacks
from jupyter_mlpack.stack.recipe import read_stack
from jupyter_mlpack.toml import loads
from jupyter_mlpack.values import Buildpack, Catalog

NOTEBOOK_ORDER = ("mlpack/python", "mlpack/packages", "mlpack/notebook")
"""The group that turns an application folder with a notebook into a training image."""


def read_catalog(buildpacks: Path | None = None, stacks: Path | None = None) -> Catalog:
    """The stacks and buildpacks that came with the package, or those in the folders a platform team names.

    Raises ``NoStacks``.
    """
    packs = tuple(
        read_buildpack(path.parent) for path in sorted((buildpacks or shipped("buildpacks")).glob("*/buildpack.toml"))
    )
    folder = stacks or shipped("stacks")
    recipes = tuple(read_stack(path.parent) for path in sorted(folder.glob("*/stack.toml")))
    if not recipes:
        raise NoStacks(folder=folder)
    by_id = {pack.id: pack.reference for pack in packs}
    return Catalog(recipes, packs, tuple(by_id[id_] for id_ in NOTEBOOK_ORDER if id_ in by_id), folder)


def read_buildpack(root: Path) -> Buildpack:
    """Id and version of the buildpack in ``root``."""
    described = loads((root / "buildpack.toml").read_text(encoding="utf-8"))["buildpack"]
    return Buildpack(described["id"], described["version"], root)


def shipped(name: str) -> Path:
    """The folder ``name`` inside the installed package, or beside it in a checkout (an editable install)."""
    package = Path(__file__).parent
    inside = package / f"_{name}"
    return inside if inside.is_dir() else package.parent / name
