"""Starting the sandbox's child, and putting into words which step the kernel refused."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.namespace import BARE
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.values import Json

EMPTY: dict[str, Json] = {
    "command": [], "environment": {}, "directory": "/", "uid": 1000, "gid": 1000, "binds": [],
}  # fmt: skip
"""A sandbox that is entered and left again."""
SWITCHES = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0", "1"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "0",
    ),
    ("/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0", "10000"),
)
"""Kernel switches that forbid user namespaces: file, name, the forbidding value, the allowing one."""


def launch(instructions: dict[str, Json]) -> subprocess.Popen[bytes]:
    """Start the child and wait until the command runs. Raises an ``EngineError`` leaf when a step is refused."""
    status, told = os.pipe()
    package = str(Path(__file__).resolve().parents[2])
    # Only what the interpreter itself may need: the command's environment is in the instructions.
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    process, running = None, False
    try:
        try:
            with signals_wait():
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", BARE, package, str(told)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    pass_fds=[told], start_new_session=True, cwd="/", env=environment,
                )  # fmt: skip
        finally:
            os.close(told)
        with os.fdopen(status, "rb") as reports:
            assert process.stdin is not None
            # A child that is already gone has told why, or its output will.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(instructions).encode() + b"\n")
                process.stdin.flush()
            report = reports.read()
        if report:
            raise explain(json.loads(report))
        running = True
        return process
    finally:
        if process is not None and not running:
            process.kill()
            process.communicate()


def explain(report: dict[str, str | int]) -> errors.EngineError:
    """The error for a step that the kernel refused."""
    number, step, path = int(report["errno"]), str(report["step"]), str(report["path"])
    error = os.strerror(number)
    if step == "execute":
        return errors.CommandNotExecutable(command=path, error=error)
    if step == "user-namespace":
        return namespaces_refused(number)
    return errors.SandboxRefused(step=step, path=path, error=error)


def namespaces_refused(number: int) -> errors.EngineError:
    """Which switch forbids user namespaces, as far as the kernel tells."""
    for path, name, forbids, allows in SWITCHES:
        try:
            value = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if value == forbids:
            return errors.NamespacesSwitchedOff(switch=name, value=value, allows=allows)
    if number == errno.ENOSPC:
        return errors.NamespacesExhausted(error=os.strerror(number))
    return errors.NamespacesForbidden(error=os.strerror(number))
