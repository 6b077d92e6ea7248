"""Which packages of a lock are CUDA's libraries, and of which line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack.inspection.hardware.facts import kernels_table
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Lock

LINE = pattern(
    r"^(?:nvidia-.+|cudf|cuml|libcudf|cugraph|rmm|pylibraft|faiss-gpu)-cu(\d\d)$|^(?:jax-cuda|cupy-cuda)(\d\d)"
)
VERSIONED = frozenset(["cuda-toolkit", "nvidia-cuda-runtime", "nvidia-cublas"])
"""Their own version is CUDA's."""


def cuda_packages(lock: Lock) -> dict[str, str]:
    """Names of packages -> the major version of CUDA that they are for (``12``), in the lock's order."""
    found = {}
    for package in lock.packages:
        line = name_line(package.name) or (package.version.split(".")[0] if package.name in VERSIONED else "")
        if line:
            found[package.name] = line
    return found


def name_line(name: str) -> str:
    """The line of CUDA in a distribution's name, ``12`` of ``nvidia-nccl-cu12``; mostly none."""
    named = LINE.match(name)
    return (named.group(1) or named.group(2)) if named else ""


def cuda_lines(lock: Lock) -> frozenset[str]:
    """The major versions of CUDA whose libraries are in the lock: ``{"12", "13"}``."""
    return frozenset(cuda_packages(lock).values())


def kernel_bounds(line: str, capability: str = "") -> tuple[str, ...]:
    """Versions of the default index that are built for this line of CUDA, and have code for the card if one is known.

    ``torch<2.11`` for line 12: what came later is built for 13. Where no older release fits, nothing is said.
    """
    return tuple(sorted(_bounds(line, capability))) if line else ()


def _bounds(line: str, capability: str) -> Iterator[str]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in kernels_table()["build"]:
        if "local" not in row and "with" not in row and name_line(row["package"]) in ("", line):
            rows.setdefault(row["package"], []).append(row)
    for name, builds in rows.items():
        wrong = [row for row in builds if not _fits(row, line, capability)]
        right = [row for row in builds if row not in wrong]
        above = [row for row in wrong if "from" in row and all(_newer(row, other) for other in right)]
        if above and (right or "below" not in above[-1]):
            yield f"{name}<{min((row['from'] for row in above), key=_number)}"
        below = [row["below"] for row in wrong if "below" in row and row not in above]
        if above and below:
            yield f"{name}>={max(below, key=_number)}"


def _fits(row: Mapping[str, Any], line: str, capability: str) -> bool:
    right_line = row.get("cuda", line).split(".")[0] == line
    return right_line and (not capability or _number(row["least"]) <= _number(capability))


def _newer(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return _number(row["from"]) >= _number(other.get("below", "999"))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
