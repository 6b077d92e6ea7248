"""How a phase of the official lifecycle ended -> the error that it means, as the phases here have it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.phases import Story
from jupyter_mlpack.lifecycle.tail import last_lines
from jupyter_mlpack.scratch import scratch_place

KILLED, NOT_BUILT, NO_GROUP = 137, 51, (20, 21)
"""Exit statuses: of SIGKILL, and those of the specification for a buildpack that failed, and for none that fits."""

SOME = "of the builder"
"""Where it is not known which buildpack it was."""


def failure(
    status: int, story: Story, where: str, buildpack: Callable[[], str] = lambda: SOME
) -> errors.LifecycleError:
    """What an exit status means; ``where`` is for people, ``buildpack`` finds out which one was building."""
    lines, phase = tuple(story.tail), story.phase or "analyze"
    if status == KILLED:
        return errors.PhaseStopped(phase=phase, place=where, status=status)
    if status in NO_GROUP:
        return errors.DetectFailed(buildpacks=SOME, lines=last_lines(lines))
    if status == NOT_BUILT:
        from jupyter_mlpack.lifecycle.failure import build_failure

        return build_failure(buildpack(), status, lines, Path(scratch_place()))
    return errors.PhaseFailed(phase=phase, place=where, status=status, lines=last_lines(lines))
