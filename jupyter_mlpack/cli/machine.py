"""What this machine offers, read from configuration and environment: content store, catalog, mirrors, indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, List, Unicode
from traitlets.config.configurable import Configurable

from jupyter_mlpack.frozen import replace

if TYPE_CHECKING:
    from jupyter_mlpack.events import Emit
    from jupyter_mlpack.oci import Store
    from jupyter_mlpack.oci.transport import Access
    from jupyter_mlpack.publish import Outputs
    from jupyter_mlpack.values import Buildpack
    from jupyter_mlpack.wishes import Machine


class MachineMixin(Configurable):
    """The settings of the machine, for the subcommands that need it."""

    machine_aliases: ClassVar[Mapping[str, str]] = {
        "arch": "MachineMixin.arch",
        "platform": "MachineMixin.platform",
        "accelerator": "MachineMixin.accelerator",
        "allow-index": "MachineMixin.allow_index",
        "mirror": "MachineMixin.mirror",
        "security-mirror": "MachineMixin.security_mirror",
        "package-index": "MachineMixin.package_index",
        "run-image": "MachineMixin.run_image",
        "buildpacks": "MachineMixin.buildpacks",
        "stacks": "MachineMixin.stacks",
    }

    home: str
    listener: Emit
    ca_certificates: str
    arch = Unicode(help="Architecture of the image: amd64 or arm64.").tag(config=True)
    platform = Unicode(help="Platform of the image: linux/amd64 or linux/arm64.").tag(config=True)
    accelerator = Unicode(help="Hardware of the image: cpu, cuda12, cuda13 ...; default: the notebook's.").tag(
        config=True
    )
    allow_index = List(
        Unicode(), help="Package indexes that may be asked although only a notebook names them; repeatable."
    ).tag(config=True)
    mirror = Unicode(help="The Debian mirror; default: the one that this machine's apt sources name.").tag(config=True)
    security_mirror = Unicode(help="The mirror of Debian's security archive; with --mirror none is asked else.").tag(
        config=True
    )
    keyring = Unicode(help="The file with the keys of the Debian mirror; default: the distribution's own.").tag(
        config=True
    )
    package_index = Unicode(
        help="The package index instead of the public one and of what pip and uv are set up for."
    ).tag(config=True)
    conda_channels = Unicode(help="The address below which conda channels are; default: as conda is set up.").tag(
        config=True
    )
    run_image = Unicode(help="A run image in a registry, to be pulled instead of assembled.").tag(config=True)
    buildpacks = Unicode(
        help="Buildpacks instead of those that came with the package: a folder of them, an archive, git, an image."
    ).tag(config=True)
    stacks = Unicode(
        help="Stacks instead of those that came with the package: a folder of them, an archive, git, an image."
    ).tag(config=True)

    def _arch_default(self) -> str:
        from jupyter_mlpack.architecture import host_architecture

        return host_architecture()

    def architecture(self) -> str:
        """What ``--platform`` or ``--arch`` says in Go's words. Raises ``PlatformUnknown``."""
        from jupyter_mlpack.architecture import read_platform

        return read_platform(self.platform) if self.platform else read_platform(f"linux/{self.arch}")

    def store(self) -> Store:
        """The content store."""
        from jupyter_mlpack.oci import Store

        return Store(Path(self.home).expanduser().absolute())

    def machine(self) -> Machine:
        """All of it."""
        from jupyter_mlpack.cli.building import make_machine
        from jupyter_mlpack.cli.mirrors import Mirrors

        mirrors = Mirrors(self.mirror, self.security_mirror, self.keyring, self.package_index, self.conda_channels)
        store = self.store()
        machine = make_machine(store, *self.catalog_folders(store), mirrors, self.run_image)
        certificates = Path(self.ca_certificates).expanduser() if self.ca_certificates else None
        return replace(machine, certificates=certificates)

    def catalog_folders(self, store: Store) -> tuple[Sequence[Buildpack] | None, Path | None]:
        """The site's own buildpacks, and where its stacks are, fetched if they lie elsewhere; none if none is named."""
        if not self.buildpacks and not self.stacks:
            return None, None
        from jupyter_mlpack.fetching import Fetcher
        from jupyter_mlpack.given.catalogs import own_buildpacks, stacks_folder
        from jupyter_mlpack.given.sources import Sources
        from jupyter_mlpack.scratch import scratch_place
        from jupyter_mlpack.stack import StackSettings

        hosts = frozenset(getattr(self, "insecure_hosts", ()))
        settings = StackSettings(insecure=getattr(self, "insecure", False), insecure_hosts=hosts)
        sources = Sources(Fetcher(store, settings.access, self.listener), Path(scratch_place()))
        packs = own_buildpacks(self.buildpacks, sources) if self.buildpacks else None
        return packs, stacks_folder(self.stacks, sources) if self.stacks else None


class AccessMixin(Configurable):
    """Which registries may be spoken to in plain HTTP, for the subcommands that speak to one."""

    insecure = Bool(False, help="Allow plain HTTP to a registry on this machine.").tag(config=True)
    insecure_hosts = List(Unicode(), help="Hosts to which plain HTTP is allowed.").tag(config=True)

    def access(self) -> Access:
        """How registries are spoken to."""
        from jupyter_mlpack.oci.transport import Access

        return Access(insecure=self.insecure, insecure_hosts=frozenset(self.insecure_hosts))


class OutputsMixin(AccessMixin):
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

    def outputs(self) -> Outputs:
        """Where the image goes, as a value."""
        from jupyter_mlpack.publish import Outputs

        layout, archive = (Path(text) if text else None for text in (self.layout, self.archive))
        return Outputs(layout, archive, self.load, tuple(self.push), self.insecure, tuple(self.insecure_hosts))
