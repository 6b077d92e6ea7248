"""Whoever submits or follows a job is killed, again and again and anywhere: no job is lost, none runs twice.

The kill comes at the n-th call of a function of ours or of Docker's client, n drawn by a seed: so every state is hit,
on slow machines as on fast ones. ``MLPACK_KILLS=300`` draws until so many kills have been survived.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import docker
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.docker import LABEL, DockerEngine
from jupyter_mlpack.events import ignore
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.following import collect
from jupyter_mlpack.submission.submitting import Order, submit_image
from jupyter_mlpack.submission.targets import read_targets
from jupyter_mlpack.values import JobState

KILLS = int(os.environ.get("MLPACK_KILLS", "20"))
OURS = (f"{os.sep}jupyter_mlpack{os.sep}", f"{os.sep}docker{os.sep}")
CALLS = (40, 300, 1500, 6000)
"""The kill comes at latest at one of these calls; some thousands submit a job, or follow one to its end."""

SECONDS = 60
LINES = [
    "argument -p",
    'argument mode="slow"',
    "[mlpack] cell 1 of 2",
    *(line for number in range(1, 13) for line in (f"error {number}", f"out {number}")),
    "[mlpack] done",
]


def killed(work: Callable[[], object], calls: int) -> bool:
    """Do it in a child that is killed at the given call; whether that came before its end."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = calls

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        if event == "call" and any(part in frame.f_code.co_filename for part in OURS):
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    signal.alarm(SECONDS)
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        os._exit(0)
    return False


class Site:
    """One user's ledger over the images of all, and what the engine says of that user's containers."""

    def __init__(self, home: Path, images: Store, client: docker.DockerClient, user: str) -> None:
        self.store, self.client, self.user = images, client, user
        self.ledger, self.output = Ledger(home), home / "output"
        self.began = int(time.time()) - 1

    def submit(self) -> None:
        order = Order(self.output, "docker", (("mode", "slow"),))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("jupyter_mlpack.submission.submitting.Ledger", lambda root: self.ledger)
            submit_image("test/train:1", read_targets({}), order, self.store, ignore)

    def follow(self, record: Record) -> None:
        writing = self.ledger.resume(record)
        if writing is not None:
            try:
                collect(writing, self.store, self.ledger, ignore)
            except errors.JobNotStarted:
                return
            finally:
                writing.close()

    def starts(self) -> int:
        """How often the engine started a container for this user."""
        until = int(time.time()) + 1
        wanted = {"type": "container", "event": "start"}
        events = self.client.events(since=self.began, until=until, filters=wanted, decode=True)
        return sum(self.is_own(event["Actor"]["Attributes"].get(LABEL, "")) for event in events)

    def left(self) -> list[Any]:
        found = self.client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [container for container in found if self.is_own(container.labels[LABEL])]

    def is_own(self, name: str) -> bool:
        return name.startswith(f"mlpack-{self.user}-")

    def told(self, record: Record) -> list[str]:
        events = [json.loads(entry)["event"] for entry in self.ledger.page(record.id, 0)[0]]
        return [line for event in events if event["event"] == "LogLines" for line in event["lines"]]


@pytest.fixture
def client(docker_engine: DockerEngine) -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.mark.docker
def test_submit_and_follow__killed_anywhere__each_job_once_with_all_of_its_log(
    store: Store, client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = jobs = unstarted = nothing = kept = 0
    dice = random.Random(7)
    while kills < KILLS:
        jobs += 1
        user = f"k{os.getpid()}x{jobs}"
        monkeypatch.setenv("JUPYTERHUB_USER", user)
        site = Site(tmp_path / str(jobs), store, client, user)
        try:
            kills += killed(site.submit, dice.randrange(1, dice.choice(CALLS[1:])))
            records = list(site.ledger.records().values())
            if not records:
                nothing += 1
                assert site.starts() == 0
                continue
            while not (record := site.ledger.records()[records[0].id]).has_ended:
                kills += killed(partial(site.follow, record), dice.randrange(1, dice.choice(CALLS)))
            if record.state == JobState.FAILED.value:
                unstarted += 1
                assert (site.starts(), site.left()) == (0, [])
                continue
            assert (record.state, record.outputs) == ("succeeded", ("models/w.bin",))
            assert (site.output / "models/w.bin").read_text() == "weights\n"
            assert sorted(site.told(record)) == sorted(LINES)
            assert [line for line in site.told(record) if line.startswith("out")] == [
                f"out {number}" for number in range(1, 13)
            ]
            assert site.starts() == 1
            kept += len(site.left())
        finally:
            for container in site.left():
                container.remove(v=True, force=True)
    print(f"{kills} kills of {jobs} jobs: {nothing} before they were written down, {unstarted} told as not started")
    print(f"{jobs - nothing - unstarted} ran once, with all of their log; {kept} containers were still to be released")
