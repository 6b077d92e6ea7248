"""A service could not be deployed on a cluster, or does not get ready there."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.engine import EngineError
from jupyter_mlpack.errors.input import InputError
from jupyter_mlpack.errors.stopped import StoppedError


class ImageWithoutService(InputError):
    """The image has no process serve."""

    code = "deploy-image-without-service"
    what = "{image} answers no requests, so there is nothing to deploy."
    why = "What it starts is {process}."
    hint = (
        "Build an inference image: jupyter mlpack build NOTEBOOK --purpose inference. "
        "A training is handed over with jupyter mlpack submit."
    )


class DeployEngineWrong(InputError):
    """The target is no Kubernetes cluster."""

    code = "deploy-engine-wrong"
    what = "Nothing can be deployed on {target}: its engine is {engine}."
    why = "A deployment is kept alive by a cluster; only the engine kubernetes has that."
    hint = "Name a target with the engine kubernetes; on this machine: jupyter mlpack run IMAGE"


class DeployNoTarget(InputError):
    """No target is a Kubernetes cluster."""

    code = "deploy-no-target"
    what = "There is no target on which something could be deployed."
    why = "None of c.TargetsMixin.targets in jupyter_mlpack_config.py has the engine kubernetes."
    hint = "Add one (docs/deployments.md shows how); on this machine: jupyter mlpack run IMAGE"


class DeployTargetOpen(InputError):
    """Several clusters, and none was named."""

    code = "deploy-target-open"
    what = "It is not said on which of the clusters: {known}."
    hint = "Name one with --on."


class DeployNameWrong(InputError):
    """A name that a cluster does not accept."""

    code = "deploy-name-wrong"
    what = "A deployment cannot be called {name!r}."
    why = "Its name is part of an address: small letters, digits and '-', at most 50, a letter first."
    hint = "Name another: --name digits"


class DeployNotNamed(InputError):
    """``undeploy`` wants exactly one name."""

    code = "deploy-not-named"
    what = "One deployment is wanted; {given} were named."
    hint = "jupyter mlpack deployments lists them."


class DeployClaimWrong(InputError):
    """A ``--volume`` of a deployment that cannot be used."""

    code = "deploy-claim-wrong"
    what = "The volume {text!r} cannot be used."
    why = "{reason}"
    hint = "For example: --volume models/digits:/mnt/models, the folder digits of the PersistentVolumeClaim models."


class DeployMountMissing(InputError):
    """The image needs a folder that no claim gives."""

    code = "deploy-mount-missing"
    what = "{image} needs a folder at {path}, which was not given."
    why = "Its notebook declares that data as a mount: it is not in the image."
    hint = "Name a PersistentVolumeClaim of the cluster that holds it: --volume CLAIM/FOLDER:{path}"


class DeployTaken(EngineError):
    """The name belongs to somebody else."""

    code = "deploy-taken"
    exit_code = 2
    what = "There is a {kind} called {name} in the namespace {namespace} already; {whose}."
    why = "What others made is not changed and not removed."
    hint = "Name another: --name"


class DeployOtherKind(EngineError):
    """The same name, deployed the other way."""

    code = "deploy-other-kind"
    exit_code = 2
    what = "{name} is deployed as a {kind} already, and would become a {wanted}."
    why = "Both would answer at one address."
    hint = "End that one first: jupyter mlpack undeploy {name} --on {target}"


class KServeMissing(EngineError):
    """The cluster has no InferenceServices."""

    code = "kserve-missing"
    what = "The cluster at {address} does not know KServe's InferenceService."
    why = "The target says serving: kserve, which must be installed on a cluster."
    hint = "Have KServe installed there, or leave serving out of the target: a Deployment needs nothing."


class DeployCrashed(EngineError):
    """The container ends instead of serving."""

    code = "deploy-crashed"
    what = "{name} does not get ready: its container ended with exit status {status}, again and again."
    where = "pod {pod}"
    why = "{reason}"
    hint = (
        "Mend what its last lines say and deploy again; until then the cluster goes on trying. Pods of an earlier "
        "deployment still answer. To remove all of it: jupyter mlpack undeploy {name} --on {target}"
    )
    action = LOG


class DeployNotReady(EngineError):
    """It did not get ready within the patience."""

    code = "deploy-not-ready"
    what = "{name} is not ready after {seconds} seconds: {ready} of {wanted}."
    why = "{reason}"
    hint = (
        "The cluster goes on trying; jupyter mlpack deployments shows how it is. "
        "To remove all of it: jupyter mlpack undeploy {name} --on {target}"
    )


class DeployBlocked(EngineError):
    """The cluster refuses the pods, and waiting does not help."""

    code = "deploy-blocked"
    what = "{name} does not get ready: the cluster cannot start it."
    why = "{reason}"
    hint = "Mend that and deploy again. To remove all of it: jupyter mlpack undeploy {name} --on {target}"


class DeployGone(EngineError):
    """Somebody removed it while we waited."""

    code = "deploy-gone"
    what = "{name} was removed from the cluster before it was ready."
    hint = "Deploy it again, once it is known who removed it."


class DeployLeft(StoppedError):
    """The user stopped waiting."""

    code = "deploy-left"
    what = "Stopped waiting; the cluster goes on deploying {name}."
    hint = (
        "See how it is: jupyter mlpack deployments --on {target}. "
        "Remove it: jupyter mlpack undeploy {name} --on {target}"
    )
