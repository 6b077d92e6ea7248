"""``read_kernel``: a kernelspec's name -> what its interpreter holds, exact versions and origins.

The kernelspec is found as Jupyter finds it, and its interpreter is asked by a small program that uses the standard
library only (``probe.py``), started isolated (``-I``) so that no file of the current folder is imported.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.values import KernelDistribution, KernelEnvironment, Notice

PROBE = Path(__file__).with_name("probe.py")
TIMEOUT = 20.0
"""Seconds for the interpreter to answer; a large environment on a cold disk takes about three."""


def read_kernel(name: str | None, timeout: float = TIMEOUT) -> tuple[KernelEnvironment | None, tuple[Notice, ...]]:
    """What the kernel ``name`` holds; ``None`` and a notice if it is not installed here, or if there is no name.

    Raises ``KernelNotPython``, ``KernelInterpreterGone`` or ``KernelSilent`` for one that is there but cannot answer.
    ``timeout`` is in seconds.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    if name is None:
        return None, ()
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except (NoSuchKernel, ValueError):  # ValueError: the name cannot be a kernel's
        return None, (_missing(name),)
    language = str(spec.language or "python").lower()
    if language != "python":
        raise errors.KernelNotPython(kernel=name, language=language)
    interpreter = find_interpreter(tuple(spec.argv))
    if interpreter is None:
        raise errors.KernelInterpreterGone(kernel=name, interpreter=" ".join(spec.argv[:1]))
    version, distributions = _ask(name, interpreter, timeout)
    return KernelEnvironment(name, version, distributions), ()


def find_interpreter(argv: tuple[str, ...]) -> str | None:
    """The Python that a kernelspec's ``argv`` starts; a bare ``python`` is this one, as Jupyter has it."""
    words = [word for word in argv if "=" not in word]
    command = words[1] if words[1:] and Path(words[0]).name == "env" else "".join(words[:1])
    if re.fullmatch(r"python(3(\.\d+)?)?", command):
        return sys.executable
    return shutil.which(command) if command else None


@functools.lru_cache(maxsize=8)
def _ask(name: str, interpreter: str, timeout: float) -> tuple[str, tuple[KernelDistribution, ...]]:
    """The interpreter's own answer; asked once in the life of this process."""
    try:
        done = subprocess.run(
            [interpreter, "-I", str(PROBE)], capture_output=True, timeout=timeout, check=True, stdin=subprocess.DEVNULL
        )
        answer = json.loads(done.stdout)
        rows = [KernelDistribution(row[0], row[1], row[2], tuple(row[3])) for row in answer["distributions"]]
        return str(answer["python"]), tuple(rows)
    except subprocess.TimeoutExpired as error:
        raise errors.KernelSilent(
            kernel=name, interpreter=interpreter, reason=f"It did not answer within {timeout:.0f} seconds."
        ) from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:300]
        raise errors.KernelSilent(kernel=name, interpreter=interpreter, reason=last or "It failed silently.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.KernelSilent(
            kernel=name, interpreter=interpreter, reason=f"Its answer is unreadable: {error}"
        ) from error


def _missing(name: str) -> Notice:
    text = f"The kernel {name} is not installed here; versions come from the notebook and the newest that fit."
    return Notice("kernel-missing", text)
