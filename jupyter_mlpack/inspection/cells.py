"""The source of one code cell -> ``Cell``: magics told apart from the Python around them.

IPython's own token transformers find the special syntax, so a line that starts with ``%`` inside an open bracket is
no magic here either. Each magic becomes ``...`` in place: line numbers stay. Where the transformers give up, magics
are told line by line; where what is left is no Python, its import lines are kept and ``parses`` is false.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_mlpack.values import Cell, Magic

MAX_CELL = 200_000
"""Characters; longer cells are data, not code, and parsing them would cost gigabytes."""

MAX_LINES_TOKENISED = 200_000
"""IPython tokenises a cell anew for each magic; this bounds lines times magics."""

PYTHON_MAGICS = frozenset(
    [
        "capture",
        "time",
        "timeit",
        "prun",
        "debug",
        "python",
        "python3",
        "memit",
        "mprun",
        "heat",
        "lprun",
        "snakeviz",
        "scalene",
        "skip",
        "skip_if",
        "run_if",
        "notify",
        "wandb",
        "flow_control",
        "matplotlib",
    ]
)
"""Cell magics whose body runs as Python in this kernel (or in a Python like it)."""

WHOLE_CELL_MAGICS = frozenset(["sh", "md", "sql", "scala", "r", "fs"])
"""Databricks writes these as a first line magic that makes the whole cell something else."""

SPECIAL_START = re.compile(r"[ \t]*(?:[%!?/,;]|.*=\s*[%!]|.*\?\s*(?:#.*)?$|>>> |In \[)")
CALL = re.compile(r"get_ipython\(\)\.(run_line_magic|system|getoutput|run_cell_magic)\(.*", re.S)
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises on hostile text: nul bytes are ValueError, deep nesting the last two."""


@functools.cache
def ipython_transformer() -> ModuleType:
    """IPython's ``inputtransformer2``, loaded alone: importing all of IPython takes seconds."""
    package = importlib.util.find_spec("IPython")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "core" / "inputtransformer2.py"
    spec = importlib.util.spec_from_file_location("jupyter_mlpack._inputtransformer2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.lru_cache(maxsize=512)
def parse_python(text: str) -> ast.Module | None:
    """``text`` as a syntax tree (shared: nobody changes it), or ``None`` if it is no Python (or too much of it)."""
    if len(text) > MAX_CELL:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except UNPARSABLE:
        return None


def read_cell(number: int, source: str, tags: Iterable[str] = ()) -> Cell:
    """The cell ``number`` (counted from 1 over all cells) with ``source``; never raises on any text."""
    if len(source) > MAX_CELL:
        return Cell(number, source, "", tags=frozenset(tags), parses=False)
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    python, magics = _split(lines, 0)
    text = "\n".join(python)
    parses = parse_python(text) is not None
    if not parses:
        text = "\n".join(_import_lines(python))
    return Cell(number, source, text, tuple(magics), frozenset(tags), parses)


def _split(lines: list[str], first: int) -> tuple[list[str], list[Magic]]:
    """Python lines and magics of ``lines``; ``first`` is how many lines of the cell stand above them."""
    start = next(
        (index for index, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), None
    )
    if start is None:
        return lines, []
    head = lines[start].strip()
    if head.startswith("%%") or (head[1:].split(" ")[0] in WHOLE_CELL_MAGICS and head.startswith("%")):
        name, _, arguments = head.lstrip("%").partition(" ")
        magic = Magic(name, arguments.strip(), first + start + 1, "\n".join(lines[start + 1 :]))
        if name not in PYTHON_MAGICS:
            return [""] * len(lines), [magic]
        below, magics = _split(lines[start + 1 :], first + start + 1)
        return [""] * (start + 1) + below, [Magic(name, arguments.strip(), first + start + 1), *magics]
    if not any(SPECIAL_START.match(line) for line in lines):
        return _dedent(lines), []
    try:
        return _by_tokens(lines, first)
    except (SyntaxError, RuntimeError, ValueError, IndexError, tokenize.TokenError):
        return _by_lines(lines, first)


def _dedent(lines: list[str]) -> list[str]:
    """A pasted cell may be indented as a whole; IPython takes that away too."""
    first = next((line for line in lines if line.strip()), "")
    return textwrap.dedent("\n".join(lines)).split("\n") if first[:1] in (" ", "\t") else lines


def _by_tokens(lines: list[str], first: int) -> tuple[list[str], list[Magic]]:
    """Blank out one magic after the other, as IPython's ``do_token_transforms`` does, keeping the number of lines."""
    transformer = ipython_transformer()
    code = [line + "\n" for line in _dedent(lines)]
    code = transformer.ipython_prompt(transformer.classic_prompt(code))
    magics: list[Magic] = []
    for _ in range(max(1, MAX_LINES_TOKENISED // len(code))):
        found = _earliest(transformer, code)
        if found is None:
            return [line.rstrip("\n") for line in code], magics
        changed = found.transform(code)
        row = found.start_line
        changed[row], magic = _neutral(changed[row], first + row + 1)
        magics += [magic] if magic else []
        code = [*changed[: row + 1], *["\n"] * (len(code) - len(changed)), *changed[row + 1 :]]
    rest, more = _by_lines([line.rstrip("\n") for line in code], first)
    return rest, magics + more


def _earliest(transformer: ModuleType, code: list[str]) -> Any:
    tokens = transformer.make_tokens_by_line(code)
    kinds = (transformer.MagicAssign, transformer.SystemAssign, transformer.EscapedCommand, transformer.HelpEnd)
    candidates = [found for kind in kinds if (found := kind.find(tokens)) is not None]
    return min(candidates, key=lambda found: found.sortby(), default=None)


def _neutral(line: str, number: int) -> tuple[str, Magic | None]:
    """A transformed line with its IPython call blanked out, and the magic that it was."""
    call = CALL.search(line)
    tree = parse_python(call.group().strip()) if call else None
    if call is None or tree is None:
        return line, None
    statement = tree.body[0]
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return line, None
    texts = [argument.value for argument in statement.value.args if isinstance(argument, ast.Constant)]
    if not texts:
        return line, None
    blank = "...\n" if not line[: call.start()].strip() else "None\n"
    if call.group(1) in ("system", "getoutput"):
        magic = Magic("!", str(texts[0]), number)
    else:
        magic = Magic(str(texts[0]), str(texts[1]) if len(texts) > 1 else "", number)
    return line[: call.start()] + blank, magic


def _by_lines(lines: list[str], first: int) -> tuple[list[str], list[Magic]]:
    """The plain reading: a line whose first character is ``%`` or ``!`` is a magic, a backslash continues it."""
    python, magics, row = list(lines), [], 0
    while row < len(lines):
        text, begin = lines[row].strip(), row
        if text[:1] in ("%", "!") or text[:1] == "?":
            while text.endswith("\\") and row + 1 < len(lines):
                row += 1
                text = text[:-1] + " " + lines[row].strip()
            python[begin] = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())] + "..."
            python[begin + 1 : row + 1] = [""] * (row - begin)
            magics.append(_line_magic(text, first + begin + 1))
        row += 1
    return python, magics


def _line_magic(text: str, number: int) -> Magic:
    if text.startswith("%"):
        name, _, arguments = text.lstrip("%").partition(" ")
        return Magic(name, arguments.strip(), number)
    return Magic("!" if text.startswith("!") else "pinfo", text.lstrip("!?").strip(), number)


def _import_lines(lines: list[str]) -> list[str]:
    """Only those lines that are imports by themselves; all others blank."""
    kept = []
    for line in lines:
        text = line.strip()
        keep = text.startswith(("import ", "from ")) and parse_python(text) is not None
        kept.append(text if keep else "")
    return kept
