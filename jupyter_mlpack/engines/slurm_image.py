"""The image, brought to where the nodes find it, and what a job's files say of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.slurm_folder import STALE, ended_by_nul, settings
from jupyter_mlpack.events import Emit, Event, Progress
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Task

ARCHIVES = ".images"


@dataclass(frozen=True)
class ImagePlace:
    """What the runtime calls the image, and the archive from which it comes if not from a registry."""

    name: str
    archive: str = ""


def place_image(image: StoredImage, task: Task, shared: Path, runtime: str) -> ImagePlace:
    """Where nodes get the image: the registry of ``task.reference``, else an archive in the shared folder.

    The process engine reads it from the store itself.
    """
    if runtime == "process":
        return ImagePlace(image.descriptor.digest)
    if task.reference:
        return ImagePlace(remote_name(task, runtime))
    archive = shared / ARCHIVES / f"{image.manifest.config.digest.partition(':')[2]}.tar"
    if runtime in ("apptainer", "singularity"):
        return ImagePlace(f"docker-archive:{archive}", str(archive))
    return ImagePlace(loaded_name(image), str(archive))


def loaded_name(image: StoredImage) -> str:
    """What a daemon of a node calls the image after it was loaded there."""
    return f"mlpack-run:{image.manifest.config.digest.partition(':')[2][:12]}"


def make_archive(store: Store, image: StoredImage, archive: Path, emit: Emit) -> None:
    """Write the archive, unless it is there. Raises ``SlurmFolder``, ``ContentMissing``."""
    try:
        if not archive.exists():
            archive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_docker_archive(store, image, archive, loaded_name(image), telling(emit))
        os.utime(archive)
    except (OSError, errors.OutputUnwritable) as error:
        raise errors.SlurmFolder(path=archive.parent.parent, reason=str(error)) from error


def remote_name(task: Task, runtime: str) -> str:
    """The image of a registry, as a runtime writes it. Pyxis knows no digests: it gets the tag that was pushed."""
    if runtime in ("apptainer", "singularity"):
        return f"docker://{task.reference}"
    if runtime == "pyxis":
        registry, _, repository = task.reference.partition("@")[0].partition("/")
        return f"{registry}#{repository}:{parse_reference(task.image).tag or 'latest'}"
    return task.reference


def telling(emit: Emit) -> Emit:
    """The archive is made: progress of this job, no delivery."""

    def tell(event: Event) -> None:
        if isinstance(event, Progress):
            emit(replace(event, phase="run"))

    return tell


def task_files(
    task: Task, image: StoredImage, place: ImagePlace, request: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, str]:
    """The files of the job's folder, by name."""
    user = image.config.user
    known = {
        "name": task.name,
        "image": place.name,
        "archive": place.archive,
        "user": "1000:1000" if user.partition(":")[0] in ("", "root", "0") else user,
        "directory": image.config.working_dir or "/",
        "runtime": str(options.get("command") or options.get("runtime", "docker")),
        "python": str(options["python"]),
        "store": str(options.get("store", "")),
    }
    variables = (*task.environment, *task.secrets)
    return {
        "settings": settings(known),
        "arguments": ended_by_nul(task.arguments),
        "environment": ended_by_nul([f"{name}={value}" for name, value in variables]),
        "sbatch.json": json.dumps(request["sbatch"]),
        "job.sh": str(request["script"]),
    }


def forget_archives(shared: Path) -> None:
    """Remove archives that no job's settings name, unless a job may just be about to."""
    needed = set()
    for path in shared.glob("*/settings"):
        with suppress(OSError):
            needed |= {line for line in path.read_text().splitlines() if line.startswith("archive=")}
    for archive in (shared / ARCHIVES).glob("*.tar"):
        with suppress(OSError):
            old = time.time() - archive.stat().st_mtime > STALE
            if old and not any(archive.name in line for line in needed):
                archive.unlink()
