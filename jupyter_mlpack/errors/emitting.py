"""A request for a service elsewhere could not be written."""

from __future__ import annotations

from jupyter_mlpack.errors.engine import EngineError


class EmitterOptionMissing(EngineError):
    """The target does not say what the service must know."""

    code = "emitter-option-missing"
    exit_code = 2
    what = "A request for {service} needs the target's {option}."
    where = "c.TargetsMixin.targets in jupyter_mlpack_config.py"
    hint = 'Add it to the target: "{option}": "{example}".'


class EmittedOnly(EngineError):
    """The target's requests are printed, and sent by other means."""

    code = "emitted-only"
    exit_code = 2
    what = "Jobs for {engine} are not sent from here."
    why = "The request is printed, and its own tools send it."
    hint = "Add --dry-run, and give what is printed below body to: {send}"
