"""A ``Build`` of kpack on a cluster, followed: its pod's containers are the phases of the lifecycle, in their order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.failing import failure
from jupyter_mlpack.elsewhere.phases import Story
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.kubernetes_api import Api
from jupyter_mlpack.engines.kubernetes_log import new_text
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.values import Json

STEPS = {
    "prepare": "analyze",
    "analyze": "analyze",
    "detect": "detect",
    "restore": "restore",
    "build": "build",
    "export": "export",
}
"""kpack's containers, in their order, and the phase that each belongs to; ``prepare`` fetches the source."""

PAUSE = 0.5
ATTEMPTS = 20
"""Times in a row that the cluster may not answer while a build is followed."""

Document = Mapping[str, Any]


@dataclass
class KpackBuild:
    """One build on a cluster. ``places`` are how far each container's log has been told, ``over`` those told whole."""

    document: dict[str, Json]
    options: Mapping[str, Json]
    where: str
    places: dict[str, Place] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def run(self, story: Story) -> None:
        """Make it, tell its log, and remove it. Raises what its end means, and ``KpackMissing``."""
        api = Api(*(str(self.options.get(key) or "") for key in ("kubeconfig", "context", "namespace")))
        kind = f"/apis/kpack.io/v1alpha2/namespaces/{api.namespace}/builds"
        try:
            made = api.create(kind, self.document, "take the build")
        except KeyError as error:
            raise errors.KpackMissing(place=self.where) from error
        path = f"{kind}/{made['metadata']['name']}"
        try:
            self.follow(api, path, story)
        finally:
            with signals_wait():
                api.delete(path, "remove the build")

    def follow(self, api: Api, path: str, story: Story) -> None:
        """Until it has ended. Raises ``KpackFailed`` or what a phase's exit status means."""
        silent = 0
        while True:
            try:
                build = api.get(path)
                pod = pod_of(api, build)
                for container, has_ended in started(pod):
                    if container not in self.over and self.tell(api, pod, container, story) and has_ended:
                        self.over.add(container)
                silent = 0
            except errors.KubernetesUnreachable:
                silent += 1
                if silent == ATTEMPTS:
                    raise
                build, pod = {}, {}
            except KeyError as error:
                raise errors.KpackFailed(place=self.where, reason="Somebody removed it.") from error
            ended, reason = end_of(build)
            if ended is not None:
                story.over()
                if status := exit_status(pod):
                    raise failure(status, story, self.where)
                if not ended:
                    raise errors.KpackFailed(place=self.where, reason=reason)
                return
            time.sleep(PAUSE)

    def tell(self, api: Api, pod: Document, container: str, story: Story) -> bool:
        """What a container says behind what it said before, until it ends or is silent for a while; whether it could
        be read so far.
        """
        if STEPS[container] != story.phase:
            story.begin(STEPS[container])
        place = self.places.setdefault(container, Place())
        try:
            for text in new_text(api, str(pod["metadata"]["name"]), container, place):
                story.hear(text)
        except (KeyError, errors.KubernetesUnreachable, errors.KubernetesRefused):
            return False
        return True


def pod_of(api: Api, build: Document) -> Document:
    """The build's pod; nothing as long as there is none."""
    name = (build.get("status") or {}).get("podName")
    try:
        return api.get(api.place("pods", str(name))) if name else {}
    except KeyError:
        return {}


def statuses(pod: Document) -> Iterator[Document]:
    """The states of the containers that are phases, in their order."""
    found = pod.get("status") or {}
    every = (*(found.get("initContainerStatuses") or ()), *(found.get("containerStatuses") or ()))
    known = {status["name"]: status for status in every}
    yield from (known[name] for name in STEPS if name in known)


def started(pod: Document) -> Iterator[tuple[str, bool]]:
    """The phases that run or have run, and whether they have."""
    for status in statuses(pod):
        state = status.get("state") or {}
        if "running" in state or "terminated" in state:
            yield str(status["name"]), "terminated" in state


def exit_status(pod: Document) -> int:
    """The status of the phase that failed; 0 where none did."""
    for status in statuses(pod):
        ended = (status.get("state") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return int(ended["exitCode"])
    return 0


def end_of(build: Document) -> tuple[bool | None, str]:
    """Whether it ended well, ``None`` as long as it runs; and what kpack says of it."""
    for condition in (build.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Succeeded" and condition.get("status") in ("True", "False"):
            reason = str(condition.get("message") or condition.get("reason") or "It does not say why.")
            return condition["status"] == "True", reason
    return None, ""
