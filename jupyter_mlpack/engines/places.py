"""A program of its own: becomes a command that sees folders under other paths, in a user and a mount namespace.

Its only argument is a file with one JSON object, ``Scene``. The command's root is the host's, put together anew from
its folders, so that new ones can stand in ``/`` without root's help. No process is left between the caller and the
command: signals and exit status are the command's own. A step that is refused is written to ``<file>.refused`` as
``{"step", "errno", "path"}`` and told on standard error; the exit status is then 125.

Standard library only: this runs in a child interpreter that knows no packages.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys

from jupyter_mlpack.engines.mounts import (
    BIND,
    NEWNS,
    NEWUSER,
    NODEV,
    NOEXEC,
    NOSUID,
    PRIVATE,
    RDONLY,
    REC,
    REMOUNT,
    StepRefusedError,
    mount,
    pivot,
    unshare,
)
from jupyter_mlpack.engines.namespace import REFUSED, drop_privileges, write_map
from jupyter_mlpack.frozen import dataclass, field

BARE = """import sys
sys.path.append(sys.argv[1])
from jupyter_mlpack.engines.places import main
main(sys.argv[2])
"""
SYSTEM = ("/dev", "/proc", "/sys")
DEVICES = "/dev"


@dataclass(frozen=True)
class Scene:
    """What to run and what it sees. ``root`` is an empty folder of the caller's.

    ``places`` are (folder of this machine, path for the command, writable); ``fresh`` are folders of the host that
    the command sees empty; ``host`` says that it may write to the rest as the caller may. No ``command``: only try.
    """

    root: str
    command: list[str]
    environment: dict[str, str]
    directory: str
    uid: int
    gid: int
    places: list[tuple[str, str, bool]]
    fresh: list[str] = field(default_factory=list)
    host: bool = False


def is_below(path: str, folder: str) -> bool:
    """True when ``path`` is ``folder`` or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def show_host(scene: Scene, folder: str) -> None:
    """Bind what is in ``folder`` of the host; on the way to a place the folders are made anew, to make room for it."""
    targets = [target for _, target, _ in scene.places]
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        there = scene.root + path
        if path in targets or path in scene.fresh:
            os.makedirs(there, 0o755, exist_ok=True)
        elif os.path.islink(path):
            os.symlink(os.readlink(path), there)
        elif os.path.isdir(path) and any(is_below(other, path) for other in (*targets, *scene.fresh)):
            os.mkdir(there, 0o755)
            show_host(scene, path)
        else:
            bind_host(path, there)


def bind_host(path: str, there: str) -> None:
    """Show one folder or file of the host where it was; what may not be shown is left out."""
    if os.path.isdir(path):
        os.mkdir(there, 0o755)
    else:
        with open(there, "wb"):
            pass
    try:
        mount(path, there, None, BIND | REC)
    except StepRefusedError:
        if path in SYSTEM:
            raise


def show_places(scene: Scene) -> None:
    """Bind the places, those that hold others first."""
    for source, target, _ in sorted(scene.places, key=lambda place: place[1]):
        there = scene.root + target
        if os.path.isdir(source):
            os.makedirs(there, 0o755, exist_ok=True)
        elif not os.path.exists(there):
            os.makedirs(os.path.dirname(there), 0o755, exist_ok=True)
            with open(there, "wb"):
                pass
        mount(source, there, None, BIND | REC)


def mounts_below(root: str) -> list[str]:
    """The mount points below ``root``, outermost first."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = [line.split(" ")[4] for line in file]
    plain = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point) for point in points]
    return sorted({point for point in plain if is_below(point, root) and point != root})


def protect(scene: Scene) -> None:
    """Make read-only what the command may not write: the host's files, unless ``host``, and some places."""
    for point in mounts_below(scene.root):
        path = point[len(scene.root) :]
        holders = [place for place in scene.places if is_below(path, place[1])]
        place = max(holders, key=lambda holder: len(holder[1]), default=None)
        if is_below(path, DEVICES) or (scene.host if place is None else place[2]):
            continue
        try:
            have = os.statvfs(point).f_flag & (NOSUID | NODEV | NOEXEC)
        except PermissionError:  # it lies in somebody else's folder, where the command cannot go either
            continue
        mount("none", point, None, REMOUNT | BIND | RDONLY | have)


def enter(scene: Scene) -> None:
    """New namespaces, and the scene as their root. Raises ``StepRefusedError``, ``OSError``."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(NEWUSER, "user-namespace")
    maps = (("setgroups", "deny"), ("gid_map", f"{scene.gid} {gid} 1"), ("uid_map", f"{scene.uid} {uid} 1"))
    for name, text in maps:
        write_map(name, text)
    unshare(NEWNS, "namespaces")
    mount("none", "/", None, REC | PRIVATE)
    mount("tmpfs", scene.root, "tmpfs", NOSUID | NODEV, "mode=755")
    os.umask(0o022)
    show_host(scene, "/")
    show_places(scene)
    for folder in scene.fresh:
        with contextlib.suppress(FileNotFoundError):
            os.chmod(scene.root + folder, 0o1777)
    protect(scene)
    pivot(scene.root)
    drop_privileges()


def become(scene: Scene) -> None:
    """Become the command. Raises ``StepRefusedError`` when it cannot be executed."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(scene.directory)
        if scene.command:
            os.execve(scene.command[0], scene.command, scene.environment)
    except OSError as error:
        raise StepRefusedError("execute", error.errno or 0, scene.command[0]) from error


def main(path: str) -> None:
    """The program; ``path`` is the file with the scene."""
    with open(path, encoding="utf-8") as file:
        scene = Scene(**json.load(file))
    os.unlink(path)  # the environment in it may hold secrets
    report = os.open(f"{path}.refused", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        enter(scene)
        become(scene)
    except StepRefusedError as refusal:
        refused, number = refusal.report, refusal.number
    except OSError as error:
        number = error.errno or 0
        refused = {"step": "mount", "errno": number, "path": str(error.filename or "")}
    else:
        os._exit(0)
    os.write(report, json.dumps(refused).encode())
    sys.stderr.write(f"ERROR: {refused['step']} {refused['path']}: {os.strerror(number)}\n")
    sys.stderr.flush()
    os._exit(REFUSED)
