"""Runs ``bin/detect`` of several buildpacks at the same time."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.lifecycle.child import BEAT, Command, started
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.files import read_detect_plan
from jupyter_mlpack.lifecycle.records import PlanSections
from jupyter_mlpack.lifecycle.toml import MalformedError

PASS, FAIL, ERROR = 0, 100, -1


@dataclass(frozen=True)
class Answer:
    """How one ``bin/detect`` ended: exit status, its output, the alternatives of its plan."""

    status: int
    output: str
    alternatives: tuple[PlanSections, ...] = ()


def ask(descriptors: Sequence[Descriptor], session: Session) -> list[Answer]:
    """The answers of all ``descriptors``, in their order. What goes wrong is an answer, too."""
    with ExitStack() as stack:
        questions = [stack.enter_context(_Question(descriptor, session)) for descriptor in descriptors]
        return [question.answer(session.emit) for question in questions]


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
        scratch = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mlpack-detect-")))
        self.plan, self.log = scratch / "plan.toml", scratch / "log"
        self.plan.touch()
        env = self.session.environment(self.descriptor, self.session.inherited())
        folders = self.session.folders
        argv = (str(self.descriptor.root / "bin" / "detect"), str(folders.platform), str(self.plan))
        command = Command(argv, folders.app, {**env, "CNB_BUILD_PLAN_PATH": str(self.plan)})
        output = self.enter_context(self.log.open("wb"))
        try:
            self.child = self.enter_context(started(command, output))
        except (OSError, ValueError) as error:
            self.problem = f"bin/detect cannot be started: {error}"

    def answer(self, emit: Emit) -> Answer:
        """Wait for the end; ``emit`` gets an empty batch now and then, so that it can raise to cancel."""
        if self.problem:
            return Answer(ERROR, self.problem)
        while (status := self._status()) is None:
            emit(LogLines("detect", ()))
        output = self.log.read_bytes().decode("utf-8", "replace")
        if status != PASS:
            return Answer(status, output)
        try:
            return Answer(PASS, output, read_detect_plan(self.plan))
        except (MalformedError, FileNotFoundError) as error:
            return Answer(ERROR, f"{output}\n{error}")

    def _status(self) -> int | None:
        try:
            return self.child.wait(BEAT)
        except TimeoutExpired:
            return None
