"""System calls through libc, and what a process in a sandbox may see: its root, devices, /proc, /tmp and folders.

``os.unshare`` and friends are younger than our oldest Python, so libc is called. Standard library only: this runs in
a child interpreter that knows no packages (see ``namespace.py``), and no module may be imported, and no codec looked
up, after the root has changed.
"""

from __future__ import annotations

import ctypes
import errno
import os

from jupyter_mlpack.frozen import dataclass, replace

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "ppc64le": 203, "s390x": 217}
PIVOT_ROOT_GENERIC = 41
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
SHARED = ("/etc/resolv.conf", "/etc/hosts")
PROC_FILES = ("sys", "sysrq-trigger", "irq", "bus", "fs")
STAGE = "/tmp"

libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Sandbox:
    """What to run and what it may see. ``root`` is the unpacked image; ``binds`` are (source, target, writable).

    ``uid`` and ``gid`` are what the process sees of itself; ``owned`` says that the first bind should be the image
    user's own (the output folder), which matters when the caller is root and becomes that user.
    """

    root: str
    command: list[str]
    environment: dict[str, str]
    directory: str
    uid: int
    gid: int
    binds: list[tuple[str, str, bool]]


class StepRefusedError(Exception):
    """The kernel refused a step."""

    def __init__(self, step: str, number: int, path: str = "") -> None:
        super().__init__(step)
        self.number = number
        self.report = {"step": step, "errno": number, "path": path}


def call(step: str, path: str, result: int) -> None:
    """Raise ``StepRefusedError`` when a libc call failed."""
    if result != 0:
        raise StepRefusedError(step, ctypes.get_errno(), path)


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2). Raises ``StepRefusedError`` with the target."""
    words = [
        word.encode("utf-8", "surrogateescape") if word is not None else None for word in (source, target, kind, data)
    ]
    call("mount", target, libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def bind(source: str, target: str, *, writable: bool, devices: bool = False) -> None:
    """Show ``source`` at ``target``; flags that an outer namespace locked are kept, or the kernel refuses."""
    mount(source, target, None, BIND)
    have = os.statvfs(target).f_flag & (RDONLY | NOSUID | NODEV | NOEXEC)
    want = have | NOSUID | (0 if devices else NODEV) | (0 if writable else RDONLY)
    mount("none", target, None, REMOUNT | BIND | want)


def inside(root: str, path: str) -> str:
    """``path`` of the image on this side of the pivot. Raises ``StepRefusedError`` for a symlink on the way."""
    current = root
    for part in path.strip("/").split("/"):
        current = os.path.join(current, part)
        if part == ".." or os.path.islink(current):
            raise StepRefusedError("mount", errno.ELOOP, path)
    return current


def unshare(flags: int, step: str) -> None:
    """unshare(2). Raises ``StepRefusedError``."""
    call(step, "", libc.unshare(flags))


def stage(sandbox: Sandbox) -> Sandbox:
    """The same folders at paths that any user may walk to: the way to them may lead through private folders."""
    sources = [sandbox.root, *(source for source, _, _ in sandbox.binds)]
    opened = [os.open(source, os.O_RDONLY) for source in sources]
    mount("tmpfs", STAGE, "tmpfs", NOSUID | NODEV, "mode=755")
    places = [f"{STAGE}/{number}" for number, _ in enumerate(sources)]
    for descriptor, place in zip(opened, places, strict=True):
        os.mkdir(place, 0o755)
        mount(f"/proc/self/fd/{descriptor}", place, None, BIND)
        os.close(descriptor)
    binds = [(place, target, writable) for place, (_, target, writable) in zip(places[1:], sandbox.binds, strict=True)]
    return replace(sandbox, root=places[0], binds=binds)


def furnish(sandbox: Sandbox) -> None:
    """Mount all that the process may see below the image's root, and make the root itself read-only."""
    root = sandbox.root
    mount("none", "/", None, REC | PRIVATE)
    mount(root, root, None, BIND)
    make_devices(inside(root, "/dev"))
    mount("tmpfs", inside(root, "/tmp"), "tmpfs", NOSUID | NODEV, "mode=1777")
    show_processes(inside(root, "/proc"))
    for path in SHARED:
        if os.path.isfile(path) and os.path.isfile(root + path) and not os.path.islink(root + path):
            bind(path, inside(root, path), writable=False)
    for source, target, writable in sandbox.binds:
        bind(source, inside(root, target), writable=writable)
    have = os.statvfs(root).f_flag & (NOSUID | NODEV | NOEXEC)
    mount("none", root, None, REMOUNT | BIND | RDONLY | NOSUID | NODEV | have)


def make_devices(folder: str) -> None:
    """A small /dev: the harmless devices of the host, shared memory, and terminals of its own where allowed."""
    mount("tmpfs", folder, "tmpfs", NOSUID | NOEXEC, "mode=755,size=64k")
    for name in DEVICES:
        with open(f"{folder}/{name}", "wb"):
            pass
        bind(f"/dev/{name}", f"{folder}/{name}", writable=True, devices=True)
    for name, target in LINKS.items():
        os.symlink(target, f"{folder}/{name}")
    for name in ("shm", "pts"):
        os.mkdir(f"{folder}/{name}", 0o755)
    mount("tmpfs", f"{folder}/shm", "tmpfs", NOSUID | NODEV, "mode=1777")
    # Without terminals a notebook's shell lines still run, so a refusal here is no reason to stop.
    libc.mount(b"devpts", f"{folder}/pts".encode(), b"devpts", NOSUID | NOEXEC, b"newinstance,ptmxmode=0666,mode=620")


def show_processes(folder: str) -> None:
    """/proc of the new pid namespace, the kernel's switches in it read-only.

    Where a masked outer /proc forbids a new one (inside many containers), the outer one is shown.
    """
    try:
        mount("proc", folder, "proc", NOSUID | NODEV | NOEXEC)
    except StepRefusedError:
        mount("/proc", folder, None, BIND | REC)
    for name in PROC_FILES:
        path = f"{folder}/{name}"
        if os.path.exists(path):
            mount(path, path, None, BIND | REC)
            have = os.statvfs(path).f_flag & (NOSUID | NODEV | NOEXEC)
            mount("none", path, None, REMOUNT | BIND | RDONLY | have)


def pivot(root: str) -> None:
    """Make ``root`` the root and let go of the host's."""
    os.chdir(root)
    number = PIVOT_ROOT.get(os.uname().machine, PIVOT_ROOT_GENERIC)
    call("pivot", "", libc.syscall(ctypes.c_long(number), b".", b"."))
    call("pivot", "", libc.umount2(b".", DETACH))
    os.chdir("/")
