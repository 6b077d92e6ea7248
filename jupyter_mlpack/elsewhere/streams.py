"""Tars on their way into containers and out of them, and the daemon's refusals as errors of ours."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from jupyter_mlpack import errors
from jupyter_mlpack.engines.outputs import IterStream

if TYPE_CHECKING:
    from docker.models.containers import Container


@contextmanager
def refused(action: str) -> Iterator[None]:
    """The daemon's errors as ours; what is not there stays ``NotFound``. Raises ``DockerRefused``."""
    from docker.errors import APIError, NotFound
    from requests.exceptions import RequestException

    try:
        yield
    except NotFound:
        raise
    except APIError as error:
        raise errors.DockerRefused(action=action, reason=str(error.explanation)) from error
    except RequestException as error:
        raise errors.DockerRefused(action=action, reason=str(error)) from error


def is_there(container: Container, path: str) -> bool:
    """Whether a container has something at ``path``."""
    from docker.errors import NotFound

    try:
        container.get_archive(path, chunk_size=1)
    except NotFound:
        return False
    return True


def tar_file(container: Container, path: str) -> bytes:
    """The bytes of one file in a container."""
    import tarfile

    chunks, _ = container.get_archive(path)
    with tarfile.open(fileobj=IterStream(chunks), mode="r|") as archive:
        for member in archive:
            source = archive.extractfile(member)
            if source is not None:
                return bytes(source.read())
    return b""


def piped(write: Callable[[BinaryIO], None]) -> Iterator[bytes]:
    """The bytes that ``write`` writes, as they are made: a thread writes them into a pipe that is read here."""
    reading, writing = os.pipe()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with os.fdopen(writing, "wb") as out:
                write(out)
        except (errors.MlpackError, OSError) as problem:
            raised.append(problem)

    thread = threading.Thread(target=run, name="application", daemon=True)
    thread.start()
    with os.fdopen(reading, "rb") as source:
        while piece := source.read(1 << 20):
            yield piece
    thread.join()
    if raised:  # what ends early must not look complete
        raise raised[0]
