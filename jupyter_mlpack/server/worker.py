"""The child that does the work: a command line that was started before it was known what it shall do.

The server starts it with ``COMMAND``; it imports what takes long, says ``READY`` and waits for one line on standard
input, a ``Request`` as JSON. Then it is ``jupyter mlpack`` with these words, and ends with it: events as JSON lines on
standard output. Before that it may say what the notebook is (``{"notebook": ...}``). When standard input ends, the
server is gone, and nothing is left behind: the command is stopped as Ctrl-C stops it, and killed if that is no use.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "import sys; sys.path[:1] = []; from jupyter_mlpack.server.worker import main; main()")
"""Not ``-m``: that would put the current folder, where notebooks lie, before the standard library."""

EARLY = (
    "jupyter_mlpack.cli.build",
    "jupyter_mlpack.cli.images",
    "jupyter_mlpack.cli.inspect",
    "jupyter_mlpack.cli.report",
    "jupyter_mlpack.cli.run",
    "jupyter_mlpack.lifecycle.run",
    "jupyter_mlpack.survey",
)
READY = b'{"ready": true}\n'
GRACE = 10.0
"""Seconds that a stopped command has, once the server is gone."""


def main() -> None:
    """Wait for the request, then be the command."""
    requests, answers = take_pipes()
    for name in EARLY:
        importlib.import_module(name)
    os.write(answers, READY)
    line = read_line(requests)
    if not line:
        return
    threading.Thread(target=watch, args=(requests,), daemon=True).start()
    request = json.loads(line)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.stdout = os.fdopen(answers, "w", encoding="utf-8", errors="backslashreplace")
    answer(request)


def take_pipes() -> tuple[int, int]:
    """Standard input and output under other numbers: what programs that we start read or print is not for them."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def read_line(requests: int) -> bytes:
    """The first line; empty if the other end was closed before one came."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(requests, 65_536)
        if not piece:
            return b""
        line += piece
    return line


def watch(requests: int) -> None:
    """Wait until the server is gone, then end."""
    while os.read(requests, 65_536):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def answer(request: dict[str, Any]) -> None:
    """Do what was asked for, and end with the command's exit status."""
    path, kernels, argv = Path(request["notebook"]), request["needs"], request["argv"]
    before = describe_notebook(path, "" if argv else kernels) if request["notebook"] else None
    if request["notebook"]:
        say({"notebook": before})
    if request["offers"]:
        say({"offers": describe_offers(Path(request["offers"]))})
    if not argv:
        return
    status = run_command(argv)
    if not status and kernels and before is not None:
        after = describe_notebook(path, kernels)  # only now: the command has asked the kernel already
        if after is not None and after["code"] == before["code"]:
            say({"notebook": after})
    sys.exit(status)


def run_command(argv: list[str]) -> Any:
    """Be ``jupyter mlpack`` with these words; its exit status."""
    from jupyter_mlpack.cli.app import main as command

    sys.argv = ["jupyter-mlpack", *argv]
    try:
        command()
    except SystemExit as end:
        return end.code
    return 0


def say(data: object) -> None:
    """One line for the server."""
    print(json.dumps(data), flush=True)


def describe_notebook(path: Path, kernels: str) -> dict[str, Any] | None:
    """What the notebook keeps under ``mlpack``, a digest of its code, and (with ``kernels``) what it needs.

    Nothing if it cannot be read: the command will say why.
    """
    from jupyter_mlpack.errors import MlpackError
    from jupyter_mlpack.notebook import read_notebook
    from jupyter_mlpack.survey import Kernels, inspect_file

    try:
        notebook = read_notebook(path)
        kept = notebook.metadata.get("mlpack")
        code = json.dumps([cell.source for cell in notebook.cells])
        found: dict[str, Any] = {
            "choices": kept if isinstance(kept, dict) else {},
            "code": "sha256:" + hashlib.sha256(code.encode("utf-8", "replace")).hexdigest(),
        }
        if kernels:
            _, inspection = inspect_file(path, Kernels(cache=Path(kernels)))
            found["needs"] = [[dependency.name, dependency.specifier] for dependency in inspection.dependencies]
    except (MlpackError, OSError):
        return None
    return found


def describe_offers(home: Path) -> dict[str, Any]:
    """Which engines can run something here, and which purposes images can have: name, available, why."""
    from jupyter_mlpack.engines.engine import ENGINES, open_engine
    from jupyter_mlpack.errors import PurposeUnsupported
    from jupyter_mlpack.oci import Store
    from jupyter_mlpack.values import Purpose

    engines = []
    for name in ENGINES:
        availability = open_engine(name, Store(home)).probe()
        engines.append({"name": name, "available": availability.available, "why": availability.reason})
    purposes = []
    for purpose in Purpose:
        available = purpose is Purpose.TRAINING
        why = "" if available else str(PurposeUnsupported(purpose=purpose.value))
        purposes.append({"name": purpose.value, "available": available, "why": why})
    return {"engines": engines, "purposes": purposes}
