"""The pods of a job as its nodes: whether all of them run, which of them failed first, when nothing of it is left.

Pure. One node is what ``kubernetes_state`` says of one pod.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack import errors
from jupyter_mlpack.engines import kubernetes_state as states
from jupyter_mlpack.engines.engine import StateChange, end_state
from jupyter_mlpack.engines.kubernetes_job import INDEX
from jupyter_mlpack.engines.kubernetes_state import Document
from jupyter_mlpack.frozen import dataclass


@dataclass(frozen=True)
class Seen:
    """A job as the cluster has it now. ``pods`` has the newest of each node, by its number; ``nodes`` are wished."""

    job: Document
    pods: dict[int, Document]
    nodes: int = 1

    @property
    def all_run(self) -> bool:
        """Whether every node's container was started."""
        return len(self.pods) >= self.nodes and all(map(states.has_run, self.pods.values()))

    @property
    def has_begun(self) -> bool:
        """Whether there is a log to be read: all nodes run, or one has ended and the others never will."""
        return self.all_run or any(states.has_run(pod) and states.is_over(pod) for pod in self.pods.values())

    @property
    def has_ended(self) -> bool:
        """Whether the cluster does nothing for it any more."""
        if self.nodes == 1:
            return states.has_ended(self.job, self.pods.get(0))
        if not all(map(states.is_over, self.pods.values())):
            return False
        given_up = states.is_taken_back(self.job) or (self.job["spec"].get("suspend") and bool(self.failed))
        return bool(given_up or states.is_final(self.job) or len(self.pods) >= self.nodes)

    @property
    def failed(self) -> list[int]:
        """Nodes that ended with an error, the first of them first.

        Those that had their deadline come behind others of the same second: it is ours, for the end of one ends all.
        """
        over = ((node, pod) for node, pod in self.pods.items() if states.is_over(pod) and status(pod) != 0)
        keys = [
            (str((states.state_of(pod).get("terminated") or {}).get("finishedAt") or ""),
             states.reason_of(pod) == "DeadlineExceeded", node)
            for node, pod in over
        ]  # fmt: skip
        return [node for *_, node in sorted(keys)]

    @property
    def waiting(self) -> Document | None:
        """The pod of the first node that does not run yet; ``None`` while the cluster has not made it."""
        return (
            next((pod for node in range(self.nodes) if not states.has_run(pod := self.pods.get(node, {}))), {}) or None
        )

    @property
    def is_waiting(self) -> bool:
        """Whether a node has not been started, and may yet be."""
        return not self.has_ended and not self.all_run

    @property
    def running(self) -> list[Document]:
        """Pods whose process runs."""
        return [pod for pod in self.pods.values() if states.has_run(pod) and not states.is_over(pod)]

    def end(self) -> StateChange:
        """The terminal state: that of the node that failed first."""
        notes = self.job["metadata"].get("annotations") or {}
        if states.was_late(self.job):
            return states.how_ended(self.job, None)
        if states.ENDED in notes and states.CANCELLED not in notes:
            code = int(notes[states.ENDED])
            return end_state(code, False, errors.JobKilled())
        if self.nodes == 1:
            return states.how_ended(self.job, self.pods.get(0))
        if states.GIVEN_UP in (self.job["metadata"].get("annotations") or {}):
            return states.how_ended(self.job, None)
        failed = self.failed
        whole = len(self.pods) >= self.nodes
        return states.how_ended(self.job, self.pods[failed[0]] if failed else self.pods[0] if whole else None)


def see(job: Document, pods: Iterable[Document], nodes: int) -> Seen:
    """The newest pod of each node."""
    found: dict[int, Document] = {}
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"])):
        found[index(pod) if nodes > 1 else 0] = pod
    return Seen(job, dict(sorted(found.items())), nodes)


def index(pod: Document) -> int:
    """Which node a pod is."""
    about = pod["metadata"]
    word = str({**(about.get("annotations") or {}), **(about.get("labels") or {})}.get(INDEX, "0"))
    return int(word) if word.isdecimal() else 0


def status(pod: Document) -> int | None:
    """The exit status of a node's process; ``None`` where nobody knows."""
    ended = states.state_of(pod).get("terminated")
    return int(ended["exitCode"]) if ended else None
