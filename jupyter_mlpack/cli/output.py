"""Writing to a terminal, a pipe or a file: at once, safely, and only what was meant."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from collections.abc import Iterator
from typing import Protocol, TextIO

from jupyter_mlpack.cli.interruption import Stopped
from jupyter_mlpack.values import Action

CONTROL = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
"""What moves a cursor, rings, colours, hides or reverses text in a terminal, and what UTF-8 cannot say.

Names of files and text of notebooks come from anywhere: an escape sequence in them must be seen, not obeyed.
"""


class Sentences(Protocol):
    """What a failure says."""

    @property
    def what(self) -> str:
        """What happened."""

    @property
    def where(self) -> str:
        """The place, if it is known."""

    @property
    def why(self) -> str:
        """Why we think so, if we know more."""

    @property
    def hint(self) -> str:
        """The next step."""

    @property
    def action(self) -> Action:
        """What mends it at once, where something does."""


def say(text: str, stream: TextIO, now: bool = True) -> None:
    """Write a line, at once: no signal comes between the text and its end. Raises ``Stopped`` when nobody reads it.

    Without ``now`` it goes with the next line.
    """
    try:
        stream.write(text + "\n")
        if now:
            stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # what is still in the buffer must go somewhere when Python ends
        os.close(nowhere)
        raise Stopped(signal.SIGPIPE) from None


def visible(text: str) -> str:
    """``text`` as one line with its control characters written out: ``\\x1b[31m`` instead of red."""
    return re.sub(CONTROL, lambda found: repr(found.group())[1:-1], text.replace("\t", " "))


def failure_lines(failure: Sentences) -> Iterator[str]:
    """What happened, where, why we think so, and the next step; empty parts left out."""
    yield f"error: {visible(failure.what)}"
    if failure.where:
        yield f"  where: {visible(failure.where)}"
    if failure.why:
        yield "  why:   " + "\n         ".join(map(visible, failure.why.strip().split("\n")))
    if failure.hint:
        yield f"  next:  {visible(failure.hint)}"
    if failure.action.choices:
        choices = json.dumps(failure.action.choices, ensure_ascii=False)
        yield f"  or:    {visible(failure.action.label)}: --choices {visible(shlex.quote(choices))}"
