"""What the job prints: the notebook's own output as it comes, and lines that begin with ``[mlpack]``."""

from __future__ import annotations

import sys

from mlpack_runner.failure import COLOUR


class Console:
    """Writes to stdout and stderr so that a line of ours never begins in the middle of one of the notebook's."""

    def __init__(self, rank: int = 0) -> None:
        self._middle = False
        self._rank = rank
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")

    def say(self, text: str) -> None:
        """One line for whoever follows the job."""
        start = "\n" if self._middle else ""
        self._middle = False
        print(f"{start}[mlpack] {text}", flush=True)

    def progress(self, text: str) -> None:
        """A line that only the first of several processes has to say."""
        if not self._rank:
            self.say(text)

    def show(self, output) -> None:
        """One output of a cell: a stream, or the text form of a result. Errors are told at the end."""
        if output.output_type == "stream":
            self._write(sys.stderr if output.name == "stderr" else sys.stdout, "".join(output.text))
        elif "data" in output and "text/plain" in output.data:
            self._write(sys.stdout, "".join(output.data["text/plain"]) + "\n")

    def explain(self, traceback: str) -> None:
        """The traceback of a failed cell, without colours, on stderr."""
        print(COLOUR.sub("", traceback), file=sys.stderr, flush=True)

    def _write(self, stream, text: str) -> None:
        if text:
            stream.write(text)
            stream.flush()
            if stream is sys.stdout:
                self._middle = not text.endswith("\n")
