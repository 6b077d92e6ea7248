"""What stands beside a job under the same name: its Secret, and the Service by which several nodes find each other.

Both are made before the job, belong to it afterwards, and are removed by whoever finds them without one.
"""

from __future__ import annotations

from contextlib import suppress

from jupyter_mlpack.engines.kubernetes_api import Api
from jupyter_mlpack.engines.kubernetes_job import meeting_of, read_secret
from jupyter_mlpack.engines.kubernetes_kinds import Kind
from jupyter_mlpack.engines.kubernetes_state import Document
from jupyter_mlpack.values import Task


def make_names(api: Api, kind: Kind, task: Task) -> None:
    """Names for the nodes of a job of several, before the first of them asks for one."""
    if "services" in kind.company(task):
        with suppress(FileExistsError):
            api.create(api.place("services"), meeting_of(task), "let the job's nodes know each other")


def own(api: Api, kind: Kind, job: Document, task: Task) -> None:
    """All of it goes with the job from now on."""
    about = job["metadata"]
    owner = {"apiVersion": kind.api_version, "kind": kind.kind, "name": about["name"], "uid": about["uid"]}
    for what in kind.company(task):
        api.patch(api.place(what, about["name"]), {"metadata": {"ownerReferences": [owner]}}, "take the job")


def secrets_of(api: Api, kind: Kind, job: Document, task: Task) -> tuple[tuple[str, str], ...]:
    """What a job's Secret says of the task's variables; one that a cut-off start left ownerless gets its owner."""
    try:
        secret = api.get(api.place("secrets", task.name))
    except KeyError:
        return ()
    if not secret["metadata"].get("ownerReferences"):
        with suppress(KeyError):
            own(api, kind, job, task)
    return read_secret(secret, tuple(name for name, _ in task.secrets))


def remove(api: Api, kind: Kind, task: Task) -> None:
    """Without the job."""
    for what in kind.company(task):
        api.delete(api.place(what, task.name), "remove what belongs to the job")
