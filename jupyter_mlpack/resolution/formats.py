"""An inspection as a requirements file, a lock as a ``pylock.toml``: answers that other tools read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.resolution.allowed import index_key
from jupyter_mlpack.resolution.wheels import MACHINE
from jupyter_mlpack.values import Dependency, Evidence, Inspection, Json, Lock, LockedPackage, PackageIndex, Target

LONGEST = 100
"""Characters of evidence in a comment."""
WHEELS = "wheels"
"""Folder beside a ``pylock.toml`` for the wheels that have no address."""
OPTIONS = {"default": "--index-url", "extra": "--extra-index-url", "links": "--find-links", "torch": "--torch-backend"}


def requirements_text(inspection: Inspection) -> str:
    """What the notebook needs as pip and uv read it, each line with its evidence. Needs no network.

    What no index can give (unresolved names, local distributions) and what should not be followed unseen (indexes that
    the notebook names) stands in comments.
    """
    python = f" with Python {inspection.python.version}" if inspection.python.version else ""
    lines = [f"# What {comment(inspection.notebook)} needs{python}; found without running it."]
    lines += [index_line(index) for index in inspection.indexes]
    lines += [dependency_line(item) for item in sorted(inspection.dependencies, key=lambda item: item.name)]
    lines += [f"# known to nobody: {comment(item.module)}{because(item.evidence)}" for item in inspection.unresolved]
    return "".join(f"{line}\n" for line in lines)


def index_line(index: PackageIndex) -> str:
    """The option that would ask the index, as a comment."""
    return f"# {OPTIONS.get(index.role, '--extra-index-url')} {comment(index_key(index.url))}{because(index.evidence)}"


def dependency_line(item: Dependency) -> str:
    """A PEP 508 line, or a comment for what no index can give."""
    from packaging.requirements import InvalidRequirement, Requirement

    line = comment(item.requirement)
    if item.packaged:
        return f"# on no index, made into a wheel by a build: {line}{because(item.evidence)}"
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return f"# not a requirement: {line}{because(item.evidence)}"
    if wanted.url and wanted.url.lower().startswith("file:"):
        return f"# at an address of one machine only: {wanted.name}{because(item.evidence)}"
    return f"{line}{because(item.evidence)}"


def because(evidence: Iterable[Evidence]) -> str:
    """The first evidence as the rest of a line: ``  # cell 3: import cv2``."""
    first = next(iter(evidence), None)
    if first is None:
        return ""
    place = f"cell {first.location.cell}" if first.location.cell else comment(first.location.path)
    return f"  # {place}: {comment(first.text)}" if first.text.strip() else f"  # {place}"


def comment(text: str) -> str:
    """Text on one line, credentials in addresses left out, not too long."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    plain = re.sub(r"://(?!git@)[^/\s]+@", "://", " ".join(plain.split()))
    return plain if len(plain) <= LONGEST or "://" in plain else plain[:LONGEST] + " ..."


def pylock_text(lock: Lock, target: Target) -> str:
    """The lock as a ``pylock.toml`` (PEP 751) for the one target: each package with one wheel and its hash.

    A wheel without an address (made of the kernel's own files, or from a folder of this machine) is named as a file in
    the folder ``wheels`` beside the lock; a comment at the top says which these are.
    """
    import tomli_w

    document = {
        "lock-version": "1.0",
        "environments": [environment_marker(target)],
        "requires-python": f"=={target.python}.*",
        "created-by": "jupyter-mlpack",
        "packages": [pylock_package(package) for package in lock.packages],
        "tool": {"jupyter-mlpack": {"libc": target.libc, "accelerator": target.accelerator}},
    }
    return "".join(missing_lines(lock)) + tomli_w.dumps(document)


def missing_lines(lock: Lock) -> Iterator[str]:
    """Comments that say which wheels have to be laid beside the lock."""
    for package in lock.packages:
        if not package.url:
            yield f"# No index has {package.filename}: lay it beside this file as {WHEELS}/{package.filename}\n"


def pylock_package(package: LockedPackage) -> dict[str, object]:
    """A ``[[packages]]`` table."""
    from datetime import datetime

    wheel: dict[str, object] = {"name": package.filename} if not package.direct else {}
    wheel |= {"url": package.url} if package.url else {"path": f"{WHEELS}/{package.filename}"}
    wheel |= {"upload-time": datetime.fromisoformat(package.uploaded)} if package.uploaded else {}
    wheel |= {"size": package.size} if package.size else {}
    wheel["hashes"] = {"sha256": package.sha256}
    origin: dict[str, object] = {"archive": wheel} if package.direct else {"wheels": [wheel]}
    return {"name": package.name, "version": package.version, **origin}


def environment_marker(target: Target) -> str:
    """The target as an environment marker (PEP 508): what has other answers is another target."""
    answers: dict[str, Json] = {
        "implementation_name": "cpython",
        "sys_platform": target.os,
        "platform_machine": MACHINE[target.arch],
        "python_version": target.python,
    }
    return " and ".join(f"{name} == '{value}'" for name, value in answers.items())
