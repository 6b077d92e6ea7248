"""What this machine offers, read from configuration and environment: content store, catalog, mirrors, indexes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from traitlets import HasTraits, Unicode

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.oci import Store
from jupyter_mlpack.pipeline import Machine, host_architecture
from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.stack import StackSettings


class MachineMixin(HasTraits):  # type: ignore[misc]
    """The settings of the machine, for the subcommands that need it."""

    machine_aliases: ClassVar[Mapping[str, str]] = {
        "arch": "MachineMixin.arch",
        "mirror": "MachineMixin.mirror",
        "run-image": "MachineMixin.run_image",
        "buildpacks": "MachineMixin.buildpacks",
        "stacks": "MachineMixin.stacks",
    }

    home: str
    arch = Unicode(help="Architecture of the image: amd64 or arm64.").tag(config=True)
    mirror = Unicode(help="The Debian mirror; default: the one that this machine's apt sources name.").tag(config=True)
    run_image = Unicode(help="A run image in a registry, to be pulled instead of assembled.").tag(config=True)
    buildpacks = Unicode(help="Folder of buildpacks instead of those that came with the package.").tag(config=True)
    stacks = Unicode(help="Folder of stacks instead of those that came with the package.").tag(config=True)

    def _arch_default(self) -> str:
        return host_architecture()

    def store(self) -> Store:
        """The content store."""
        return Store(Path(self.home))

    def machine(self) -> Machine:
        """All of it."""
        catalog = read_catalog(*(Path(text) if text else None for text in (self.buildpacks, self.stacks)))
        settings = StackSettings(mirror=self.mirror or None, run_image=self.run_image or None)
        return Machine(self.store(), catalog, settings, index_settings(os.environ))
