"""What killed builds left in a Docker daemon: told by the label that says which process made it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "org.jupyter-mlpack.build"
MAKER = "org.jupyter-mlpack.maker"
"""Labels: which build something is of, and which process made it (``maker``)."""


def maker(pid: int | None = None) -> str:
    """This process (or another of this machine), as nobody else is called: boot, number, moment it began.

    Empty where it is not there, or where that cannot be told.
    """
    with suppress(OSError, IndexError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        number = os.getpid() if pid is None else pid
        began = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return f"{boot}/{number}/{began[19]}"
    return ""


def is_left(said: str) -> bool:
    """Whether the process that a label names was one of this machine, and is no more."""
    boot, number, began = [*said.split("/"), "", "", ""][:3]
    own = maker().partition("/")[0]
    return bool(own and began) and boot == own and number.isdecimal() and maker(int(number)) != said


def sweep(client: DockerClient) -> None:
    """Remove what killed builds of this machine left in the daemon; secrets may be in it."""
    for container in client.containers.list(all=True, filters={"label": MAKER}, ignore_removed=True):
        if is_left(container.labels.get(MAKER, "")):
            remove(container.remove, v=True, force=True)
    for volume in client.volumes.list(filters={"label": MAKER}):
        if is_left((volume.attrs.get("Labels") or {}).get(MAKER, "")):
            remove(volume.remove, force=True)


def remove(action: Callable[..., object], **options: bool) -> None:
    """Remove something; what is gone already, or in use, is no error."""
    from docker.errors import APIError
    from requests.exceptions import RequestException

    with suppress(APIError, RequestException, OSError):
        action(**options)
