"""A job on a Kubernetes cluster could not be handed over, or ended in a way that the cluster knows better than it."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.engine import EngineError


class KubernetesClientMissing(EngineError):
    """The client library is not installed."""

    code = "kubernetes-client-missing"
    what = "Jobs on a Kubernetes cluster need the package kubernetes, which is not installed here."
    hint = "pip install 'jupyter-mlpack[kubernetes]'"


class KubernetesNotConfigured(EngineError):
    """Nothing says where the cluster is."""

    code = "kubernetes-not-configured"
    what = "It is not known how to reach the Kubernetes cluster."
    why = "{reason}"
    hint = "Log in to the cluster (kubectl must work), or name the target's kubeconfig and context."


class KubernetesUnreachable(EngineError):
    """The API server does not answer."""

    code = "kubernetes-unreachable"
    what = "The Kubernetes cluster at {address} does not answer."
    why = "{reason}"
    hint = "Check the network and the kubeconfig; a job that runs there goes on, and is found again."


class KubernetesRefused(EngineError):
    """The API server said no."""

    code = "kubernetes-refused"
    what = "The cluster refused to {action}."
    why = "{reason}"
    hint = "What the cluster says must be changed there, or in the target's options; then submit again."


class KubernetesForbidden(EngineError):
    """The user lacks a permission."""

    code = "kubernetes-forbidden"
    what = "The cluster does not let this user {action} in the namespace {namespace}."
    why = "{reason}"
    hint = "Ask for the role edit in that namespace, or name another namespace in the target."


class KubernetesNeedsReference(EngineError):
    """The image is in no registry."""

    code = "kubernetes-needs-registry"
    what = "{image} is in no registry, so that the cluster's nodes cannot pull it."
    hint = 'Give the target a registry: "registry": "registry.example.com/team".'


class KubernetesWithoutTrainer(EngineError):
    """The target wants TrainJobs, the cluster does not know them."""

    code = "kubernetes-without-trainer"
    what = "The cluster at {address} does not know TrainJobs, which the target's option trainer asks for."
    hint = "Ask for Kubeflow Trainer 2 there, or leave out trainer: jobs then go as plain Jobs, also of several nodes."


class KubernetesCannotServe(EngineError):
    """A service, or a folder of this machine."""

    code = "kubernetes-cannot-serve"
    what = "The cluster cannot give the job {wish} of this machine."
    why = "A pod runs on another machine."
    hint = "Declare what it reads as an asset that goes into the image, or run it here: jupyter mlpack run"


class PodImageNotPulled(EngineError):
    """A node cannot bring the image."""

    code = "pod-image-not-pulled"
    what = "The cluster's node cannot pull the image {image}."
    why = "{reason}"
    hint = (
        "Check that nodes reach the registry; for a private one make a Secret of its login "
        "(kubectl create secret docker-registry) and name it in the target: pull_secret."
    )


class PodNotPlaced(EngineError):
    """No node has room, and the target's patience is over."""

    code = "pod-not-placed"
    what = "No node of the cluster took the job within {seconds} seconds."
    why = "{reason}"
    hint = "Wish for less (--gpus, --cpus, --memory), or name another target with --on."


class PodOverQuota(EngineError):
    """The namespace's quota is used up, and the target's patience is over."""

    code = "pod-over-quota"
    what = "The namespace has no room left for the job; it waited {seconds} seconds."
    why = "{reason}"
    hint = "End other jobs there, wish for less, or ask for a larger quota."


class PodNotStarted(EngineError):
    """The container could not be made or started."""

    code = "pod-not-started"
    what = "The cluster's node cannot start the job's container."
    why = "{reason}"
    hint = "An image for another processor, a missing volume or a policy of the cluster does this; see what it says."
    action = LOG


class PodEvicted(EngineError):
    """The node put the pod out."""

    code = "pod-evicted"
    what = "The cluster put the job out of its node before it had ended."
    why = "{reason}"
    hint = "Ask for the memory that it needs (--memory), so that the node keeps it; then submit it again."
    action = ("retry", "Start it again")


class PodVanished(EngineError):
    """The pod was deleted by somebody, or with its node."""

    code = "pod-vanished"
    what = "The job's pod was deleted before it had ended."
    why = "{reason}"
    hint = "Submit it again. A node that was drained or lost does this, or somebody with kubectl."
    action = ("retry", "Start it again")


class JobTimeUp(EngineError):
    """The job took longer than it may."""

    code = "job-time-up"
    what = "The job was ended after {seconds} seconds, the most that it was given."
    hint = "Give it more: --time 4h. What it had written until then is kept."


class OutputsNotDelivered(EngineError):
    """The end is known, the outputs are not there."""

    code = "outputs-not-delivered"
    what = "What the job wrote could not be brought back."
    why = "{reason}"
    hint = (
        "The job's pod must reach the registry and may push there; or give the target a volume "
        "that both sides see (volume, folder). docs/jobs.md says how."
    )
