"""A container is made and started, once: also by whoever finds one that was made, and whose engine has died meanwhile.

An engine that is killed in the middle of a start may have begun it and not know: its record says ``created``, the
process runs. Moby 20.10 then refuses to start it while it runs, and would run it again afterwards; from 25 on it would
kill it and run it again. So what such a container wrote is looked at first.
"""

from __future__ import annotations

import tarfile
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_client import asking
from jupyter_mlpack.engines.docker_request import create_options
from jupyter_mlpack.engines.engine import OUTPUT, Request
from jupyter_mlpack.engines.outputs import IterStream
from jupyter_mlpack.oci.manifest import StoredImage

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

CONFLICT = 409
TAKEN = "id already in use"
"""What Moby says of a container whose process it does not know of (libcontainerd's own conflict)."""


def create(client: DockerClient, request: Request, image: StoredImage, name: str) -> Container | None:
    """A container for the request; ``None`` if the name is taken. Raises ``DockerRefused``, ``DockerLost``."""
    from docker.errors import APIError, NotFound

    arguments = list(request.task.arguments) or None
    options = create_options(dict(request.options), request.task, image)
    try:
        with asking("create a container"):
            return client.containers.create(name, arguments, **options)
    except NotFound as error:
        raise errors.DockerRefused(action="create a container", reason=str(error.explanation)) from error
    except errors.DockerRefused as error:
        if isinstance(error.__cause__, APIError) and error.__cause__.status_code == CONFLICT:
            return None
        raise


def start(container: Container) -> bool:
    """Start it; none is left when it cannot. A lost connection leaves it to whoever comes next.

    ``False`` if it runs already, and its engine does not know. Raises ``DockerRefused``, ``DockerLost``.
    """
    from docker.errors import NotFound

    try:
        with asking("start the container"):
            container.start()
    except NotFound as error:  # the container, or a network of it
        with suppress(NotFound):
            container.remove(v=True, force=True)
        raise errors.DockerRefused(action="start the container", reason=str(error.explanation)) from error
    except errors.DockerRefused as error:
        if TAKEN in str(error.data["reason"]):
            return False
        container.remove(v=True, force=True)
        raise
    return True


def start_once(container: Container) -> bool:
    """The same for one that somebody else made, and perhaps starts just now. ``NotFound`` passes."""
    if not has_written(container):
        return start(container)
    with asking("find the container again"):
        container.reload()
    return bool(container.status != "created")


def has_written(container: Container) -> bool:
    """Whether something is in its output folder. Raises ``DockerRefused``, ``DockerLost``."""
    from docker.errors import NotFound

    try:
        with asking("look at the outputs"):
            chunks, _ = container.get_archive(OUTPUT)
            with closing(IterStream(chunks)) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                return archive.next() is not None and archive.next() is not None
    except NotFound:
        return False
