"""The command line, stopped at one exact chance: ``python interrupting.py SIGNAL WHICH REPORT WORDS...``.

Python's handlers of signals run where a function begins, where a call of a C function has ended, and where an object
was made; these are the chances, counted in the main thread from where signals are heard. WHICH is the number of one
of them; 0 stops nothing.
REPORT is a file for how many there were, and for the place of the one that was taken.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any


class Chances:
    """Counts them, and takes one."""

    def __init__(self, number: int, which: int, report: Path) -> None:
        self.number, self.which, self.report = number, which, report
        self.count = 0
        self.before: object = signal.getsignal(number)

    def __call__(self, frame: FrameType, event: str, what: Any) -> None:
        if event not in ("call", "c_return") and not (event == "return" and frame.f_code.co_name == "__init__"):
            return
        if self.before is not None and signal.getsignal(self.number) is self.before:
            return
        self.before = None
        self.count += 1
        if self.count == self.which:
            self.tell(f"{self.count} {event} {what} {place(frame)}")
            signal.raise_signal(self.number)

    def tell(self, text: str) -> None:
        self.report.write_text(f"{text}\n")


def place(frame: FrameType | None) -> str:
    """Where it is, from the innermost on."""
    names = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return "\n  ".join(names)


def main(number: str, which: str, report: str, *words: str) -> None:
    import atexit

    from jupyter_mlpack.cli import app

    chances = Chances(int(number), int(which), Path(report))
    if not chances.which:
        atexit.register(lambda: chances.tell(str(chances.count)))
    sys.argv = ["jupyter-mlpack", *words]
    run = app.run

    def counted(words: list[str], last: bool) -> None:
        sys.setprofile(chances)
        run(words, last)

    app.run = counted  # type: ignore[assignment]
    app.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
