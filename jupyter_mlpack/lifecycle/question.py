"""Runs ``bin/detect`` of several buildpacks at the same time."""

from __future__ import annotations

import os
import selectors
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import TimeoutExpired

from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.lifecycle.answers import ERROR, PASS, Answer
from jupyter_mlpack.lifecycle.child import BEAT, Command, started
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.files import read_detect_plan
from jupyter_mlpack.lifecycle.toml import MalformedError

PIDFD = hasattr(os, "pidfd_open")


def ask(descriptors: Sequence[Descriptor], session: Session) -> list[Answer]:
    """The answers of all ``descriptors``, in their order. What goes wrong is an answer, too."""
    with ExitStack() as stack:
        questions = [stack.enter_context(_Question(descriptor, session)) for descriptor in descriptors]
        return [question.answer(session.emit) for question in questions]


def await_end(pid: int, seconds: float) -> None:
    """Wait until the child ends, hearing of it at once where the kernel can tell; ``Popen.wait`` looks now and then."""
    if not PIDFD:
        return
    try:
        handle = os.pidfd_open(pid)
    except OSError:  # it has ended and was waited for
        return
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            selector.select(seconds)
    finally:
        os.close(handle)


class _Question(ExitStack):
    """One ``bin/detect`` while it runs, its output and its plan in scratch files of their own."""

    def __init__(self, descriptor: Descriptor, session: Session) -> None:
        super().__init__()
        self.descriptor, self.session = descriptor, session
        self.problem = ""

    def __enter__(self) -> _Question:
        super().__enter__()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._start()
            undo.pop_all()
        return self

    def _start(self) -> None:
        self.view = self.session.views.of(self.descriptor)
        scratch = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mlpack-detect-", dir=self.view.scratch)))
        self.plan, self.log = scratch / "plan.toml", scratch / "log"
        self.plan.touch()
        output = self.enter_context(self.log.open("wb"))
        try:
            self.child = self.enter_context(started(self._command(), output))
        except (OSError, ValueError) as error:
            self.problem = f"bin/detect cannot be started: {error}"

    def _command(self) -> Command:
        env = self.session.environment(self.descriptor, self.session.inherited())
        if self.descriptor.at_least("0.8"):
            env["CNB_BUILD_PLAN_PATH"] = self.view.shown(self.plan)
        folders = self.session.folders
        paths = (self.descriptor.root / "bin" / "detect", folders.platform, self.plan)
        return self.view.command(Command(tuple(map(self.view.shown, paths)), folders.app, env), self.plan.parent.name)

    def answer(self, emit: Emit) -> Answer:
        """Wait for the end; ``emit`` gets an empty batch now and then, so that it can raise to cancel."""
        if self.problem:
            return Answer(ERROR, self.problem)
        while (status := self._status()) is None:
            emit(LogLines("detect", ()))
        output = self.session.mask(self.log.read_bytes().decode("utf-8", "replace"))
        if status != PASS:
            return Answer(status, output)
        try:
            return Answer(PASS, output, read_detect_plan(self.plan))
        except (MalformedError, OSError) as error:
            return Answer(ERROR, f"{output}\n{error}")

    def _status(self) -> int | None:
        """The exit status; ``None`` if it still runs after a moment."""
        await_end(self.child.pid, BEAT)
        try:
            return self.child.wait(0 if PIDFD else BEAT)
        except TimeoutExpired:
            return None
