"""A program of its own: puts itself into Linux namespaces over an unpacked image and executes a command there.

``launch.py`` starts it in a bare interpreter (``BARE``) and writes one line of JSON, a ``Sandbox``, to its standard
input, which stays open: when it closes, the caller is gone and everything here is killed. On the status descriptor
comes nothing (the command runs) or one JSON object ``{"step", "errno", "path"}`` (the kernel refused).

Three processes::

    outer   caller's namespaces (root gives up its uid first), new user, mount, pid, ipc and uts namespaces; waits
    init    pid 1 of the new pid namespace: mounts, pivots, drops capabilities, hands SIGTERM on, reaps
    train   the command, with init's exit status handed through

Standard library only, and no import after the root has changed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import warnings  # noqa: F401 (os.execvpe imports it late, when the host's library is out of sight)
from collections.abc import Callable

from jupyter_mlpack.engines.mounts import (
    NEWIPC,
    NEWNS,
    NEWPID,
    NEWUSER,
    NEWUTS,
    PRIVATE,
    REC,
    Sandbox,
    StepRefusedError,
    call,
    furnish,
    libc,
    mount,
    pivot,
    stage,
    unshare,
)  # fmt: skip

PDEATHSIG, SET_DUMPABLE, CAPBSET_DROP, NO_NEW_PRIVS = 1, 4, 24, 38
REFUSED = 125
BARE = """import sys
sys.path.append(sys.argv[1])
from jupyter_mlpack.engines.namespace import main
main(int(sys.argv[2]))
"""


def become_image_user(sandbox: Sandbox) -> Sandbox:
    """Root shows the folders to a private mount namespace and becomes the image's user for good.

    Root without the right to do so (a container's, or one of a nested user namespace) stays what it is.
    """
    if os.geteuid() != 0 or sandbox.uid == 0:
        return sandbox
    try:
        unshare(NEWNS, "namespaces")
        mount("none", "/", None, REC | PRIVATE)
        staged = stage(sandbox)
    except StepRefusedError:
        return sandbox
    output = staged.binds[0][0] if staged.binds else staged.root
    before = os.stat(output)
    try:
        if staged.binds:
            os.chown(output, sandbox.uid, sandbox.gid)
        os.setgroups([])
        os.setresgid(sandbox.gid, sandbox.gid, sandbox.gid)
        os.setresuid(sandbox.uid, sandbox.uid, sandbox.uid)
    except OSError:
        with contextlib.suppress(OSError):
            os.chown(output, before.st_uid, before.st_gid)
    libc.prctl(SET_DUMPABLE, 1, 0, 0, 0)
    return staged


def write_map(name: str, text: str) -> None:
    """Write one of the three files that map ids. Raises ``StepRefusedError``."""
    try:
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError as error:
        raise StepRefusedError("map", error.errno or 0, name) from error


def enter(sandbox: Sandbox) -> None:
    """New namespaces, the caller's ids shown as the image user's. Raises ``StepRefusedError``."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(NEWUSER, "user-namespace")
    for name, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{sandbox.gid} {gid} 1"),
        ("uid_map", f"{sandbox.uid} {uid} 1"),
    ):
        write_map(name, text)
    unshare(NEWNS | NEWPID | NEWIPC | NEWUTS, "namespaces")
    libc.sethostname(b"mlpack", 6)


def drop_privileges() -> None:
    """No capability now, after any execve, or from any set-uid file."""
    for capability in range(64):
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    call("privileges", "", libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call("privileges", "", libc.capset(header, (ctypes.c_uint32 * 6)()))


def execute(sandbox: Sandbox) -> None:
    """Become the command. Raises ``StepRefusedError`` when it cannot be executed."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.chdir(sandbox.directory)
        os.execvpe(sandbox.command[0], sandbox.command, sandbox.environment)
    except OSError as error:
        raise StepRefusedError("execute", error.errno or 0, sandbox.command[0]) from error


def run_init(sandbox: Sandbox, status: int) -> int:
    """Pid 1: set the stage, start the command, hand SIGTERM on, reap, return the command's exit status."""
    libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    furnish(sandbox)
    pivot(sandbox.root)
    drop_privileges()
    if not sandbox.command:
        return 0
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    train = os.fork()
    if train == 0:
        execute(sandbox)
    os.close(status)
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(train, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    while True:
        child, result = os.wait()
        if child == train:
            return exit_status(result)


def exit_status(result: int) -> int:
    """A wait status as a shell shows it: 128 and the signal's number for a killed process."""
    code = os.waitstatus_to_exitcode(result)
    return code if code >= 0 else 128 - code


def watch(init: int, alive: int) -> int:
    """Wait for init, hand SIGTERM on; kill everything when standard input closes, which means that the caller died."""
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(init, number))
    poll = select.poll()
    for descriptor in (0, alive):
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    if all(descriptor == 0 for descriptor, _ in poll.poll()):
        os.kill(init, signal.SIGKILL)
    return exit_status(os.waitpid(init, 0)[1])


def guarded(step: Callable[[], int], status: int) -> int:
    """The step's result, or ``REFUSED`` and a report on ``status``."""
    try:
        return step()
    except StepRefusedError as refusal:
        report = refusal.report
    except OSError as error:
        report = {"step": "mount", "errno": error.errno or 0, "path": str(error.filename or "")}
    os.write(status, json.dumps(report).encode())
    return REFUSED


def start_all(status: int) -> int:
    """Read the sandbox from standard input, enter it, run it. Returns the exit status."""
    os.umask(0o022)
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 65536) or b"\n"
    sandbox = become_image_user(Sandbox(**json.loads(line)))
    enter(sandbox)
    alive, held = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(alive)
        os._exit(guarded(lambda: run_init(sandbox, status), status))
    os.close(held)
    os.close(status)
    return watch(init, alive)


def main(status: int) -> None:
    """The program; ``status`` is the descriptor on which a refusal is told."""
    os.set_inheritable(status, False)
    os._exit(guarded(lambda: start_all(status), status))
