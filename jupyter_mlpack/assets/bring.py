"""The plan's assets, fetched and put into it: the phase ``fetch`` of a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.assets.fetch import PHASE, Fetching, fetch_assets
from jupyter_mlpack.assets.plan import with_assets
from jupyter_mlpack.assets.shelf import Shelf
from jupyter_mlpack.events import Emit, PhaseEnded, PhaseStarted
from jupyter_mlpack.values import BuildPlan, Catalog

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.inputs import Binding
    from jupyter_mlpack.oci import Store


def bring_assets(plan: BuildPlan, fetching: Fetching, at: str, catalog: Catalog, emit: Emit) -> BuildPlan:
    """The plan with its assets in their places; ``at`` is the notebook's folder in the application.

    Raises leaves of ``AssetError``, ``StoreFull``, ``StoreUnwritable``.
    """
    mounts = [asset for asset in plan.assets if asset.mount]
    emit(PhaseStarted(PHASE))
    fetched = fetch_assets(plan.assets, fetching, emit)
    size = sum(item.size for one in fetched for item in one.items)
    words = [f"{len(fetched)} assets, {size / 1e6:.0f} MB"] if fetched else []
    words += [f"{len(mounts)} to be mounted"] if mounts else []
    emit(PhaseEnded(PHASE, ", ".join(words)))
    return with_assets(plan, fetched, mounts, fetching.shelf, (at, catalog))


def ways(store: Store, folder: Path, bindings: tuple[Binding, ...], *, refresh: bool) -> Fetching:
    """What the assets of a notebook in ``folder`` are fetched with."""
    return Fetching(Shelf(store.root), folder, bindings, refresh)
