"""``jupyter mlpack``: the first thing that runs, before anything heavy is imported."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

from jupyter_mlpack.cli.interruption import exit_status, stoppable
from jupyter_mlpack.cli.quick import quick_status
from jupyter_mlpack.errors import Interrupted

OBJECTS = 50_000
"""New objects after which Python looks for cycles among them; its own 700 is a tenth of a rebuild."""


def main() -> None:
    """Run the command line of this process, and end it."""
    gc.set_threshold(OBJECTS)
    try:
        run(sys.argv[1:], last=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            leave(end.code or 0)
        raise


def run(words: Sequence[str], last: bool = False) -> None:
    """Run a command line; ends with ``SystemExit``. Whenever it is stopped, it says one sentence and exits in order.

    ``last``: the process ends with it.
    """
    try:
        with stoppable(last):
            status = quick_status(words)
            if status is not None:
                sys.exit(status)
            from jupyter_mlpack.cli.commands import MlpackApp

            MlpackApp.launch_instance(list(words))
    except KeyboardInterrupt as stop:
        print(Interrupted(), file=sys.stderr)
        sys.exit(exit_status(stop))


def leave(status: int) -> None:
    """End this process without taking apart what it imported: nobody waits for that, and it takes 70 ms.

    What was registered for the end is done, and what was written is written; else it ends the usual way.
    """
    if "threading" in sys.modules:
        import threading

        others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
        if not all(thread.daemon for thread in others):
            sys.exit(status)
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        sys.exit(status)
    os._exit(status)
