"""``%load_ext jupyter_mlpack``: the line magic ``%mlpack``, which is the command line with the notebook as its default.

The command runs in a process of its own, so that a build neither blocks what the kernel holds nor changes it; what it
tells becomes one output that is drawn anew in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load"]


def load(shell: InteractiveShell) -> None:
    """Register the magic, and listen to which cells run from now on."""
    from jupyter_mlpack.magic.line import Line
    from jupyter_mlpack.magic.saved import Ran

    ran = Ran()
    shell.events.register("pre_run_cell", ran.hear)  # type: ignore[no-untyped-call]
    magics: Any = shell.magics_manager
    magics.register_function(Line(shell, ran).run, magic_kind="line", magic_name="mlpack")
