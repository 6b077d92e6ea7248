"""The line of ``%mlpack``: its words, what is added to them, and how what comes of it is shown."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlpack import errors
from jupyter_mlpack.magic.child import COMMAND, Child
from jupyter_mlpack.magic.saved import Ran, own_notebook
from jupyter_mlpack.magic.view import View, sentences

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_mlpack.handle import Job

OF_NOTEBOOKS = frozenset(["build", "deploy", "submit", "inspect"])
"""Commands that take the kernel's own notebook where nothing is named."""

OF_JOBS = frozenset(["logs", "cancel", "fetch"])
"""Commands that take the newest job where none is named."""

LIVE = frozenset(["build", "deploy", "submit", "logs", "cancel", "fetch", "run"])
"""Commands that are followed while they work; the others say one thing."""

SAID_ONCE = ("--help", "--help-all", "--dry-run", "--format", "-h")
OFTEN = 0.25
"""Seconds between two drawings."""


class EndedError(Exception):
    """The command failed; its sentences are in the cell's output, and no traceback of ours is."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines[0].removeprefix("error: ") if lines else "")
        self.lines = lines

    def _render_traceback_(self) -> list[str]:
        """What IPython shows."""
        return self.lines


class Line:
    """The magic of one kernel; ``newest`` is the last job that it submitted."""

    def __init__(self, shell: InteractiveShell, ran: Ran) -> None:
        self.shell, self.ran = shell, ran
        self.newest = ""

    def run(self, line: str) -> Job | None:
        """``%mlpack COMMAND ...``: as ``jupyter mlpack COMMAND ...``; those of ``OF_NOTEBOOKS`` take this notebook."""
        try:
            words, note = self.complete(line)
        except errors.MlpackError as error:
            parts = {part: error.sentence(part) for part in ("what", "where", "why", "hint")}
            raise EndedError(sentences(parts)) from None
        if getattr(self.shell, "kernel", None) is None:
            self.plainly(words, note)
            return None
        if words[0] not in LIVE or any(word.partition("=")[0] in SAID_ONCE for word in words):
            self.once(words, note)
            return None
        return self.live(words, note)

    def complete(self, line: str) -> tuple[list[str], str]:
        """The words, with the notebook or the job that is meant, and what is to be said first."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise errors.MagicUnreadable(line=line, reason=str(error)) from error
        if not words:
            raise errors.MagicWithoutCommand
        command, *rest = words
        named, rest = take_option(rest, "--notebook")
        if command in OF_NOTEBOOKS and (named or not rest or rest[0].startswith("-")) and not helps(rest):
            path = named or str(own_notebook(os.environ, self.shell.user_ns, command))
            return [command, path, *rest], "" if named else self.ran.unsaved(own_path(path))
        if command in OF_JOBS and (not rest or rest[0].startswith("-")) and not helps(rest):
            if not self.newest:
                raise errors.NoJobYet(command=command)
            return [command, self.newest, *rest], ""
        return [command, *rest], ""

    def plainly(self, words: list[str], note: str) -> None:
        """In a terminal the command speaks for itself."""
        if note:
            print(f"note: {note}")
        status = subprocess.run([*COMMAND, *words], check=False).returncode
        if status:
            raise EndedError([])

    def once(self, words: list[str], note: str) -> None:
        """A command that says one thing."""
        done = subprocess.run(
            [*COMMAND, *words], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
        print("".join(filter(None, (note and f"note: {note}\n", done.stdout, done.stderr))).rstrip())
        if done.returncode:
            raise EndedError([])

    def live(self, words: list[str], note: str) -> Job | None:
        """A command that takes its time: one output, drawn anew."""
        from jupyter_mlpack.cli.terminal import PLAIN_WORDS

        view = View(f"{words[0]} {os.path.basename(words[1])}" if words[1:] else words[0], PLAIN_WORDS)
        if note:
            view.notes.append(note)
        told: dict[str, Any] = {}
        with Drawing(view) as drawing:
            child = Child([*words, "--format", "json"])
            interrupted = False
            said = child.lines()
            while True:
                try:
                    for line in said:
                        if line is not None:
                            view.hear(line, time.monotonic())
                            told.update(line if "event" not in line else {})
                        drawing.draw()
                    status = child.end()
                    break
                except KeyboardInterrupt:
                    interrupted = True
                    child.interrupt()
                    said = child.lines()
            if status and view.failure is None and view.state not in ("failed", "cancelled"):
                view.failure = {"what": last_words(child.errors) or f"exit status {status}"}
        if interrupted:
            raise KeyboardInterrupt
        return self.outcome(words, told, view, status)

    def outcome(self, words: list[str], told: Mapping[str, Any], view: View, status: int) -> Job | None:
        """A job that was handed over, as an object; what failed stops the notebook."""
        job = told.get("job")
        if isinstance(job, dict) and words[0] == "submit":
            self.newest = str(job["id"])
        if status:
            raise EndedError(view.sentences()[:1] or [view.head()])
        if not isinstance(job, dict) or words[0] != "submit":
            return None
        from jupyter_mlpack.cli.places import home_folder
        from jupyter_mlpack.handle import Job

        home, _ = take_option(words, "--home")
        return Job(str(job["id"]), own_path(home or home_folder()))


class Drawing:
    """One output of the cell. It is drawn at most every ``OFTEN`` seconds, and at the end."""

    def __init__(self, view: View) -> None:
        from IPython.display import display

        self.view, self.last = view, time.monotonic()
        self.shown = display(self.bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, *_: object) -> None:
        self.shown.update(self.bundle(), raw=True)

    def draw(self) -> None:
        """If it is time."""
        now = time.monotonic()
        if now - self.last >= OFTEN:
            self.last = now
            self.shown.update(self.bundle(), raw=True)

    def bundle(self) -> dict[str, str]:
        """Both forms."""
        now = time.monotonic()
        return {"text/plain": self.view.text(now), "text/html": self.view.html(now)}


def take_option(words: list[str], name: str) -> tuple[str, list[str]]:
    """The value of an option, and the words without it."""
    value, rest, waiting = "", [], False
    for word in words:
        if waiting:
            value, waiting = word, False
        elif word == name:
            waiting = True
        elif word.startswith(f"{name}="):
            value = word.partition("=")[2]
        else:
            rest.append(word)
    return value, rest


def last_words(lines: Iterable[str]) -> str:
    """What a command said that did not come to its work: of the framework's page on options only the problem."""
    text = "\n".join(lines)
    return text.rpartition(": error: ")[2].strip()


def helps(words: list[str]) -> bool:
    """Whether only help is asked for."""
    return any(word in ("--help", "--help-all", "-h") for word in words)


def own_path(text: str) -> Path:
    """A path as the shell means it."""
    return Path(text).expanduser().absolute()
