"""Ask rattler for the packages of an environment, in a process of its own: it brings an event loop and 80 MB along."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.errors import CondaChannelFailed, CondaUnsolvable, CondaWithoutPython, RattlerMissing
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.resolution.conda.asked import CondaAsked, read_asked
from jupyter_mlpack.resolution.conda.channels import configured_credentials, read_channels, without_token
from jupyter_mlpack.resolution.conda.lock import CondaLock
from jupyter_mlpack.resolution.conda.package import CondaPackage
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import Json, Target

FORMAT = 1
"""Of the kept answers."""

PLATFORMS = {"amd64": "linux-64", "arm64": "linux-aarch64"}
PROGRAM = "jupyter_mlpack.resolution.conda.child"


@dataclass(frozen=True)
class _Here:
    """The store, the credentials by host in the words of rattler's own store, and whether kept answers are too old."""

    store: Path
    credentials: Mapping[str, Json] = field(repr=False, hash=False)
    refresh: bool


def lock_conda(
    path: Path, target: Target, store: Path, *, python: str | None = None, refresh: bool = False
) -> CondaLock:
    """The environment that the file ``path`` describes, for ``target``; answers are kept in ``store``.

    ``target.python`` does not count: an environment has its own, ``python`` (``3.11``) if the user asks for one.
    Raises the leaves of ``ResolutionError``.
    """
    platform = PLATFORMS[target.arch]
    asked = read_asked(path, platform)
    asked = replace(asked, specs=(*asked.specs, f"python {python}.*")) if python else asked
    channels = read_channels(os.environ)
    addresses = tuple(channels.locate(asked.channels or channels.usual))
    here = _Here(store, configured_credentials(os.environ), refresh)
    packages = asked.locked or _solved(asked, addresses, target, here)
    lock = CondaLock(asked.file, platform, tuple(sorted(packages, key=lambda one: one.name)), asked.pip, asked.hashes)
    if not lock.python:
        raise CondaWithoutPython(file=asked.file)
    require_rattler(asked.file)
    return lock


def require_rattler(file: str) -> None:
    """Raises ``RattlerMissing`` where the library cannot be imported."""
    import importlib.util

    if importlib.util.find_spec("rattler") is None:
        raise RattlerMissing(file=file, reason="no module named rattler")


def _solved(asked: CondaAsked, addresses: tuple[str, ...], target: Target, machine: _Here) -> tuple[CondaPackage, ...]:
    """The same question has the same answer until it is to be asked anew."""
    question: dict[str, Json] = {
        "channels": [without_token(address)[0] for address in addresses],
        "specs": list(asked.specs),
        "platform": PLATFORMS[target.arch],
        "virtual": virtual_packages(target),
    }
    key = hashlib.sha256(json.dumps([FORMAT, question], sort_keys=True).encode()).hexdigest()
    known = machine.store / "locks" / f"conda-{key}.json"
    if machine.refresh or not known.is_file():
        require_rattler(asked.file)
        answer = ask({**question, "cache": str(machine.store / "conda")}, machine.credentials)
        if "error" in answer:
            raise _refusal(answer, asked, target, machine.credentials)
        write_atomically(known, json.dumps(answer["packages"], indent=1))
    rows = json.loads(known.read_text())
    return tuple(CondaPackage(**{**row, "depends": tuple(row["depends"])}) for row in rows)


def virtual_packages(target: Target) -> list[Json]:
    """Those of the image: its C library, its machine, no graphics card unless it is for one. Nothing of this host."""
    glibc = re.sub(r"^glibc", "", target.libc)
    found: list[Json] = [["__glibc", glibc, "0"], ["__unix", "0", "0"], ["__linux", "5.10", "0"]]
    found.append(["__archspec", "1", "x86_64" if target.arch == "amd64" else "aarch64"])
    cuda = re.fullmatch(r"cuda(\d+)", target.accelerator)
    return [*found, ["__cuda", {"12": "12.8", "13": "13.0"}.get(cuda[1], cuda[1]), "0"]] if cuda else found


def ask(question: Mapping[str, Json], credentials: Mapping[str, Json]) -> dict[str, Json]:
    """One run of ``child.py``. The credentials are in a file of its own that is gone afterwards."""
    from jupyter_mlpack import children

    with scratch_folder("mlpack-conda-") as folder:
        environment = {**os.environ}
        if credentials:
            environment["RATTLER_AUTH_FILE"] = str(write_credentials(folder, credentials))
        done = children.run(
            [sys.executable, "-m", PROGRAM], given=json.dumps(question), text=True, env=environment, cwd=folder
        )
    try:
        answer: dict[str, Json] = json.loads(done.stdout)
    except ValueError:
        return {"error": "channel", "reason": (done.stderr or "rattler stopped").strip()[-400:]}
    return answer


def write_credentials(folder: Path, credentials: Mapping[str, Json]) -> Path:
    """rattler's file of credentials, for this user alone."""
    path = folder / "conda-credentials.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(credentials))
    return path


def _refusal(
    answer: Mapping[str, Json], asked: CondaAsked, target: Target, credentials: Mapping[str, Json]
) -> CondaUnsolvable | CondaChannelFailed:
    reason = without_secrets(str(answer["reason"]), credentials)
    if answer["error"] == "unsolvable":
        return CondaUnsolvable(
            file=asked.file, platform=PLATFORMS[target.arch], libc=target.libc, reason=reason.removesuffix(".")
        )
    return CondaChannelFailed(file=asked.file, reason=reason)


def without_secrets(text: str, credentials: Mapping[str, Json]) -> str:
    """On one line, addresses without credentials, at most 600 characters."""
    words = (without_token(word)[0] if "://" in word and _is_address(word) else word for word in text.split())
    plain = " ".join(words)
    for secret in _secrets(credentials):
        plain = plain.replace(secret, "***")
    return plain[:600]


def _is_address(word: str) -> bool:
    try:
        return bool(urlsplit(word).netloc)
    except ValueError:
        return False


def _secrets(credentials: object) -> list[str]:
    if isinstance(credentials, Mapping):
        return [one for key, value in credentials.items() if key != "username" for one in _secrets(value)]
    return [credentials] if isinstance(credentials, str) and len(credentials) >= 4 else []
