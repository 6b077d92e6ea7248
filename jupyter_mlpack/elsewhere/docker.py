"""The phases of a build as containers of a Docker daemon, which may be anywhere: all that they share is in volumes.

Nothing of this machine is bound into them, no socket and no credential of a registry, so a builder that nobody vouches
for learns what its buildpacks are given and nothing else. Whatever happens, containers and volumes are gone afterwards,
but for those with what was downloaded and what buildpacks cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.failing import SOME, failure
from jupyter_mlpack.elsewhere.left import LABEL, MAKER, maker, remove, sweep
from jupyter_mlpack.elsewhere.phases import APP, CACHE, LAYERS, LAYOUT, PLATFORM, WHEELS, Step, Story
from jupyter_mlpack.elsewhere.streams import is_there, piped, refused, tar_file
from jupyter_mlpack.engines.docker import address, connect, follow_log
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.outputs import IterStream
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.files import read_group
from jupyter_mlpack.lifecycle.records import escape_id
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.signals import signals_wait

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

SECONDS = 1800
"""A slow disk may need minutes for a large layer, during which the daemon says nothing."""

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
KEPT = (CACHE, WHEELS)
"""Volumes that are there for the next build."""


@dataclass
class Yard:
    """The volumes of one build in a daemon, and its containers. ``images`` are the builder's and that of the phases
    which are not the builder's; ``told`` is what each container's environment holds.
    """

    client: DockerClient
    images: tuple[str, str]
    volumes: dict[str, str]
    told: dict[str, str]
    user: tuple[int, int]
    network: str = ""
    mounts: tuple[Any, ...] = ()
    name: str = ""
    containers: list[Container] = field(default_factory=list)

    @property
    def where(self) -> str:
        """Where the build runs, for people."""
        return f"in Docker at {address()}"

    def keep_wheels(self) -> None:
        """Give the builds of this daemon a volume for what they download and install."""
        self.volumes[WHEELS] = f"mlpack-wheels-{self.user[0]}"
        with refused("make a volume"):
            self.client.volumes.create(self.volumes[WHEELS], labels={LABEL: "cache"})

    def create(self, step: Step) -> Container:
        """The container of a step, not started. Those of the builder see neither cache nor result, but the creator."""
        hidden = (CACHE, LAYOUT) if step.builders and step.phase else ()
        binds = {name: {"bind": at, "mode": "rw"} for at, name in self.volumes.items() if at not in hidden}
        options: dict[str, Any] = {"network": self.network} if self.network else {}
        if step.builders and self.mounts:
            options["mounts"] = list(self.mounts)
        with refused("create a container"):
            container = self.client.containers.create(
                self.images[0 if step.builders else 1],
                entrypoint=list(step.command),
                environment=self.told,
                volumes=binds,
                user=":".join(map(str, self.user)),
                labels={LABEL: self.name, MAKER: maker()},
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                init=True,
                working_dir=APP,
                **options,
            )
        self.containers.append(container)
        return container

    def fill(self, container: Container, write: Callable[[BinaryIO], None]) -> None:
        """Put what ``write`` writes (a tar) into the volumes."""
        with refused("take the application"):
            container.put_archive("/", piped(write))  # type: ignore[arg-type,unused-ignore]  # streams are fine

    def run(self, container: Container, step: Step, story: Story) -> None:
        """Start it and tell its log until it ends. Raises the leaf of ``LifecycleError`` that its end means."""
        with refused(f"start {step.phase or 'the build'}"):
            container.start()
        for text in follow_log(container, Place()):
            story.hear(text)
        story.over()
        with refused("tell how a phase ended"):
            status = int(container.wait()["StatusCode"])
            container.reload()
        if status:
            raise self.failure(container, status, story)

    def failure(self, container: Container, status: int, story: Story) -> errors.LifecycleError:
        """What a status means, and the daemon's own word for it."""
        if container.attrs["State"].get("OOMKilled"):
            return errors.PhaseOutOfMemory(phase=story.phase or "analyze", place=self.where, status=status)
        return failure(status, story, self.where, lambda: self.last_buildpack(container))

    def last_buildpack(self, container: Container) -> str:
        """The one that was building: the last of the group that has a folder for layers."""
        from docker.errors import DockerException

        with suppress(DockerException, OSError, MalformedError), scratch_folder() as scratch:
            (scratch / "group.toml").write_bytes(tar_file(container, f"{LAYERS}/group.toml"))
            for element in reversed(read_group(scratch / "group.toml")):
                if is_there(container, f"{LAYERS}/{escape_id(element.id)}"):
                    return element.reference
        return SOME

    @contextmanager
    def result(self, container: Container, at: str) -> Iterator[IO[bytes]]:
        """The tar of a folder of the volumes. Raises ``ResultUnusable`` when it is not there."""
        from docker.errors import NotFound

        try:
            with refused("give the image"):
                chunks, _ = container.get_archive(at)
        except NotFound as error:
            raise errors.ResultUnusable(place=self.where, reason=f"It left nothing at {at}.") from error
        yield IterStream(chunks)  # type: ignore[misc]


@contextmanager
def yard(name: str, arch: str) -> Iterator[Yard]:
    """A yard whose volumes are there for the block, and nothing of it afterwards. ``name`` is the image's.

    Raises ``DockerUnreachable``, ``DockerRefused``, ``PlaceArchitecture``.
    """
    client = connect()
    client.api.timeout = SECONDS
    own = f"mlpack-{os.urandom(8).hex()}"
    made = Yard(client, ("", ""), {}, {}, (0, 0), name=own)
    try:
        with refused("list what earlier builds left"):
            sweep(client)
        with refused("say what it is"):
            said = str(client.info().get("Architecture", ""))
        host = MACHINES.get(said, said)
        if host != arch:
            raise errors.PlaceArchitecture(address=address(), arch=arch, host=host)
        kept = f"mlpack-cache-{sha256(name.encode()).hexdigest()[:16]}"
        for at in (APP, LAYERS, PLATFORM, LAYOUT, CACHE):
            volume = kept if at == CACHE else f"{own}{at.replace('/', '-')}"
            made.volumes[at] = volume
            with refused("make a volume"):
                labels = {LABEL: "cache"} if at == CACHE else {LABEL: own, MAKER: maker()}
                client.volumes.create(volume, labels=labels)
        yield made
    finally:
        with signals_wait():
            clear(made)
            client.close()


def clear(made: Yard) -> None:
    """Remove containers and volumes, whatever state they are in."""
    from docker.errors import APIError
    from requests.exceptions import RequestException

    for container in made.containers:
        remove(container.remove, v=True, force=True)
    for at, name in made.volumes.items():
        if at not in KEPT:
            with suppress(APIError, RequestException, OSError):
                remove(made.client.volumes.get(name).remove, force=True)
