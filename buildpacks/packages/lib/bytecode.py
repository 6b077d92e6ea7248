"""Compiles site-packages with the target's Python, with equal bytes on every machine.

Bytecode depends on what the process compiled before, so the sorted sources of each wheel are cut into portions of a
fixed length, one fresh process each: what else is compiled, and by how many processors, changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from plan import TESTS, Interpreter

PROGRAM = Path(__file__).with_name("compile_files.py")
PORTION = 400  # files
LAST = 4000  # characters of what the target's Python said


class CompileError(Exception):
    """The target's Python failed; the text is what it said last."""


def compile_wheels(
    wheels: Sequence[tuple[Path, Sequence[str]]], seen_as: str, interpreter: Interpreter, tell: Callable[[float], None]
) -> list[list[str]]:
    """Writes ``__pycache__`` for the sources of each wheel (its ``site``, their names); those that do not compile.

    ``tell`` hears which share is done. Raises CompileError.
    """
    portions = [
        (number, [str(site), seen_as, part])
        for number, (site, sources) in enumerate(wheels)
        for part in cut(sorted(sources))
    ]
    failed: list[list[str]] = [[] for _ in wheels]
    done = 0
    command = [*interpreter.command, "-S", "-s", "-W", "ignore", str(PROGRAM), str(os.cpu_count() or 1)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.sep,
        env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:  # fmt: skip
        process.stdin.write("".join(json.dumps(portion) + "\n" for _, portion in portions).encode())
        process.stdin.close()
        said = ""
        for line in process.stdout:
            number, _, name = line.decode("utf-8", "surrogateescape").rstrip("\n").partition(" ")
            if not number.isdigit() or int(number) >= len(portions):
                said = f"{said}{line.decode(errors='replace')}"[-LAST:]
            elif name:
                failed[portions[int(number)][0]].append(name)
            else:
                done += 1
                tell(done / len(portions))
    if process.returncode or done != len(portions):
        raise CompileError(said or f"It ended with status {process.returncode}.")
    return failed


def cut(sources: list[str]) -> list[list[str]]:
    """Portions of a fixed length."""
    return [sources[start : start + PORTION] for start in range(0, len(sources), PORTION)]


def wants_bytecode(source: str) -> bool:
    """False for a package's own tests: a quarter of the sources, and no job imports them."""
    return TESTS.isdisjoint(source.split("/")[:-1])


def bytecode_path(source: str, python: str) -> str:
    """Where Python looks for the bytecode of ``source``, both relative to site-packages."""
    folder, _, name = source.rpartition("/")
    cache = f"{name[:-3]}.cpython-{python.replace('.', '')}.pyc"
    return "/".join(part for part in (folder, "__pycache__", cache) if part)
