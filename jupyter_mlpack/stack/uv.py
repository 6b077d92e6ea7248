"""The uv program for a build image: this machine's own, or the same release for another architecture."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

from jupyter_mlpack import children
from jupyter_mlpack.errors import UvMissing
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.resolution.lock import find_uv
from jupyter_mlpack.stack.python import host_arch

PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}


@dataclass(frozen=True)
class Uv:
    """A release of uv for an architecture."""

    version: str
    arch: str

    def read(self, scratch: Path) -> bytes:
        """The program's bytes; for another architecture its wheel is fetched into ``scratch``. Raises ``UvMissing``."""
        try:
            if self.arch == host_arch():
                return Path(find_uv()).read_bytes()
            return self._fetched(scratch)
        except OSError as error:
            raise UvMissing(arch=self.arch, version=self.version, reason=str(error)) from error

    def _fetched(self, scratch: Path) -> bytes:
        options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--python-platform", PLATFORMS[self.arch])
        place = ("--target", str(scratch / "uv"), "--python", sys.executable)
        command = [find_uv(), "pip", "install", *options, *place, f"uv=={self.version}"]
        done = children.run(command, text=True, env=dict(os.environ))
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"It ended with status {done.returncode}."]
            raise UvMissing(arch=self.arch, version=self.version, reason=lines[-1])
        return (scratch / "uv" / "bin" / "uv").read_bytes()


def machine_uv(arch: str) -> Uv:
    """The release that this package works with here."""
    return Uv(importlib.metadata.version("uv"), arch)
