"""The options of a build that name data and models: ``--asset`` and ``--mount``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from traitlets import List, Unicode
from traitlets.config.configurable import Configurable

if TYPE_CHECKING:
    from jupyter_mlpack.values import Asset


class AssetsMixin(Configurable):
    """What an image holds beside the notebook's folder, for the subcommand that builds."""

    assets_options: ClassVar[tuple[tuple[str, str], ...]] = (
        (
            "--asset PATH=SOURCE[#sha256=HEX]",
            "data or a model at PATH: https://, s3://, a file, a folder, dvc; repeatable",
        ),
        ("--mount PATH", "a folder that is mounted at PATH when the image runs, and not packed; repeatable"),
    )
    assets_aliases: ClassVar[Mapping[str, str]] = {"asset": "AssetsMixin.assets", "mount": "AssetsMixin.mounts"}

    assets = List(Unicode(), help="Data and models, PATH=SOURCE or PATH=SOURCE#sha256=HEX each.").tag(config=True)
    mounts = List(Unicode(), help="Folders that are mounted when the image runs.").tag(config=True)

    def named_assets(self) -> tuple[Asset, ...]:
        """What the options say. Raises ``AssetWrong``."""
        if not self.assets and not self.mounts:
            return ()
        from jupyter_mlpack.assets.declared import read_words

        return read_words(self.assets, self.mounts)
