"""The standard library compiled ahead: in a read-only image Python would compile each module at every start.

Unchecked hash-based files (PEP 552): they stay valid whatever the layer does to timestamps. The bytes depend on what a
process compiled before, so the files are cut into a fixed number of shares, each compiled by a fresh process.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_mlpack import children
from jupyter_mlpack.errors import BytecodeFailed
from jupyter_mlpack.oci.tar import TarEntry
from jupyter_mlpack.stack.tree import Tree

SHARES = 4
SKIPPED = ("/lib2to3/", "/turtledemo/", "/idlelib/", "/test/", "/pydoc_data/")
"""Modules of the standard library that notebooks do not import at start."""

PROGRAM = """\
import py_compile, sys
root, *names = sys.stdin.read().split("\\n")
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for name in names:
    py_compile.compile(root + name, dfile=name, doraise=True, invalidation_mode=mode)
"""


def add_bytecode(tree: Tree, scratch: Path, python: Sequence[str], version: str) -> None:
    """Compile the standard library below ``scratch`` (written there before) and put the results into ``tree``.

    ``python`` is a command of the same minor version; raises ``BytecodeFailed`` when it cannot run or compile.
    """
    folder = f"/usr/lib/python{version}/"
    names = [
        name for name in tree.names(folder)
        if name.endswith(".py") and tree[name].kind == "file" and not any(part in name for part in SKIPPED)
    ]  # fmt: skip
    shares = [names[start::SHARES] for start in range(SHARES)]
    with ThreadPoolExecutor(SHARES) as pool:
        list(pool.map(lambda share: _compile(scratch, share, python, version), shares))
    for path in sorted(scratch.glob(f"usr/lib/python{version}/**/__pycache__/*.pyc")):
        data = path.read_bytes()
        name = "/" + path.relative_to(scratch).as_posix()
        tree.put(TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data))
    tree.close()


def _compile(scratch: Path, names: Sequence[str], python: Sequence[str], version: str) -> None:
    """One share in a process of its own; a fixed hash seed because sets in constants are written in hash order."""
    words = "\n".join([str(scratch), *names])
    environment = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    command = [*python, "-S", "-s", "-B", "-c", PROGRAM]
    try:
        done = children.run(command, given=words, text=True, env=environment)
    except OSError as error:
        raise BytecodeFailed(python=version, reason=str(error)) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"It ended with status {done.returncode}."]
        raise BytecodeFailed(python=version, reason=lines[-1])
