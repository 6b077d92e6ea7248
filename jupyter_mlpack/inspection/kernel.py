"""``read_kernel``: a kernelspec's name -> what its interpreter holds, exact versions and origins.

The kernelspec is found as Jupyter finds it, and its interpreter is asked by a small program that uses the standard
library only (``probe.py``), started isolated (``-I``) so that no file of the current folder is imported. Its answer is
kept (``answers.py``) until a package is installed or removed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.answers import Answers, now
from jupyter_mlpack.inspection.kernelspec import find_kernelspec
from jupyter_mlpack.values import Json, KernelDistribution, KernelEnvironment, Notice

PROBE = Path(__file__).with_name("probe.py")
TIMEOUT = 20.0
"""Seconds for the interpreter to answer; a large environment on a cold disk takes about three."""


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
    try:
        return _environment(name, _answer(interpreter, timeout, cache)), ()
    except subprocess.TimeoutExpired as error:
        reason = f"It did not answer within {timeout:.0f} seconds."
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:300]
        reason = last or "It failed silently."
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"Its answer is unreadable: {error}"
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=reason) from error


def find_interpreter(argv: tuple[str, ...]) -> str | None:
    """The Python that a kernelspec's ``argv`` starts; a bare ``python`` is this one, as Jupyter has it."""
    words = [word for word in argv if "=" not in word]
    command = words[1] if words[1:] and Path(words[0]).name == "env" else "".join(words[:1])
    if re.fullmatch(r"python(3(\.\d+)?)?", command):
        return sys.executable
    return shutil.which(command) if command else None


def _answer(interpreter: str, timeout: float, cache: Path | None) -> Json:
    """The interpreter's answer, from the cache or its own."""
    answers = Answers(cache, PROBE.read_bytes()) if cache else None
    kept = answers.find(interpreter) if answers else None
    if kept is not None:
        return kept
    asked = now()
    done = subprocess.run(
        [interpreter, "-I", str(PROBE)], capture_output=True, timeout=timeout, check=True, stdin=subprocess.DEVNULL
    )
    answer: Json = json.loads(done.stdout)
    if answers and isinstance(answer, dict):
        answers.keep(interpreter, [str(path) for path in _items(answer["watched"])], answer, asked)
    return answer


def _environment(name: str, answer: Json) -> KernelEnvironment:
    """Raises ``KeyError``, ``TypeError``, ``ValueError`` for what is no answer."""
    if not isinstance(answer, dict):
        raise TypeError("no object")
    rows = [_items(row) for row in _items(answer["distributions"])]
    held = [KernelDistribution(str(n), str(v), str(o), tuple(map(str, _items(m)))) for n, v, o, m in rows]
    return KernelEnvironment(name, str(answer["python"]), tuple(held))


def _items(value: Json) -> Sequence[Json]:
    if not isinstance(value, (list, tuple)):
        raise TypeError("no list")
    return value


def _missing(name: str) -> Notice:
    text = f"The kernel {name} is not installed here; versions come from the notebook and the newest that fit."
    return Notice("kernel-missing", text)
