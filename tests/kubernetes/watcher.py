"""What stands in for a controller that cannot be had: it looks after all objects of one kind, again and again."""

from __future__ import annotations

import threading
import time
from typing import Any

from cluster import Cluster

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def define(cluster: Cluster, definition: dict[str, Any]) -> None:
    """Make a kind known to a cluster."""
    answer = cluster.ask("POST", DEFINITIONS, definition)
    assert answer.status_code == 201, answer.text


def wait_for(cluster: Cluster, objects: str) -> None:
    """Until the cluster knows the kind whose objects are at a path."""
    limit = time.monotonic() + 30
    while cluster.ask("GET", objects).status_code != 200:
        assert time.monotonic() < limit
        time.sleep(0.1)


class Watcher:
    """Works while it is entered. ``objects`` is the path of what it looks after."""

    objects: str

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.over = cluster, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.over.wait(0.2):
            for found in self.cluster.ask("GET", self.objects).json().get("items") or ():
                self.look_after(found)

    def look_after(self, found: dict[str, Any]) -> None:
        """One object, as it is now."""
        raise NotImplementedError
