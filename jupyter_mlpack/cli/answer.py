"""The reporter of commands whose standard output is the answer and nothing else."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

from jupyter_mlpack.cli.output import failure_lines, say, visible

if TYPE_CHECKING:
    from jupyter_mlpack.events import Event, Failed
    from jupyter_mlpack.values import Json


class AnswerReporter:
    """Answers on ``stream``, notices and failures on standard error.

    As JSON, a failure is an object on ``stream``, too, with the key ``error``: whoever reads JSON reads one object,
    whatever happens.
    """

    def __init__(self, style: str, stream: TextIO) -> None:
        self.style = style
        self.stream = stream

    def __call__(self, event: Event) -> None:
        """Show what must not be missed."""
        from jupyter_mlpack.events import Failed, Noticed

        if isinstance(event, Noticed):
            print(visible(f"note: {event.notice.text}"), file=sys.stderr)
        elif isinstance(event, Failed):
            print("\n".join(failure_lines(event)), file=sys.stderr)
            if self.style == "json":
                self.result("", {"error": error_data(event)})

    def result(self, text: str, data: Any) -> None:
        """Show the answer: ``data`` as JSON if there is any, else ``text``."""
        say(text if data is None else json.dumps(data), self.stream)

    def interrupted(self, failure: Failed) -> None:
        """Say that the user ended the work."""
        print(visible(failure.what), file=sys.stderr)


def error_data(error: Failed) -> dict[str, Json]:
    """The sentences of a failure, the cell that is to blame and what mends it, for machines."""
    from jupyter_mlpack.events import event_json

    return {name: value for name, value in event_json(error).items() if name != "event"}
