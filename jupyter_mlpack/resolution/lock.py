"""Ask uv for a lock: one version and one wheel for each package, for the target and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.resolution.explain import lock_error
from jupyter_mlpack.resolution.wheels import MACHINE, glibc_minor, parse_pylock
from jupyter_mlpack.values import Lock, LockedPackage, Target

INHERITED = ("PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
HOW_ONLY = ("UV_CACHE_DIR", "UV_HTTP_", "UV_OFFLINE", "UV_LINK_MODE", "UV_CONCURRENT_", "UV_NO_PROGRESS", "UV_PUBLISH_")
"""uv's variables that do not change which packages it chooses: a lock stays good without a network."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class LockRequest:
    """What to resolve. ``requirements`` must hold; ``constraints`` are versions to keep to where a package is needed.

    ``settings`` are uv's variables (index addresses, perhaps with credentials): they enter the cache key hashed only.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    target: Target
    settings: Mapping[str, str] = field(hash=False, repr=False)

    def key(self) -> str:
        """A digest of all that decides the answer."""
        names = (name for name in self.settings if name.startswith("UV_") and not name.startswith(HOW_ONLY))
        settings = {name: self.settings[name] for name in names}
        parts = [
            sorted(self.requirements),
            sorted(self.constraints),
            repr(self.target),
            sorted(settings.items()),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def resolve(request: LockRequest, cache: Path, *, refresh: bool = False) -> Lock:
    """The lock for ``request``; the same request is answered from the folder ``cache`` until ``refresh``.

    Raises the leaves of ``ResolutionError``: unknown package, conflict, no wheel for the target, no network.
    """
    known = cache / f"{request.key()}.json"
    if known.is_file() and not refresh:
        return Lock(tuple(LockedPackage(**package) for package in json.loads(known.read_text())))
    text = compile_requirements(request)
    lock = Lock(tuple(sorted(parse_pylock(text, request.target), key=lambda package: package.name)))
    write_atomically(known, json.dumps([asdict(package) for package in lock.packages], indent=1))
    return lock


def compile_requirements(request: LockRequest) -> str:
    """One run of ``uv pip compile``: the text of a ``pylock.toml``."""
    with tempfile.TemporaryDirectory(prefix="mlpack-lock-") as folder:
        requirements, constraints = Path(folder, "requirements.txt"), Path(folder, "constraints.txt")
        requirements.write_text("".join(f"{line}\n" for line in request.requirements))
        constraints.write_text("".join(f"{line}\n" for line in request.constraints))
        answer = subprocess.run(
            [*compile_command(request.target), "--constraints", str(constraints), str(requirements)],
            capture_output=True,
            text=True,
            env=uv_environment(request.settings),
            check=False,
            cwd=folder,
        )
    if answer.returncode != 0:
        raise lock_error(answer.stderr.replace(folder + os.sep, ""), request.target)
    return answer.stdout


def compile_command(target: Target) -> list[str]:
    """``uv pip compile`` for the target. Wheels only: building from source would run a package's code here."""
    platform = f"{MACHINE[target.arch]}-manylinux_2_{glibc_minor(target)}"
    return [
        find_uv(), "pip", "compile", "--quiet", "--color", "never", "--no-header", "--no-sources",
        "--only-binary", ":all:", "--format", "pylock.toml",
        "--python-version", target.python, "--python-platform", platform,
    ]  # fmt: skip


def find_uv() -> str:
    """The path of the uv program that came with its PyPI package."""
    from uv import find_uv_bin

    return find_uv_bin()


def uv_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What uv sees of this process' environment: paths, proxies and the index settings; no ``PYTHON*``, no tokens."""
    names = (*INHERITED, *PROXIES, *(name.lower() for name in PROXIES))
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, **settings}
