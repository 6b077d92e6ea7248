"""What this machine offers, read from configuration and environment: content store, catalog, mirrors, indexes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, List, Unicode
from traitlets.config.configurable import Configurable

if TYPE_CHECKING:
    from jupyter_mlpack.oci import Store
    from jupyter_mlpack.publish import Outputs
    from jupyter_mlpack.wishes import Machine


class MachineMixin(Configurable):
    """The settings of the machine, for the subcommands that need it."""

    machine_aliases: ClassVar[Mapping[str, str]] = {
        "arch": "MachineMixin.arch",
        "allow-index": "MachineMixin.allow_index",
        "mirror": "MachineMixin.mirror",
        "run-image": "MachineMixin.run_image",
        "buildpacks": "MachineMixin.buildpacks",
        "stacks": "MachineMixin.stacks",
    }

    home: str
    arch = Unicode(help="Architecture of the image: amd64 or arm64.").tag(config=True)
    allow_index = List(
        Unicode(), help="Package indexes that may be asked although only a notebook names them; repeatable."
    ).tag(config=True)
    mirror = Unicode(help="The Debian mirror; default: the one that this machine's apt sources name.").tag(config=True)
    run_image = Unicode(help="A run image in a registry, to be pulled instead of assembled.").tag(config=True)
    buildpacks = Unicode(help="Folder of buildpacks instead of those that came with the package.").tag(config=True)
    stacks = Unicode(help="Folder of stacks instead of those that came with the package.").tag(config=True)

    def _arch_default(self) -> str:
        from jupyter_mlpack.pipeline import host_architecture

        return host_architecture()

    def store(self) -> Store:
        """The content store."""
        from jupyter_mlpack.oci import Store

        return Store(Path(self.home))

    def machine(self) -> Machine:
        """All of it."""
        from jupyter_mlpack.catalog import read_catalog
        from jupyter_mlpack.resolution import index_settings
        from jupyter_mlpack.stack import StackSettings
        from jupyter_mlpack.wishes import Machine

        catalog = read_catalog(*(Path(text) if text else None for text in (self.buildpacks, self.stacks)))
        settings = StackSettings(mirror=self.mirror or None, run_image=self.run_image or None)
        return Machine(self.store(), catalog, settings, index_settings(os.environ))


class OutputsMixin(Configurable):
    """Where an image goes, for the subcommands that deliver one."""

    output_options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--layout DIR", "write an OCI layout folder"),
        ("--archive FILE", "write an archive for `docker load`"),
        ("--load", "load it into the local Docker daemon"),
        ("--push REFERENCE", "push it to a registry (credentials: the usual Docker config); repeatable"),
        ("--insecure", "plain HTTP is allowed to a registry on this machine"),
        ("--insecure-host HOST", "plain HTTP is allowed to this host; repeatable"),
    )
    output_aliases: ClassVar[Mapping[str, str]] = {
        "layout": "OutputsMixin.layout",
        "archive": "OutputsMixin.archive",
        "push": "OutputsMixin.push",
        "insecure-host": "OutputsMixin.insecure_hosts",
    }
    output_flags: ClassVar[Mapping[str, Any]] = {
        "load": ({"OutputsMixin": {"load": True}}, "Load the image into the local Docker daemon."),
        "insecure": ({"OutputsMixin": {"insecure": True}}, "Allow plain HTTP to a registry on this machine."),
    }

    layout = Unicode(help="Folder for an OCI layout.").tag(config=True)
    archive = Unicode(help="File for a Docker archive.").tag(config=True)
    push = List(Unicode(), help="References to push to.").tag(config=True)
    load = Bool(False, help="Load into the local Docker daemon.").tag(config=True)
    insecure = Bool(False, help="Allow plain HTTP to a registry on this machine.").tag(config=True)
    insecure_hosts = List(Unicode(), help="Hosts to which plain HTTP is allowed.").tag(config=True)

    def outputs(self) -> Outputs:
        """Where the image goes, as a value."""
        from jupyter_mlpack.publish import Outputs

        layout, archive = (Path(text) if text else None for text in (self.layout, self.archive))
        return Outputs(layout, archive, self.load, tuple(self.push), self.insecure, tuple(self.insecure_hosts))
