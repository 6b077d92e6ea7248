"""``jupyter mlpack``: the first thing that runs, before anything heavy is imported."""

from __future__ import annotations

import sys

from jupyter_mlpack.cli.interruption import exit_status, stoppable
from jupyter_mlpack.cli.quick import quick_status
from jupyter_mlpack.errors import Interrupted


def main() -> None:
    """Run the command line of this process. Whenever it is stopped, it says one sentence and exits in order."""
    try:
        with stoppable():
            status = quick_status(sys.argv[1:])
            if status is not None:
                sys.exit(status)
            from jupyter_mlpack.cli.commands import MlpackApp

            MlpackApp.launch_instance()
    except KeyboardInterrupt as stop:
        print(Interrupted(), file=sys.stderr)
        sys.exit(exit_status(stop))
