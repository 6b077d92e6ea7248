"""Services on a cluster: made, changed, waited for, listed and removed. The cluster is the only one who knows them.

What others made is never touched: an object counts as ours by its labels, and as the user's by its owner.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_rollout as rollouts
from jupyter_mlpack.engines.kubernetes import ATTEMPTS, PAUSE, PULLING
from jupyter_mlpack.engines.kubernetes_api import SECONDS, Api
from jupyter_mlpack.engines.kubernetes_job import MANAGER, PREDICTOR, SERVICE
from jupyter_mlpack.engines.kubernetes_kinds import fit
from jupyter_mlpack.engines.kubernetes_rollout import Crash, Deployed, Stage
from jupyter_mlpack.engines.kubernetes_service import (
    KIND,
    KSERVE,
    LOADING,
    NAME,
    OURS,
    Wanted,
    deployment_of,
    inference_of,
    pod_within,
    secrets_of,
    service_of,
)
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.oci.manifest import ImageConfig

KINDS = {"deployments": "Deployment", "inferenceservices": "InferenceService", "services": "Service"}
ZEROS = 8 * "0"
"""Stands for the random end of a Secret's name while it is only printed."""

LINES = 20
"""Last lines of a container that are told."""

REPLICAS = ("minReplicas", "maxReplicas")
"""What KServe calls how many there are."""

TRIES = 5
"""Times that an object is written when the cluster changes it meanwhile."""

SELECTOR = f"{MANAGER}={OURS},{KIND}=mlpack-service"

Document = dict[str, Any]
Tell = Callable[[str], None]


class Deployments:
    """The services of one namespace. ``target`` is what people call the cluster."""

    def __init__(self, api: Api, options: Mapping[str, Any], target: str) -> None:
        self.api, self.options, self.target = api, options, target

    @property
    def kind(self) -> str:
        """What a service becomes there."""
        return "inferenceservices" if self.options.get("serving") == KSERVE else "deployments"

    def check(self, wanted: Wanted, config: ImageConfig) -> None:
        """Ask the cluster whether it would take all that; it changes nothing.

        Raises ``DeployTaken``, ``DeployOtherKind``, ``KServeMissing`` and ``EngineError`` leaves.
        """
        for kind in ("deployments", "services", "inferenceservices"):
            there = self.find(kind, wanted.name)
            if there is None:
                continue
            if kind not in ("services", self.kind) and rollouts.is_ours(there):
                other, mine = KINDS[kind], KINDS[self.kind]
                raise errors.DeployOtherKind(name=wanted.name, kind=other, wanted=mine, target=self.target)
            # KServe makes a Service of the same name itself.
            if kind == self.kind or (kind == "services" and self.kind == "deployments"):
                self.must_be_ours(there, kind, wanted.owner)
        with self.knowing_kserve():
            for kind, document in self.written(wanted, f"{wanted.name}-{ZEROS}", config):
                self.write(kind, document, {"dryRun": "All"})

    def apply(self, wanted: Wanted, config: ImageConfig) -> None:
        """Make or change it, and return. Raises as ``check`` does."""
        secret, fresh = self.secret(wanted)
        if fresh:
            self.api.create(self.api.place("secrets"), secrets_of(wanted, secret), "take the secrets")
        taken = False
        try:
            for kind, document in self.written(wanted, secret, config):
                self.write(kind, document)
                taken = True
        finally:
            if fresh and not taken:
                self.api.delete(self.api.place("secrets", secret), "remove a secret")

    def wait(self, wanted: Wanted, tell: Tell) -> Deployed:
        """Until all replicas are ready; ``tell`` hears sentences.

        Raises ``DeployCrashed``, ``PodImageNotPulled``, ``DeployBlocked``, ``DeployNotReady``, ``DeployGone``.
        """
        patience = int(self.options.get("patience") or 0)
        begun, told, trouble, since = time.monotonic(), "", "", 0.0
        while True:
            stage, document = self.look(wanted.name, patience)
            if stage.done:
                self.prune(wanted.name, document)
                return rollouts.read_deployed(document, self.api.namespace)
            now = time.monotonic()
            if stage.reason != trouble or not since:
                trouble, since = stage.reason, now
            self.give_up(wanted, stage, int(now - begun), now - since)
            said = stage.reason or f"{stage.ready} of {stage.wanted} ready."
            if said != told:
                told = said
                tell(said)
            time.sleep(PAUSE)

    def all(self) -> Iterator[Deployed]:
        """Everybody's that was made with us, by name. Raises ``EngineError`` leaves."""
        found: list[Document] = []
        for kind in ("deployments", "inferenceservices"):
            found += ({**document, "kind": KINDS[kind]} for document in self.listed(kind))
        for document in sorted(found, key=lambda one: str(one["metadata"]["name"])):
            yield rollouts.read_deployed(document, self.api.namespace)

    def remove(self, name: str, owner: str) -> tuple[str, ...]:
        """Remove all that was made for a service; what there was. Raises ``DeployTaken``, ``EngineError`` leaves."""
        found = []
        for kind in ("deployments", "inferenceservices", "services"):
            there = self.find(kind, name)
            if there is None or (kind == "services" and not rollouts.is_ours(there)):
                continue
            self.must_be_ours(there, kind, owner)
            found.append(kind)
        for kind in found:
            self.api.delete(self.api.place(kind, name), f"remove the {KINDS[kind]}")
        kept = [str(one["metadata"]["name"]) for one in self.listed("secrets", name) if rollouts.owner_of(one) == owner]
        for secret in kept:
            self.api.delete(self.api.place("secrets", secret), "remove the Secret")
        return (*(f"{KINDS[kind]} {name}" for kind in found), *(f"Secret {secret}" for secret in kept))

    # --- what shall be there --------------------------------------------------------------------------------------

    def written(self, wanted: Wanted, secret: str, config: ImageConfig) -> Iterator[tuple[str, Document]]:
        """Kinds and objects, in the order in which they are made."""
        for document in objects_of(wanted, self.options, secret, config):
            yield next(kind for kind, name in KINDS.items() if name == document["kind"]), document

    def secret(self, wanted: Wanted) -> tuple[str, bool]:
        """What its Secret is called, and whether it is a new one: not where the last one holds the same."""
        import base64

        if not wanted.secrets:
            return "", False
        there = self.find(self.kind, wanted.name)
        used = rollouts.secret_of(there) if there else ""
        if used:
            kept = (self.find("secrets", used) or {}).get("data") or {}
            if {key: base64.b64decode(value).decode() for key, value in kept.items()} == dict(wanted.secrets):
                return used, False
        return f"{wanted.name}-{secrets.token_hex(4)}", True

    def write(self, kind: str, document: Document, query: Mapping[str, str] | None = None) -> None:
        """Make an object, or change the one that is there: as it shall be, with what others noted on it."""
        action, path = f"take the {KINDS[kind]}", self.api.place(kind)
        for attempt in range(TRIES):
            there = self.find(kind, str(document["metadata"]["name"]))
            try:
                if there is None:
                    self.api.ask("POST", path, action, document, query)
                else:
                    place = self.api.place(kind, str(document["metadata"]["name"]))
                    self.api.ask("PUT", place, action, laid_over(there, document), query)
                return
            except FileExistsError:
                continue
            except errors.KubernetesRefused as error:
                if "has been modified" not in str(error.data["reason"]) or attempt == TRIES - 1:
                    raise
                time.sleep(PAUSE)
        raise errors.KubernetesRefused(action=action, reason="Somebody else changes it all the time.")

    def prune(self, name: str, document: Document) -> None:
        """Remove Secrets that no pods, and none that could be brought back, were made with."""
        used = {rollouts.secret_of(document)}
        used |= {rollouts.secret_of({**one, "kind": "ReplicaSet"}) for one in self.listed("replicasets", name)}
        for secret in self.listed("secrets", name):
            if secret["metadata"]["name"] not in used:
                self.api.delete(self.api.place("secrets", str(secret["metadata"]["name"])), "remove an old Secret")

    # --- what is there --------------------------------------------------------------------------------------------

    def look(self, name: str, patience: int) -> tuple[Stage, Document]:
        """How far it is, also after some unanswered attempts. Raises ``DeployGone``."""
        for attempt in range(ATTEMPTS):
            with suppress(errors.KubernetesUnreachable):
                return self.look_once(name, patience)
            time.sleep(min(PAUSE * 2**attempt, SECONDS))
        return self.look_once(name, patience)

    def look_once(self, name: str, patience: int) -> tuple[Stage, Document]:
        """The same, of one attempt."""
        document = self.find(self.kind, name)
        if document is None:
            raise errors.DeployGone(name=name)
        if self.kind == "inferenceservices":
            pods = self.listed("pods", selector=f"serving.kserve.io/inferenceservice={name}")
            return rollouts.stage_of(document, (), pods, patience), document
        sets, pods = self.listed("replicasets", name), self.listed("pods", name)
        stage = rollouts.stage_of(document, sets, pods, patience)
        if stage.done or stage.reason:
            return stage, document
        return replace(stage, reason=rollouts.warning_of(self.warnings(), pods)), document

    def warnings(self) -> list[Document]:
        """What nodes warn of in the namespace, the newest last; nothing where we may not look."""
        try:
            selector = "type=Warning,involvedObject.kind=Pod"
            return list(self.api.get(self.api.place("events"), fieldSelector=selector).get("items") or ())
        except (KeyError, errors.KubernetesForbidden):
            return []

    def give_up(self, wanted: Wanted, stage: Stage, waited: int, troubled: float) -> None:
        """Raises when waiting does not help any more."""
        patience = int(self.options.get("patience") or 0)
        name, target, crash = wanted.name, self.target, stage.crash
        if crash is not None and stage.sure:
            lines = self.last_lines(crash, Mask(value for _, value in wanted.secrets))
            said = f"{crash.said.strip(' ()')}\n{lines}".strip() or "It said nothing."
            raise errors.DeployCrashed(name=name, target=target, pod=crash.pod, status=crash.status, reason=said)
        over = waited > (patience or LOADING)
        if stage.unpulled is not None and (stage.sure or over or troubled > PULLING):
            raise stage.unpulled
        if stage.sure:
            raise errors.DeployBlocked(name=name, target=target, reason=stage.reason)
        if over:
            reason = stage.reason or "Its pods do not say why: perhaps the model still loads."
            ready, most = stage.ready, stage.wanted
            raise errors.DeployNotReady(
                name=name, target=target, seconds=waited, ready=ready, wanted=most, reason=reason
            )

    def last_lines(self, crash: Crash, mask: Mask) -> str:
        """What the container said before it ended: as the pod's status has it, else its log."""
        if crash.lines:
            return mask("\n".join(crash.lines.splitlines()[-LINES:]))
        container = PREDICTOR if self.kind == "inferenceservices" else SERVICE
        query = {"container": container, "tailLines": str(LINES), **({"previous": "true"} if crash.again else {})}
        with suppress(KeyError, errors.EngineError), self.api.log(crash.pod, **query) as pieces:
            return mask(b"".join(pieces).decode(errors="replace").rstrip())
        return ""

    def find(self, kind: str, name: str) -> Document | None:
        """An object; nothing if it is not there, or if its kind is not, which KServe's need not be."""
        try:
            return {**self.api.get(self.api.place(kind, name)), **({"kind": KINDS[kind]} if kind in KINDS else {})}
        except KeyError:
            return None
        except errors.KubernetesForbidden:
            if kind == "inferenceservices" != self.kind:
                return None
            raise

    def listed(self, kind: str, name: str = "", selector: str = "") -> list[Document]:
        """Objects that were made by us (for one service), or whatever ``selector`` says."""
        wanted = selector or (f"{SELECTOR},{NAME}={name}" if name else SELECTOR)
        try:
            return list(self.api.get(self.api.place(kind), labelSelector=wanted).get("items") or ())
        except KeyError:
            return []
        except errors.KubernetesForbidden:
            if kind == "inferenceservices" != self.kind:
                return []
            raise

    def must_be_ours(self, document: Document, kind: str, owner: str) -> None:
        """Raises ``DeployTaken``."""
        theirs = rollouts.owner_of(document)
        if rollouts.is_ours(document) and theirs == owner:
            return
        whose = f"it is {theirs or 'nobody'}'s" if rollouts.is_ours(document) else "it was not made by jupyter-mlpack"
        name = document["metadata"]["name"]
        raise errors.DeployTaken(kind=KINDS[kind], name=name, namespace=self.api.namespace, whose=whose)

    @contextmanager
    def knowing_kserve(self) -> Iterator[None]:
        """A kind that the cluster does not know is KServe's. Raises ``KServeMissing``."""
        try:
            yield
        except KeyError:
            raise errors.KServeMissing(address=self.api.address) from None


def objects_of(wanted: Wanted, options: Mapping[str, Any], secret: str, config: ImageConfig | None) -> list[Document]:
    """All objects but the Secret; ``config`` is the image's, where it is built. Pure."""
    if options.get("serving") == KSERVE:
        made = [inference_of(wanted, options, secret)]
    else:
        made = [deployment_of(wanted, options, secret), service_of(wanted)]
    if config is not None:
        fit(pod_within(made[0]) or {}, config)
    return cast(list[Document], made)


def laid_over(there: Mapping[str, Any], document: Document) -> Document:
    """What is written: the object as it shall be, under the identity of the one that is there, with others' notes.

    The number of replicas stays if none was wished: perhaps an autoscaler set it.
    """
    known, about = there["metadata"], document["metadata"]
    metadata = {key: known[key] for key in ("resourceVersion", "uid", "finalizers", "ownerReferences") if key in known}
    metadata["labels"] = {**(known.get("labels") or {}), **about["labels"]}
    metadata["annotations"] = {**(known.get("annotations") or {}), **about.get("annotations", {})}
    spec = dict(document["spec"])
    if document["kind"] == "Deployment":
        spec.setdefault("replicas", there["spec"].get("replicas", 1))
    if document["kind"] == "InferenceService":
        kept = {key: there["spec"]["predictor"][key] for key in REPLICAS if key in there["spec"]["predictor"]}
        spec["predictor"] = {**kept, **spec["predictor"]}
    return {**document, "metadata": {**metadata, "name": about["name"]}, "spec": spec}
