"""The child that does the work: a command line that was started before it was known what it shall do.

The server starts it with ``COMMAND``; it imports what takes long, says ``READY`` and waits for one line on standard
input, a ``Request`` as JSON. Then it is ``jupyter mlpack`` with these words, and ends with it: events as JSON lines on
standard output. Before that it may say what the notebook is (``{"notebook": ...}``). When standard input ends, the
server is gone, and nothing is left behind: the command is stopped as Ctrl-C stops it, and killed if that is no use.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mlpack.values import Inspection, Notebook

    Found = tuple[Notebook, Inspection]

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
    gc.set_threshold(50_000)
    os.write(answers, READY)
    if not select.select([requests], [], [], 0)[0]:
        from jupyter_mlpack.server.warming import warm_up

        warm_up()
    gc.freeze()
    line = read_line(requests)
    if not line:
        return
    threading.Thread(target=watch, args=(requests,), daemon=True).start()
    request = json.loads(line)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.stdout = os.fdopen(answers, "w", encoding="utf-8", errors="backslashreplace")
    try:
        answer(request)
    except SystemExit as end:
        from jupyter_mlpack.cli.app import leave

        leave(end.code if isinstance(end.code, int) else bool(end.code))


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
    found: list[Found] = []
    if request["notebook"]:
        say({"notebook": before})
    if request["offers"]:
        from jupyter_mlpack.server.offered import describe_offers

        say({"offers": describe_offers(Path(request["offers"]))})
    if not argv:
        return
    if kernels and "--choices" not in argv:  # what is needed with other choices is not what the notebook says
        listen(found)
    status = run_command(argv)
    if not status and kernels and before is not None:
        # only now: the command has asked the kernel already
        after = described(*found[-1]) if found else describe_notebook(path, kernels)
        if after is not None and after["code"] == before["code"]:
            say({"notebook": after})
    sys.exit(status)


def run_command(argv: list[str]) -> Any:
    """Be ``jupyter mlpack`` with these words; its exit status."""
    from jupyter_mlpack.cli.app import run

    sys.argv = ["jupyter-mlpack", *argv]
    try:
        run(argv)
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
        if kernels:
            return described(*inspect_file(path, Kernels(cache=Path(kernels))))
        return described(read_notebook(path), None)
    except (MlpackError, OSError):
        return None


def described(notebook: Notebook, inspection: Inspection | None) -> dict[str, Any]:
    """The same of a notebook that was read, and perhaps inspected."""
    kept = notebook.metadata.get("mlpack")
    code = json.dumps([cell.source for cell in notebook.cells])
    found: dict[str, Any] = {
        "choices": kept if isinstance(kept, dict) else {},
        "code": "sha256:" + hashlib.sha256(code.encode("utf-8", "replace")).hexdigest(),
    }
    if inspection is not None:
        found["needs"] = [[dependency.name, dependency.specifier] for dependency in inspection.dependencies]
    return found


def listen(found: list[Found]) -> None:
    """Let ``found`` hold what a build finds out about the notebook: it need not be inspected twice."""
    from jupyter_mlpack import pipeline

    pipeline.listeners.append(lambda notebook, inspection: found.append((notebook, inspection)))
