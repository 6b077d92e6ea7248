"""A notebook job of jupyter-scheduler could not be run in a container."""

from __future__ import annotations

from jupyter_mlpack.errors.engine import EngineError


class ScheduledRunFailed(EngineError):
    """The run ended badly, and nothing closer said why."""

    code = "scheduled-run-failed"
    what = "The run of {notebook} in its container ended as {state}."
    why = "{last}"
    hint = "The executed notebook, if there is one, shows how far it came."


class ScheduledRunCancelled(EngineError):
    """Somebody cancelled the job on its target."""

    code = "scheduled-run-cancelled"
    what = "The run of {notebook} was cancelled."
    hint = "Run the job again to have it run."


class ScheduledRunTold(EngineError):
    """The run told itself what went wrong."""

    code = "scheduled-run-told"
    what = "{what}"
    why = "{why}"
    hint = "{hint}"
