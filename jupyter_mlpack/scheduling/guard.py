"""jupyter-scheduler stops a job by SIGKILL: who waits for a job elsewhere then has no time to cancel it there.

A child that waits for the end of its standard input does it: that ends with the process that started it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jupyter_mlpack.handle import Job

CODE = """
import sys; sys.path[:1] = []
if sys.stdin.buffer.read() != b"over":
    from jupyter_mlpack.cli.app import run
    run(["cancel", sys.argv[1], "--home", sys.argv[2]], last=True)
"""
COMMAND = (sys.executable, "-c", CODE)
OVER = b"over"


@contextmanager
def guarded_by(job: Job) -> Iterator[None]:
    """The job is cancelled if this process ends within the block, whatever ends it; an exception cancels it, too."""
    child = subprocess.Popen(
        [*COMMAND, job.id, str(job.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin is not None
    try:
        yield
        with suppress(BrokenPipeError):
            child.stdin.write(OVER)
    finally:
        with suppress(BrokenPipeError):
            child.stdin.close()
        child.wait()
