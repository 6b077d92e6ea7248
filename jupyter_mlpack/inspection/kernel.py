"""``read_kernel``: a kernelspec's name -> what its interpreter holds, exact versions and origins.

The kernelspec is found as Jupyter finds it, and its interpreter is asked by a small program that uses the standard
library only (``probe.py``), started isolated (``-I``) so that no file of the current folder is imported. Its answer is
kept (``answers.py``) until a package is installed or removed.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.answers import Answers, now
from jupyter_mlpack.inspection.kernelspec import find_kernelspec
from jupyter_mlpack.inspection.sources import Holding, check_portable, find_files, top_modules
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Json, KernelDistribution, KernelEnvironment, Notice

PROBE = Path(__file__).with_name("probe.py")
TIMEOUT = 20.0
"""Seconds for the interpreter to answer; a large environment on a cold disk takes about three."""


_heard: dict[tuple[str, str], tuple[str, tuple[_Row, ...]]] = {}
"""What ``read_kernel`` was last told, for the ``read_holdings`` after it: one build asks and looks around once."""


@dataclass(frozen=True)
class Holdings:
    """The distributions of a kernel that no index has, and which names each distribution of the kernel requires."""

    found: tuple[Holding, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_kernel(
    name: str | None, timeout: float = TIMEOUT, cache: Path | None = None
) -> tuple[KernelEnvironment | None, tuple[Notice, ...]]:
    """What the kernel ``name`` holds; ``None`` and a notice if it is not installed here, or if there is no name.

    Raises ``KernelNotPython``, ``KernelInterpreterGone`` or ``KernelSilent`` for one that is there but cannot answer.
    ``timeout`` is in seconds; ``cache`` is a folder for answers.
    """
    if name is None:
        return None, ()
    spec = find_kernelspec(name)
    if spec is None:
        return None, (_missing(name),)
    if spec.language != "python":
        raise errors.KernelNotPython(kernel=name, language=spec.language)
    interpreter = find_interpreter(spec.argv)
    if interpreter is None:
        raise errors.KernelInterpreterGone(kernel=name, interpreter=" ".join(spec.argv[:1]))
    _heard.clear()
    _heard[name, interpreter] = answer = _ask(name, interpreter, timeout, cache)
    return _environment(name, answer), ()


def read_holdings(name: str | None, timeout: float = TIMEOUT, cache: Path | None = None) -> Holdings:
    """Where the files of those distributions of the kernel ``name`` are that no index has; raises like ``read_kernel``.

    Nothing if the kernel is not installed here.
    """
    spec = find_kernelspec(name) if name else None
    interpreter = find_interpreter(spec.argv) if spec else None
    if name is None or interpreter is None:
        return Holdings()
    rows = _heard.pop((name, interpreter), None) or _ask(name, interpreter, timeout, cache)
    return Holdings(
        tuple(row.holding for row in rows[1] if row.holding),
        {normalised(row.name): row.needs for row in rows[1]},
    )


def _ask(name: str, interpreter: str, timeout: float, cache: Path | None) -> tuple[str, tuple[_Row, ...]]:
    """The interpreter's version and its rows. Raises ``KernelSilent``."""
    try:
        return _parse(_answer(name, interpreter, timeout, cache))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"Its answer is unreadable: {error}"
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error


def find_interpreter(argv: tuple[str, ...]) -> str | None:
    """The Python that a kernelspec's ``argv`` starts; a bare ``python`` is this one, as Jupyter has it."""
    words = [word for word in argv if "=" not in word]
    command = words[1] if words[1:] and Path(words[0]).name == "env" else "".join(words[:1])
    if re.fullmatch(r"python(3(\.\d+)?)?", command):
        return sys.executable
    if os.path.isabs(command) and os.access(command, os.X_OK) and os.path.isfile(command):
        return command
    import shutil

    return shutil.which(command) if command else None


def _answer(name: str, interpreter: str, timeout: float, cache: Path | None) -> Json:
    """The interpreter's answer, from the cache or its own."""
    answers = Answers(cache, PROBE.read_bytes()) if cache else None
    kept = answers.find(interpreter) if answers else None
    if kept is not None:
        return kept
    asked = now()
    answer: Json = json.loads(_said(name, interpreter, timeout))
    if answers and isinstance(answer, dict):
        answers.keep(interpreter, [str(path) for path in _items(answer["watched"])], answer, asked)
    return answer


def _said(name: str, interpreter: str, timeout: float) -> bytes:
    """What the interpreter prints about itself. Raises ``KernelSilent``."""
    import subprocess

    from jupyter_mlpack import children

    try:
        done = children.run([interpreter, "-I", str(PROBE)], timeout=timeout)
        done.check_returncode()
    except subprocess.TimeoutExpired as error:
        reason = f"It did not answer within {timeout:.0f} seconds."
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:300]
        reason = last or "It failed silently."
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error
    output: bytes = done.stdout
    return output


@dataclass(frozen=True)
class _Row:
    """One distribution as the interpreter tells it; ``holding`` says where its files are if no index has it."""

    name: str
    version: str
    origin: str
    modules: tuple[str, ...]
    address: str
    needs: tuple[str, ...]
    holding: Holding | None


def _parse(answer: Json) -> tuple[str, tuple[_Row, ...]]:
    """Raises ``KeyError``, ``TypeError``, ``ValueError`` for what is no answer."""
    if not isinstance(answer, dict):
        raise TypeError("no object")
    rows = [_items(row) for row in _items(answer["distributions"])]
    return str(answer["python"]), tuple(_row(row) for row in rows)


def _row(row: Sequence[Json]) -> _Row:
    modules, needs = (tuple(map(str, _items(items))) for items in (row[3], row[6]))
    name, version, origin, address, place = (str(row[index]) for index in (0, 1, 2, 4, 5))
    holding = Holding(name, version, origin, address, Path(place)) if place else None
    return _Row(name, version, origin, modules, address, needs, holding)


def _environment(name: str, answer: tuple[str, tuple[_Row, ...]]) -> KernelEnvironment:
    return KernelEnvironment(name, answer[0], tuple(_distribution(row) for row in answer[1]))


def _distribution(row: _Row) -> KernelDistribution:
    """With the reason why it cannot be packaged along, and the modules of a source folder."""
    plain = KernelDistribution(row.name, row.version, row.origin, row.modules, row.address)
    if row.holding is None or row.holding.wheel:  # a wheel is taken as it is, or refused once the target is known
        return plain
    try:
        files = find_files(row.holding)
        modules = top_modules(files) if row.origin == "editable" else row.modules
        plain = replace(plain, modules=modules or row.modules)
        check_portable(row.holding, files)
    except errors.PackagingError as obstacle:
        return replace(plain, obstacle=obstacle.sentence("why"))
    except OSError as failure:
        return replace(plain, obstacle=errors.DistributionUnreadable(name=row.name, reason=failure).sentence("why"))
    return plain


def _items(value: Json) -> Sequence[Json]:
    if not isinstance(value, (list, tuple)):
        raise TypeError("no list")
    return value


def _missing(name: str) -> Notice:
    text = f"The kernel {name} is not installed here; versions come from the notebook and the newest that fit."
    return Notice("kernel-missing", text)
