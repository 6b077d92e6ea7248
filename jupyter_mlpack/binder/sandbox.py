"""A command in the image's own root: its Python, its packages, its user; writable is the application, and nothing else.

It has the machine's network, and of the machine's environment the proxies that need no password. What the build itself
was given (variables, bindings, credentials of indexes) is not there.
"""

from __future__ import annotations

import os
import selectors
import subprocess
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.launch import launch
from jupyter_mlpack.engines.outputs import give_to_caller
from jupyter_mlpack.engines.roots import add_folder, image_user, unpacked_root
from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.lifecycle.config import LAUNCHER
from jupyter_mlpack.lifecycle.context import IMAGE_APP
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.sharing import hold_folder, together
from jupyter_mlpack.values import Json

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
BEAT = 0.5
"""Seconds after which the listener is asked whether to go on."""

SHOWN = 20
"""Last lines of a failed script that are told."""

INTO = 'cd "$1" && shift && exec "$@"'
"""The launcher starts everything in the application's own folder."""


def run_in_image(
    image: StoredImage, work: Path, command: Sequence[str], folder: str, tools: tuple[Store, Emit]
) -> None:
    """Run ``command`` in ``folder`` of the image, with ``work`` as its application. What it writes is the caller's.

    Raises ``PostBuildFailed`` and leaves of ``EngineError``; whatever the listener raises ends the command.
    """
    store, emit = tools
    with together(store.root):
        root = unpacked_root(store, image)
        add_folder(root, IMAGE_APP)
        hold = hold_folder(root)
    try:
        last: deque[str] = deque(maxlen=SHOWN)
        process = launch(instructions(image, root, work, command, folder))
        try:
            follow(process, emit, last)
            status = process.wait()
        finally:
            end(process)
            give_to_caller(work)
        if status != 0:
            lines = "\n".join(last) or "It printed nothing."
            raise errors.PostBuildFailed(script=os.path.relpath(command[-1], IMAGE_APP), status=status, lines=lines)
    finally:
        if hold is not None:
            os.close(hold)


def instructions(image: StoredImage, root: Path, work: Path, command: Sequence[str], folder: str) -> dict[str, Json]:
    """What the sandbox is told (``engines.namespace.Sandbox``)."""
    uid, gid = image_user(root, image.config.user)
    words: list[Json] = [LAUNCHER, "--", "/bin/sh", "-c", INTO, "sh", folder, *command]
    environment: dict[str, Json] = {**dict(image.config.env), **proxies()}
    # bytecode holds the dates of its sources: a layer would never be the same twice
    environment |= {"HOME": IMAGE_APP, "REPO_DIR": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    return {
        "root": str(root.absolute()), "command": words, "environment": environment, "directory": "/",
        "uid": uid, "gid": gid, "binds": [[str(work.absolute()), IMAGE_APP, True]],
    }  # fmt: skip


def proxies() -> dict[str, str]:
    """The machine's proxies, but none with a password."""
    named = ((name, os.environ.get(name, "")) for low in PROXIES for name in (low, low.upper()))
    return {name: value for name, value in named if value and "@" not in value}


def follow(process: subprocess.Popen[bytes], emit: Emit, last: deque[str]) -> None:
    """Hand on what it prints, line by line; the listener is also called while nothing comes."""
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            data = os.read(process.stdout.fileno(), 65_536) if selector.select(BEAT) else None
            if data is None:
                emit(LogLines("export", ()))
                continue
            *lines, rest = (rest + data).split(b"\n")
            if not data or len(rest) > 65_536:
                lines, rest = [*lines, rest], b""
            told = tuple(line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace") for line in lines)
            last.extend(line for line in told if line.strip())
            if any(told):
                emit(LogLines("export", told))
            if not data:
                return


def end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it is left: without its standard input, all of its namespace is killed."""
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
