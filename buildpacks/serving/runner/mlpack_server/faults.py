"""What goes wrong while a request is answered, and what of it the client is told."""

from __future__ import annotations

import traceback
from typing import Any

INPUT = (ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError)
"""What a function raises when it cannot do anything with what it was given."""

SPOKEN = (ValueError, AssertionError)
"""Whose words are meant for the caller; others tell of the inside of the program."""

CELL = "cell "
LONGEST = 300


class Refused(Exception):
    """The request is answered with ``status`` and ``text``; ``details`` are single findings with their places."""

    def __init__(self, status: int, text: str, details: list[dict[str, str]] | None = None, retry: int = 0) -> None:
        super().__init__(text)
        self.status, self.text, self.details, self.retry = status, text, details, retry

    def body(self) -> dict[str, Any]:
        """The JSON of every answer that is not a result."""
        return {"error": self.text, "details": self.details} if self.details else {"error": self.text}


class CallError(Exception):
    """The predict function raised ``error``."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def refusal(error: Exception, function: str) -> Refused:
    """What a client is told of an exception of the predict function: never a traceback, never a value of the program.

    What functions raise for a wrong argument is answered with 422, the rest with 500.
    """
    where = place(error)
    what = f"{function}() raised {type(error).__name__}" + (f" in {where}" if where else "")
    words = str(error).strip().split("\n", 1)[0][:LONGEST] if isinstance(error, SPOKEN) else ""
    if isinstance(error, INPUT):
        return Refused(422, f"{what}: {words}" if words else what)
    return Refused(500, f"{what}; the log of the service has the traceback")


def place(error: BaseException) -> str:
    """``cell 7, line 3``: the last line of the notebook that an exception passed."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(CELL):
            return f"{frame.filename}, line {frame.lineno}"
    return ""


def notebook_traceback(error: BaseException) -> str:
    """The traceback from the notebook's first line on: what lies above is the server."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(CELL):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
