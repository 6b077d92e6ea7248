"""What a job of ours is on a cluster, a plain ``Job`` or a ``TrainJob`` of Kubeflow Trainer: all that differs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from jupyter_mlpack import errors
from jupyter_mlpack.engines.kubernetes_api import GROUPS, Api
from jupyter_mlpack.engines.kubernetes_job import Options, job_of, said_to
from jupyter_mlpack.engines.kubernetes_log import NodesLog
from jupyter_mlpack.engines.kubernetes_state import Document
from jupyter_mlpack.engines.kubernetes_trainer import PODS, one_attempt, patched_pod, train_job_of, trainer_of
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.values import Json, Task


class Kind(Protocol):
    """How jobs are made and found. ``retries``: a failed container would be started again."""

    api_version: str
    kind: str
    plural: str
    retries: bool

    def request(self, task: Task) -> dict[str, Json]:
        """The job, but for arguments, environment, and what the image says."""

    def complete(self, job: dict[str, Any], task: Task, image: ImageConfig, login: bool) -> None:
        """The rest, in place. ``login``: the Secret has one for the outputs' registry."""

    def selector(self, name: str) -> str:
        """Of a job's pods."""

    def pods(self, found: Iterable[Document]) -> Iterable[Document]:
        """As they were in the job's only attempt."""

    def job_of_pods(self, name: str) -> str:
        """The ``Job`` that makes the pods, of which the cluster tells events."""

    def company(self, task: Task) -> tuple[str, ...]:
        """Kinds of the objects of a job's name beside the job itself."""

    def logs(self, task: Task, mark: str) -> NodesLog | None:
        """For a log that is more than one pod's, in a repeatable order; read up to ``mark``."""

    def check(self, api: Api) -> None:
        """Raises ``KubernetesWithoutTrainer``."""


class PlainJobs:
    """With nothing installed on the cluster."""

    api_version, kind, plural, retries = "batch/v1", "Job", "jobs", False

    def __init__(self, options: Options, grace: float) -> None:
        self.options, self.grace = options, grace

    def request(self, task: Task) -> dict[str, Json]:
        """See ``Kind``, as for all others."""
        return job_of(task, self.options, self.grace)

    def complete(self, job: dict[str, Any], task: Task, image: ImageConfig, login: bool) -> None:
        """The pod takes all of the Secret."""
        pod = job["spec"]["template"]["spec"]
        fit(pod, image)
        pod["containers"][0] |= said_to(task, self.options, self.grace)

    def selector(self, name: str) -> str:
        """By Kubernetes' own label."""
        return f"batch.kubernetes.io/job-name={name}"

    def pods(self, found: Iterable[Document]) -> Iterable[Document]:
        """There is no other attempt."""
        return found

    def job_of_pods(self, name: str) -> str:
        """Itself."""
        return name

    def company(self, task: Task) -> tuple[str, ...]:
        """Nodes of one job need names."""
        return ("secrets", "services") if task.resources.nodes > 1 else ("secrets",)

    def logs(self, task: Task, mark: str) -> NodesLog | None:
        """One pod's log is read as it comes."""
        return NodesLog.at(mark, task.resources.nodes) if task.resources.nodes > 1 else None

    def check(self, api: Api) -> None:
        """Every cluster has Jobs."""


class TrainJobs:
    """Of the runtime that the target names."""

    api_version, kind, plural, retries = "trainer.kubeflow.org/v1alpha1", "TrainJob", "trainjobs", True

    def __init__(self, options: Options, grace: float) -> None:
        self.options, self.grace = options, grace

    def request(self, task: Task) -> dict[str, Json]:
        """See ``Kind``, as for all others."""
        return train_job_of(task, self.options, self.grace)

    def complete(self, job: dict[str, Any], task: Task, image: ImageConfig, login: bool) -> None:
        """With the image's own command: a runtime may have another."""
        fit(patched_pod(job), image)
        said: dict[str, Any] = trainer_of(task, self.options, self.grace, login)
        job["spec"]["trainer"] |= {"command": list(image.entrypoint), **said}

    def selector(self, name: str) -> str:
        """By the labels of its JobSet."""
        return PODS.format(name=name)

    def pods(self, found: Iterable[Document]) -> Iterable[Document]:
        """A runtime may have started a container again."""
        return map(one_attempt, found)

    def job_of_pods(self, name: str) -> str:
        """The Job of its JobSet."""
        return f"{name}-node-0"

    def company(self, task: Task) -> tuple[str, ...]:
        """A JobSet brings its own Service."""
        return ("secrets",)

    def logs(self, task: Task, mark: str) -> NodesLog | None:
        """Always by attempts."""
        return NodesLog.at(mark, task.resources.nodes)

    def check(self, api: Api) -> None:
        """Whether Trainer is installed."""
        try:
            api.get(GROUPS[self.plural])
        except KeyError:
            raise errors.KubernetesWithoutTrainer(address=api.address) from None


def kind_of(options: Options, grace: float) -> Kind:
    """TrainJobs where the target names a runtime."""
    return TrainJobs(options, grace) if options.get("trainer") else PlainJobs(options, grace)


def fit(pod: dict[str, Any], image: ImageConfig) -> None:
    """Make a pod fit for an image: nodes of its processor, and never root."""
    pod["nodeSelector"] = {**pod.get("nodeSelector", {}), "kubernetes.io/arch": image.architecture}
    user, _, group = image.user.partition(":")
    if user in ("", "root", "0"):
        pod["securityContext"] |= {"runAsUser": 1000, "runAsGroup": 1000, "runAsNonRoot": True}
    elif user.isdecimal():
        pod["securityContext"] |= {"runAsNonRoot": True}
        if group.isdecimal() and group != "0":
            pod["securityContext"] |= {"fsGroup": int(group)}
