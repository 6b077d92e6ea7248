"""Writable places for a process that may have none: any user id, no home, a read-only file system."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

LONGEST_SOCKET = 100  # bytes of a Unix socket's path; Linux allows 107


class Surroundings:
    """A temporary folder, and the environment variables that lead there. Removed by ``close``."""

    def __init__(self, environment: Mapping[str, str], output: Path) -> None:
        self.folder = make_folder(environment.get("TMPDIR"), output)
        self.environment = dict(self._variables(environment))

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def connection(self) -> dict[str, str]:
        """How to talk to the kernel: Unix sockets where they work, else TCP on the loopback interface.

        The sockets are in our own folder: Jupyter's default is the working directory, which several processes share,
        and which may be on a file system without sockets.
        """
        place = self.folder / "kernel"
        probe = self.folder / "kernel-probe"
        if len(bytes(probe)) > LONGEST_SOCKET:
            return {"transport": "tcp"}
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(str(probe))
            probe.unlink()
        except OSError:
            return {"transport": "tcp"}
        return {"transport": "ipc", "ip": str(place)}

    def _variables(self, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, folder in JUPYTER.items():
            yield name, self._place(folder)
        if not is_writable(environment.get("HOME")):
            home = environment.get("HOME", "")
            yield "HOME", self._place("home")
            if os.path.isfile(os.path.join(home, APPLICATION)):
                link_contents(Path(home), Path(self._place("home")), KEPT)
            for name, folder in HOME.items():
                yield name, self._place(folder)
        if not is_writable(environment.get("TMPDIR", "/tmp")):
            yield "TMPDIR", self._place("tmp")
        if not has_name():
            for name in ("USER", "LOGNAME"):
                yield name, environment.get(name) or "mlpack"

    def _place(self, name: str) -> str:
        path = self.folder / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(path)


APPLICATION = ".mlpack/build.json"
"""In the image's application: a home that holds it was made by a script of the build, and what is there is wanted."""

KEPT = (".cache", ".config", ".local", "share", "state")
"""Folders of a home that programs write to."""

JUPYTER: dict[str, str] = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "jupyter",
}
HOME: dict[str, str] = {
    "MPLCONFIGDIR": "home/.config/matplotlib",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
}


def link_contents(source: Path, home: Path, kept: tuple[str, ...]) -> None:
    """Links in ``home`` to what stands in ``source``; folders among ``kept`` are made anew, with such links in them."""
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        place = home / entry.name
        if entry.name in kept and entry.is_dir():
            place.mkdir(exist_ok=True)
            link_contents(Path(entry.path), place, kept)
        elif not os.path.lexists(place):
            place.symlink_to(entry.path)


def make_folder(wanted: str | None, output: Path) -> Path:
    """A new folder of our own: in TMPDIR, in /tmp, or else in the output folder."""
    for parent in (wanted, "/tmp"):
        if parent and is_writable(parent):
            return Path(tempfile.mkdtemp(prefix="mlpack-", dir=parent))
    return Path(tempfile.mkdtemp(prefix=".mlpack-", dir=output))


def is_writable(path: str | None) -> bool:
    """Whether new files can be made there."""
    try:
        with tempfile.TemporaryFile(dir=path or os.devnull):
            return True
    except OSError:
        return False


def has_name() -> bool:
    """Whether the user id stands in the passwd database; some libraries ask for the user's name."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True
