"""A job of a target as a Python object. A thread of this process follows it, so that its state is that of today."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.events import ignore
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.ledger import Ledger, Record
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState

LOOK = 0.2
"""Seconds between two looks at the ledger."""

problems: dict[str, errors.MlpackError] = {}
"""Why jobs are not followed any more, by their ids."""

threads: dict[str, threading.Thread] = {}
"""Those that follow jobs, by the jobs' ids."""


@dataclass(frozen=True)
class Job:
    """A job that a target has. ``id`` is the ledger's, ``home`` the content store."""

    id: str
    home: Path

    @property
    def record(self) -> Record:
        """All that the ledger knows of it. Raises ``JobUnknown``."""
        records = Ledger(self.home).records()
        if self.id not in records:
            raise errors.JobUnknown(id=self.id, known=", ".join(sorted(records)[-5:]) or "none yet")
        return records[self.id]

    @property
    def state(self) -> JobState:
        """Where it is."""
        return JobState(self.record.state)

    def logs(self, follow: bool = False) -> Iterator[str]:
        """Its lines; with ``follow`` up to its end. Raises what following raised."""
        ledger, after = Ledger(self.home), 0
        while True:
            ended = self.over() if follow else True
            more = True
            while more:
                entries, more = ledger.page(self.id, after)
                after += len(entries)
                for entry in entries:
                    event = json.loads(entry)["event"]
                    if event["event"] == "LogLines":
                        yield from event["lines"]
            if ended:
                return
            time.sleep(LOOK)

    def wait(self, timeout: float | None = None) -> JobState:
        """Stay until it has ended, at most ``timeout`` seconds; its state then. Raises what following raised."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.over() and (end is None or time.monotonic() < end):
            time.sleep(LOOK)
        return self.state

    def cancel(self) -> None:
        """Ask it to end; safe to call twice. Raises ``EngineError`` leaves."""
        from jupyter_mlpack.submission.following import cancel

        record = self.record
        if not record.has_ended:
            cancel(record, Store(self.home), Ledger(self.home))

    def fetch(self) -> Path:
        """Wait for its end: the folder with its outputs, also when it failed."""
        self.wait()
        return Path(self.record.output)

    def over(self) -> bool:
        """Whether it has ended; if not, it is seen to that somebody follows it."""
        if self.record.has_ended:
            return True
        if self.id in problems:
            raise problems.pop(self.id)
        begin_following(self)
        return False

    def __repr__(self) -> str:
        """For a notebook's output: short id, state, place."""
        record = self.record
        return f"<Job {self.id[-6:]}: {record.state} on {record.target or 'this machine'}, image {record.image}>"


def begin_following(job: Job) -> None:
    """Follow it in a thread, unless it is followed already. The thread ends with this process, the job does not."""
    if job.id in threads and threads[job.id].is_alive():
        return
    record, ledger = job.record, Ledger(job.home)
    if record.has_ended or not record.lasts:
        return

    def follow() -> None:
        from jupyter_mlpack.submission.following import collect

        writing = ledger.resume(record)
        if writing is None:
            return
        try:
            collect(writing, Store(job.home), ledger, ignore)
        except errors.MlpackError as error:
            problems[job.id] = error
        finally:
            writing.close()

    threads[job.id] = threading.Thread(target=follow, name=f"mlpack-{job.id}", daemon=True)
    threads[job.id].start()
