"""Events -> what a person sees in a terminal, what stands in a pipe, or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from jupyter_mlpack.cli.output import failure_lines, say, visible
from jupyter_mlpack.events import Event, Failed, LayerExported, LogLines, Noticed, PhaseEnded, event_json

FOLLOWED = (LayerExported, PhaseEnded)
"""Events after which the next comes at once: how far the export is, the next phase, the end."""


class Reporter(Protocol):
    """An ``Emit`` that can also print results and say that it was interrupted."""

    def __call__(self, event: Event) -> None:
        """Show an event."""

    def result(self, text: str, data: object) -> None:
        """Show a command's answer: ``text`` for people, ``data`` (JSON) for machines."""

    def interrupted(self, failure: Failed) -> None:
        """Say that the user ended the work, and what became of it."""


class JsonReporter:
    """One event a line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, event: Event) -> None:
        """Write the event as one line, at once unless another is sure to come: each wakes whoever listens."""
        self.line(event_json(event), now=not isinstance(event, FOLLOWED))

    def result(self, text: str, data: object) -> None:
        """Write the data as one line."""
        del text
        self.line(data)

    def interrupted(self, failure: Failed) -> None:
        """Write the interruption as a failure."""
        self(failure)

    def line(self, data: object, now: bool = True) -> None:
        """Write one line; with the next one that is written ``now``."""
        say(json.dumps(data, ensure_ascii=False), self.stream, now)


class PlainReporter:
    """For pipes and files: notices and failures on standard error, results on standard output, nothing else."""

    def __init__(self, stream: TextIO, *, verbose: bool) -> None:
        self.stream = stream
        self.verbose = verbose

    def __call__(self, event: Event) -> None:
        """Show what must not be missed."""
        match event:
            case Noticed():
                place = f" ({event.notice.location})" if event.notice.location else ""
                print(visible(f"note: {event.notice.text}{place}"), file=sys.stderr)
            case Failed():
                print("\n".join(failure_lines(event)), file=sys.stderr)
            case LogLines() if self.verbose or event.phase == "run":
                say("\n".join(event.lines), self.stream)
            case _:
                pass

    def result(self, text: str, data: object) -> None:
        """Print the text."""
        del data
        say(text, self.stream)

    def interrupted(self, failure: Failed) -> None:
        """Print the one sentence."""
        print(failure.what, file=sys.stderr)


@contextmanager
def make_reporter(style: str, *, verbose: bool, stream: TextIO) -> Iterator[Reporter]:
    """The reporter for ``style``; a terminal gets live bars, a pipe does not."""
    if style == "json":
        yield JsonReporter(stream)
    elif stream.isatty() and sys.stderr.isatty():
        from jupyter_mlpack.cli.terminal import TerminalReporter

        with TerminalReporter(verbose=verbose) as reporter:
            yield reporter
    else:
        yield PlainReporter(stream, verbose=verbose)
