"""The options of a build that runs elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Unicode

from jupyter_mlpack.cli.targets import TargetsMixin

if TYPE_CHECKING:
    from jupyter_mlpack.elsewhere.builds import Place


class ElsewhereMixin(TargetsMixin):
    """Where a build runs, for the subcommand that builds."""

    elsewhere_options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--on PLACE", "build by the official lifecycle in containers: docker (DOCKER_HOST's), or a target of submit"),
        ("--network NAME", "with --on docker: the network of these containers, e.g. host (default: Docker's own)"),
        ("--lifecycle WORD", "with --on: a release of the official lifecycle (default: built by Go, once)"),
        ("--kpack", "with --on a cluster: as a Build of kpack there (default: a plain Job); --dry-run shows it"),
        (
            "--separate-phases",
            "with --on docker: a container for each phase: buildpacks see only their own files",
        ),
    )
    elsewhere_aliases: ClassVar[Mapping[str, str]] = {
        "on": "ElsewhereMixin.builds_on",
        "network": "ElsewhereMixin.network",
        "lifecycle": "ElsewhereMixin.lifecycle",
    }
    elsewhere_flags: ClassVar[Mapping[str, Any]] = {
        "kpack": ({"ElsewhereMixin": {"kpack": True}}, "A Build of kpack on the cluster."),
        "separate-phases": ({"ElsewhereMixin": {"separate_phases": True}}, "A container for each phase."),
    }

    builds_on = Unicode(help="What builds instead of this process: docker, or the name of a target.").tag(config=True)
    network = Unicode(help="The network of the containers that build.").tag(config=True)
    lifecycle = Unicode(help="A release of the official lifecycle: a folder, an archive, an address.").tag(config=True)
    separate_phases = Bool(False, help="A container for each phase of the lifecycle.").tag(config=True)

    kpack = Bool(False, help="Build on the cluster by kpack.").tag(config=True)

    def place(self) -> Place | None:
        """Where the build runs; ``None`` for here. Raises ``PlaceUnknown`` and leaves of ``TargetError``."""
        if not self.builds_on:
            return None
        from jupyter_mlpack.elsewhere.builds import Place, find_place

        place = Place(self.network, self.lifecycle, self.separate_phases, self.kpack)
        return find_place(place, self.builds_on, self.job_targets())
