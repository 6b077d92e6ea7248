"""Ask uv for a lock: one version and one wheel for each package, for the target and nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.resolution.needs_file import write_needs
from jupyter_mlpack.resolution.pins import FolderLock
from jupyter_mlpack.resolution.wheels import parse_pylock, uv_platform
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import LocalWheel, Lock, LockedPackage, Target

if TYPE_CHECKING:
    import subprocess

FORMAT = 2
"""Of the kept locks: those of another one are not looked at."""
INHERITED = ("PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
HOW_ONLY = (
    "UV_CACHE_DIR", "UV_HTTP_", "UV_OFFLINE", "UV_LINK_MODE", "UV_CONCURRENT_", "UV_NO_PROGRESS", "UV_NO_CACHE",
    "UV_REQUEST_TIMEOUT", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_KEYRING_PROVIDER",
)  # fmt: skip
"""uv's variables that do not change which packages it chooses: a lock stays good without a network."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class LockRequest:
    """What to resolve. ``requirements`` must hold; ``constraints`` are versions to keep to where a package is needed.

    ``settings`` are uv's variables (index addresses, perhaps with credentials): they enter the cache key hashed only.
    ``excludes`` are never installed; ``explicit`` are names and the one index or folder that each is taken from.
    ``bounds`` are for ``accelerated.py``: versions with code for the notebook's card, kept to where that can be.
    ``wheels`` are taken wherever their names are needed, whatever an index has. Of a release that ``folder`` holds
    hashes of, only a file with one of these is taken.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    target: Target
    settings: Mapping[str, str] = field(hash=False, repr=False)
    wheels: tuple[LocalWheel, ...] = ()
    folder: FolderLock = field(default_factory=FolderLock)
    excludes: tuple[str, ...] = ()
    explicit: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    bounds: tuple[str, ...] = ()

    def key(self) -> str:
        """A digest of all that decides the answer. Of a local wheel that is what it needs, not the code in it."""
        names = (name for name in self.settings if name.startswith("UV_") and not name.startswith(HOW_ONLY))
        settings = {name: self.settings[name] for name in names}
        parts = [
            FORMAT,
            sorted(self.requirements),
            sorted(self.constraints),
            repr(self.target),
            sorted(settings.items()),
            sorted((wheel.name, wheel.version, wheel.filename, wheel.needs) for wheel in self.wheels),
        ]
        if self.folder.hashes:
            parts.append(sorted((release, sorted(hashes)) for release, hashes in self.folder.hashes.items()))
        if self.excludes or self.explicit:
            parts.append([sorted(self.excludes), sorted(self.explicit)])
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def resolve(request: LockRequest, cache: Path, *, refresh: bool = False) -> Lock:
    """The lock for ``request``; the same request is answered from the folder ``cache`` until ``refresh``.

    Raises the leaves of ``ResolutionError``: unknown package, conflict, no wheel for the target, no network.
    """
    known = cache / f"{request.key()}.json"
    if not known.is_file() or refresh:
        text = compile_requirements(request, refresh=refresh)
        found = sorted(parse_pylock(text, request.target, request.folder), key=lambda package: package.name)
        rows = [{key: value for key, value in vars(package).items() if key != "source"} for package in found]
        write_atomically(known, json.dumps(rows, indent=1))
    packages = (LockedPackage(**package) for package in json.loads(known.read_text()))
    return Lock(tuple(with_wheels(packages, request.wheels)))


def with_wheels(packages: Iterable[LockedPackage], wheels: Iterable[LocalWheel]) -> Iterator[LockedPackage]:
    """The packages, those that were found in local wheels as these are now."""
    local = {wheel.name: wheel for wheel in wheels}
    for package in packages:
        wheel = local.get(package.name)
        yield (
            package
            if wheel is None
            else replace(package, sha256=wheel.sha256, size=wheel.size, filename=wheel.filename, source=wheel.source)
        )


def compile_requirements(request: LockRequest, *, refresh: bool = False) -> str:
    """One run of ``uv pip compile``: the text of a ``pylock.toml``."""
    from jupyter_mlpack.resolution.explain import lock_error

    local = {wheel.name: f"{wheel.name} @ {wheel.source.absolute().as_uri()}" for wheel in request.wheels}
    with scratch_folder("mlpack-lock-") as folder:
        constraints = folder / "constraints.txt"
        wanted = (without_version(line) if line_name(line) in local else line for line in request.requirements)
        files = write_needs(folder, tuple(wanted), request.excludes, request.explicit)
        kept = (line for line in request.constraints if line_name(line) not in local)
        constraints.write_text("".join(f"{line}\n" for line in (*kept, *local.values())))
        command = [*compile_command(request), "--constraints", str(constraints), *files]
        answer = ask(command, request.settings, folder, refresh=refresh)
    if answer.returncode != 0:
        raise lock_error(answer.stderr.replace(f"{folder}{os.sep}", ""), request.target)
    text: str = answer.stdout
    return text


def ask(
    command: Sequence[str], settings: Mapping[str, str], folder: Path, *, refresh: bool
) -> subprocess.CompletedProcess[str]:
    """uv's answer. A refusal is never believed because of what an index said some minutes ago: it is asked again."""
    from jupyter_mlpack import children
    from jupyter_mlpack.resolution.recent import believe, own_cache, public_index

    kept = None if settings.get("UV_NO_CACHE") else own_cache(settings)
    beliefs = believe(settings, folder, public_index(find_uv(), kept))
    anew = beliefs.none(settings)
    runs = [beliefs, anew] if beliefs.are_old() else [beliefs]
    for how in [anew] if refresh else runs:
        answer = children.run([*command, *how.arguments], text=True, env=uv_environment(how.settings), cwd=folder)
        if answer.returncode == 0 or "No solution found" not in answer.stderr:
            break
    beliefs.asked()
    return answer


@functools.lru_cache(maxsize=4096)
def line_name(requirement: str) -> str:
    """The normalised distribution name at the start of a PEP 508 line (PEP 503)."""
    name = re.split(r"[\s\[<>=!~;@]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def without_version(requirement: str) -> str:
    """Name and extras of a PEP 508 line."""
    found = re.match(r"\s*[\w.-]+\s*(\[[^\]]*\])?", requirement)
    return found[0].strip() if found else requirement


def compile_command(request: LockRequest) -> list[str]:
    """``uv pip compile`` for the target. Wheels only: building from source would run a package's code here."""
    no_index = ("--no-index",) if request.settings.get("UV_NO_INDEX") else ()  # no variable of uv's says this
    return [
        find_uv(), "pip", "compile", "--quiet", "--color", "never", "--no-header", *no_index,
        "--only-binary", ":all:", "--format", "pylock.toml", "--python", sys.executable, "--no-python-downloads",
        "--python-version", request.target.python, "--python-platform", uv_platform(request.target),
    ]  # fmt: skip


def find_uv() -> str:
    """The path of the uv program that came with its PyPI package."""
    beside = os.path.join(sys.prefix, "bin", "uv")
    if sys.prefix != sys.base_prefix and os.access(beside, os.X_OK):
        return beside  # where uv's own function looks first, without importing what knows all about this Python
    from uv import find_uv_bin

    return find_uv_bin()


def uv_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What uv sees of this process' environment: paths, proxies and the index settings; no ``PYTHON*``, no tokens.

    It reads no configuration files: what of them matters is among ``settings``.
    """
    names = (*INHERITED, *PROXIES, *(name.lower() for name in PROXIES))
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {**inherited, **settings, "UV_NO_CONFIG": "1"}
