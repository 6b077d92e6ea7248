"""Compiles site-packages with the target's Python, with equal bytes on every machine.

Bytecode depends on what the process compiled before, so the sorted files are cut into portions of a fixed length, one
fresh process each: the number of processors changes how long it takes, and nothing else.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plan import TESTS, Interpreter

PROGRAM = Path(__file__).with_name("compile_files.py")
PORTION = 400  # files


def compile_site(site: Path, seen_as: str, interpreter: Interpreter, tell: Callable[[float], None]) -> list[str]:
    """Writes ``__pycache__`` for the sources below ``site``; returns the relative paths that do not compile.

    ``tell`` hears which share of them is done.
    """
    sources = sorted(source for source in find_sources(site) if wants_bytecode(source))
    portions = [sources[start : start + PORTION] for start in range(0, len(sources), PORTION)]

    def compile_portion(portion: list[str]) -> list[str]:
        run = subprocess.run(
            [*interpreter.command, "-S", "-s", "-W", "ignore", str(PROGRAM), str(site), seen_as],
            input="\n".join(portion), capture_output=True, text=True, check=True, cwd=os.sep,
            env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        return run.stdout.splitlines()

    failed: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for count, names in enumerate(pool.map(compile_portion, portions), 1):
            failed += names
            tell(count / len(portions))
    return failed


def find_sources(site: Path) -> Iterator[str]:
    """The Python sources below ``site``, as relative paths."""
    above = len(str(site)) + 1
    for folder, _, names in os.walk(site):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py") and os.path.isfile(path):
                yield path[above:]


def wants_bytecode(source: str) -> bool:
    """False for a package's own tests: a quarter of the sources, and no job imports them."""
    return TESTS.isdisjoint(source.split("/")[:-1])


def bytecode_path(source: str, python: str) -> str:
    """Where Python looks for the bytecode of ``source``, both relative to site-packages."""
    folder, _, name = source.rpartition("/")
    cache = f"{name[:-3]}.cpython-{python.replace('.', '')}.pyc"
    return "/".join(part for part in (folder, "__pycache__", cache) if part)
