"""A service: an inference image that answers on this machine until it is stopped. Its log is followed as a job's is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, JobChanged, LogLines
from jupyter_mlpack.jobs import Secrets, Submission, find_image, follow_job
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import Job, JobSpec, JobState, Mount, Task

if TYPE_CHECKING:
    from jupyter_mlpack.engines.engine import Engine
    from jupyter_mlpack.oci.store import Store

PROCESS = "serve"
Mounts = Sequence[Mount]
LOOPBACK = "127.0.0.1"
PORT = 8080


def is_service(store: Store, name: str) -> bool:
    """Whether the image's entry point is the serve process. Raises ``ImageUnknown``."""
    entrypoint = find_image(store, name).config.entrypoint
    return bool(entrypoint) and Path(entrypoint[0]).name == PROCESS


def run_service(  # noqa: PLR0913 (each is a different noun)
    image: str, listen: tuple[str, int], engine: Engine, emit: Emit, secrets: Secrets = (), *, mounts: Mounts = ()
) -> Job:
    """Serve at ``listen`` (host and port; port 0: a free one) until the service ends. Ctrl-C lets requests finish.
    ``mounts`` are what ``check_mounts`` gave.

    Raises leaves of ``EngineError``: ``PortTaken``, ``ImageUnknown`` and the engine's own.
    """
    host, port = listen[0], take_port(*listen)
    with scratch_folder("mlpack-service-") as output:
        task = Task(PROCESS, image, (), (), output, tuple(mounts), tuple(secrets), (host, port))
        emit(JobChanged(JobState.QUEUED))
        handle = engine.start(engine.prepare(task))
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        emit(LogLines("run", (f"[mlpack] {image} at {address}, its page at {address}/docs; Ctrl-C stops it",)))
        spec = JobSpec(image, (), output, engine.name)
        submission = Submission(spec, handle, mask=Mask(value for _, value in secrets))
        job = follow_job(submission, engine, emit)
        engine.release(handle)
        return job


def take_port(host: str, port: int) -> int:
    """The port if it is free; for 0 one that is. Raises ``PortTaken``."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise errors.PortTaken(host=host, port=port, reason=reason) from error
        return int(probe.getsockname()[1])
