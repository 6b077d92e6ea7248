"""A pod's log in whole lines, from the place where it was handed out last; those of several pods as one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.engine import LogChunk
from jupyter_mlpack.engines.kubernetes_state import Document, container, has_run, is_over
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.pattern import pattern

if TYPE_CHECKING:
    from jupyter_mlpack.engines.kubernetes_api import Api

HOLD = 2.0
"""Seconds for which a line of one of several nodes waits for those of the others."""
STAMPED = pattern(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""What a line of a log begins with. A kubelet that cannot read one says so in its place, with status 200."""
READS, PAUSE = 5, 0.3
"""How often such a log is read, and the seconds between: one that is renamed while a container starts again."""


def new_lines(api: Api, pod: str, place: Place) -> Iterator[LogChunk]:
    """What a job says behind ``place`` until it ends or says nothing for a while: then ask again."""
    # The pod is only about to start or has gone, or nothing was said for a while: whoever looks next finds out.
    with suppress(KeyError, errors.KubernetesUnreachable, errors.KubernetesRefused):
        for text in filter(None, new_text(api, pod, "job", place)):
            yield LogChunk(text, place.mark())


def new_text(api: Api, pod: str, container: str, place: Place) -> Iterator[str]:
    """What a container says behind ``place``, in pieces, some empty. Raises ``KeyError``, ``EngineError`` leaves."""
    rest = b""
    with api.log(pod, follow="true", **behind(place, container)) as pieces:
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            yield fresh(lines, place)
    yield fresh([rest] if rest else [], place)


def behind(place: Place, container: str) -> dict[str, str]:
    """The request for a log: each line with its time, from a whole second on; ``place`` knows what was told of it."""
    query, since = {"container": container, "timestamps": "true"}, place.resume()
    if since:
        query["sinceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
    return query


def fresh(lines: list[bytes], place: Place) -> str:
    """The lines that were not handed out before, without their times."""
    return "".join(each_fresh(lines, place))


def each_fresh(lines: list[bytes], place: Place) -> Iterator[str]:
    """The same one by one; ``place`` is right behind each."""
    for line in filter(STAMPED.match, lines):
        stamp, _, data = line.partition(b" ")
        if place.is_new(stamp.decode("ascii", "replace"), data):
            yield data.decode(errors="replace") + "\n"


@dataclass
class Held:
    """A line that was read and not yet told. ``mark`` is the place of its node's log behind it."""

    second: int
    node: int
    text: str
    mark: str
    seen: float


@dataclass
class NodesLog:
    """The logs of several nodes as one, in an order that is the same whenever they are read.

    Seconds in their order, in each second one node after the other, in each node line by line. So a line is held for
    a while, for those of other nodes that belong before it; ``places`` are how far each log was read, ``marks`` how
    far it was told. Nodes whose clocks differ by more than ``HOLD`` lose no line, only that order.
    """

    places: list[Place]
    marks: list[str]
    held: list[Held] = field(default_factory=list)
    newest: dict[int, int] = field(default_factory=dict)

    @classmethod
    def at(cls, mark: str, nodes: int) -> NodesLog:
        """Behind what ``mark`` says; the beginning for what is no mark of so many nodes."""
        marks = mark.split(",")
        marks = marks if len(marks) == nodes else [""] * nodes
        return cls([Place.at(word) for word in marks], marks)

    def read(self, api: Api, pods: Mapping[int, Document]) -> Iterator[LogChunk]:
        """What can be told now of what the pods say; all of it once they have ended."""
        for node, pod in pods.items():
            if has_run(pod) and node < len(self.places):
                self.hold(node, lines_of(api, pod, self.places[node]))
        done = all(map(is_over, pods.values()))
        limit = time.monotonic() - HOLD
        self.held.sort(key=lambda line: (line.second, line.node))
        # Nothing is told before what stands before it.
        count = next((at for at, line in enumerate(self.held) if line.seen > limit and not done), len(self.held))
        told, self.held = self.held[:count], self.held[count:]
        for _, lines in groupby(told, lambda line: line.second):
            texts = []
            for line in lines:
                texts.append(line.text)
                self.marks[line.node] = line.mark
            yield LogChunk("".join(texts), ",".join(self.marks))

    def hold(self, node: int, lines: list[bytes]) -> None:
        """Keep what is new; the first node's lines as they are, since it tells how far all of them came."""
        place = self.places[node]
        for line in each_fresh(lines, place):
            # The two streams of a process may cross by a little.
            second = self.newest[node] = max(self.newest.get(node, 0), place.second)
            text = f"[node {node}] {line}" if node else line
            self.held.append(Held(second, node, text, place.mark(), time.monotonic()))


def lines_of(api: Api, pod: Document, place: Place) -> list[bytes]:
    """As ``read_lines``, once the node can read it."""
    for _ in range(READS):
        found = read_lines(api, pod, place)
        if all(map(STAMPED.match, found)):
            break
        time.sleep(PAUSE)
    return found


def read_lines(api: Api, pod: Document, place: Place) -> list[bytes]:
    """What a pod has said up to now behind ``place``, and perhaps some lines before; whole lines while it runs."""
    own = container(pod)
    query = behind(place, own["name"])
    if own.get("restartCount"):
        query["previous"] = "true"
    said = b""
    try:
        with api.log(str(pod["metadata"]["name"]), **query) as pieces:
            for piece in pieces:
                said += piece
    except (KeyError, errors.KubernetesUnreachable, errors.KubernetesRefused):
        # What came is told; whoever looks next reads on behind it.
        said = said[: said.rfind(b"\n") + 1]
    *lines, rest = said.split(b"\n")
    return [*lines, rest] if rest and is_over(pod) else lines
