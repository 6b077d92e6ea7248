"""A pod's log in whole lines, from the place where it was handed out last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker_log import Place
from jupyter_mlpack.engines.engine import LogChunk

if TYPE_CHECKING:
    from jupyter_mlpack.engines.kubernetes_api import Api


def new_lines(api: Api, pod: str, place: Place) -> Iterator[LogChunk]:
    """What a pod says behind ``place`` until it ends or says nothing for a while: then ask again.

    Each line comes with its time. The server resumes at a whole second; ``place`` knows what was told of it.
    """
    query = {"container": "job", "follow": "true", "timestamps": "true"}
    since = place.resume()
    if since:
        query["sinceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
    rest = b""
    try:
        with api.log(pod, **query) as pieces:
            for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n")
                text = fresh(lines, place)
                if text:
                    yield LogChunk(text, place.mark())
    except (KeyError, errors.KubernetesUnreachable, errors.KubernetesRefused):
        # The pod is only about to start or has gone, or nothing was said for a while: whoever looks next finds out.
        return
    text = fresh([rest] if rest else [], place)
    if text:
        yield LogChunk(text, place.mark())


def fresh(lines: list[bytes], place: Place) -> str:
    """The lines that were not handed out before, without their times."""
    told = []
    for line in lines:
        stamp, _, data = line.partition(b" ")
        if stamp and place.is_new(stamp.decode("ascii", "replace"), data):
            told.append(data.decode(errors="replace") + "\n")
    return "".join(told)
