"""Lines of a cell -> Python lines and magics. Each magic becomes ``...`` in place: line numbers stay.

First all lines that look like magics are replaced at once, and Python's parser says whether each stood where a
statement may begin: a line that starts with ``%`` inside an open bracket or a text is no magic. What that cannot decide
(help with ``?``, a cell that is no Python) is left to IPython's own token transformers, and what they cannot tell, or
what would cost too much, to the look of each line.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.syntax import nodes_of, parse_python
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Magic

PYTHON_MAGICS = frozenset([
    "capture", "time", "timeit", "prun", "debug", "python", "python3", "memit", "mprun", "heat", "lprun", "snakeviz",
    "scalene", "skip", "skip_if", "run_if", "notify", "wandb", "flow_control", "matplotlib",
])  # fmt: skip
"""Cell magics whose body runs as Python in this kernel (or in a Python like it)."""

WHOLE_CELL_MAGICS = frozenset(["sh", "md", "sql", "scala", "r", "fs"])
"""Databricks writes these as a first line magic that makes the whole cell something else."""

SPECIAL_START = pattern(r"[ \t]*(?:[%!?/,;]|[^=\n]*=\s*[%!]|>>> |In \[)")
HELP_END = pattern(r"\?\s*(?:#[^\n]*)?$")
PROMPT = pattern(r"\s*(?:>>>|In \[|\.{3,}:)")
ASSIGNED = pattern(r"([\w.,* \t]+=[ \t]*)([%!](?!=).*)", re.S)
CALL = pattern(r"get_ipython\(\)\.(run_line_magic|system|getoutput|run_cell_magic)\(.*", re.S)
MAX_LEVELS = 20
"""Cell magics inside cell magics."""


@dataclass
class Budget:
    """What reading one notebook may still cost; it only shrinks.

    ``parsed``, ``tokenised`` and ``skimmed`` are characters given to Python's parser, to IPython's tokenizer (which
    starts anew for each magic) and to the plain reading; ``nodes`` are those of all syntax trees: ten rules look at
    each. ``magics`` is how many are kept, ``imports`` how many import lines of cells that are no Python are tried.
    ``cut`` is the number of the first cell of which magics were left out, 0 for none.
    """

    parsed: int = 400_000
    nodes: int = 30_000
    tokenised: int = 250_000
    skimmed: int = 4_000_000
    magics: int = 1_000
    imports: int = 1_000
    cut: int = 0


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


def split_magics(lines: list[str], budget: Budget, first: int = 0, levels: int = MAX_LEVELS) -> Split:
    """Python lines and magics of ``lines``; ``first`` is how many lines of the cell stand above them."""
    start = next((index for index, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"), None)
    if start is None:
        return lines, []
    head = lines[start].strip()
    if head.startswith("%%") or (head.startswith("%") and head[1:].split(" ")[0] in WHOLE_CELL_MAGICS):
        name, _, arguments = head.lstrip("%").partition(" ")
        if name not in PYTHON_MAGICS or levels == 0:
            body = "\n".join(lines[start + 1 :])
            return [""] * len(lines), [Magic(name, arguments.strip(), first + start + 1, body)]
        below, magics = split_magics(lines[start + 1 :], budget, first + start + 1, levels - 1)
        return [""] * (start + 1) + below, [Magic(name, arguments.strip(), first + start + 1), *magics]
    lines = _dedent(lines)
    return _at_once(lines, first) or _by_tokens(lines, first, budget)


def split_lines(lines: list[str], first: int = 0, most: int = 20_000) -> Split:
    """The plain reading: a line whose first character is ``%`` or ``!`` is a magic, a backslash continues it."""
    python, row = list(lines), 0
    magics: list[Magic] = []
    while row < len(lines) and len(magics) < most:
        begin = row
        if lines[row].lstrip()[:1] in ("%", "!", "?"):
            text, row = _continued(lines, row)
            _blank(python, begin, row, _indent(lines[begin]) + "...")
            magics.append(_line_magic(text, first + begin + 1))
        row += 1
    return python, magics


Split = tuple[list[str], list[Magic]]


def _dedent(lines: list[str]) -> list[str]:
    """A pasted cell may be indented as a whole; IPython takes that away too."""
    first = next((line for line in lines if line.strip()), "")
    if first[:1] not in (" ", "\t"):
        return lines
    from textwrap import dedent

    return dedent("\n".join(lines)).split("\n")


def _at_once(lines: list[str], first: int) -> Split | None:
    """All magics in one step; ``None`` where only IPython can tell."""
    if any(PROMPT.match(line) for line in lines[:2]):
        return None
    python, found = _replaced(lines, first)
    wrong = _misplaced(python, found)
    if wrong and len(wrong) < len(found):
        python, found = _replaced(lines, first, keep=frozenset(wrong))
        wrong = _misplaced(python, found)
    if wrong == []:
        return python, list(found.values())
    return (lines, []) if parse_python("\n".join(lines)) is not None else None


def _replaced(lines: list[str], first: int, keep: frozenset[int] = frozenset()) -> tuple[list[str], dict[int, Magic]]:
    """The lines with all that look like magics blanked out, and these by row; the rows in ``keep`` stay."""
    python, found, row = list(lines), {}, 0
    while row < len(lines):
        begin, line = row, lines[row]
        if row not in keep and line.lstrip()[:1] in ("%", "!"):
            text, row = _continued(lines, row)
            _blank(python, begin, row, _indent(line) + "...")
            found[begin] = _line_magic(text, first + begin + 1)
        elif row not in keep and ("%" in line or "!" in line) and (assigned := ASSIGNED.fullmatch(line)):
            text, row = _continued(lines, row)
            _blank(python, begin, row, assigned[1] + "None")
            found[begin] = _line_magic(text[assigned.start(2) :], first + begin + 1)
        row += 1
    return python, found


def _misplaced(python: list[str], found: dict[int, Magic]) -> list[int] | None:
    """Rows whose replacement is no statement of its own; ``None`` if the whole is no Python."""
    text = "\n".join(python)
    if parse_python(text) is None:
        return None
    if not found:
        return []
    places = {node.lineno - 1 for node in nodes_of(text, ast.Expr) if _is(node.value, ...)}
    places |= {node.lineno - 1 for node in nodes_of(text, ast.Assign) if _is(node.value, None)}
    return [row for row in found if row not in places]


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _by_tokens(lines: list[str], first: int, budget: Budget) -> Split:
    """As IPython reads it, or line by line where it gives up or takes too long."""
    if not any(SPECIAL_START.match(line) or HELP_END.search(line[-200:]) for line in lines):
        return lines, []
    from tokenize import TokenError

    try:
        return _one_by_one(lines, first, budget)
    except (SyntaxError, RuntimeError, ValueError, IndexError, AssertionError, TokenError):
        return split_lines(lines, first, budget.magics + 1)


def _one_by_one(lines: list[str], first: int, budget: Budget) -> Split:
    """Blank out one magic after the other, as IPython's ``do_token_transforms`` does, keeping the number of lines."""
    transformer = ipython_transformer()
    code = [line + "\n" for line in lines]
    code = transformer.ipython_prompt(transformer.classic_prompt(code))
    magics: list[Magic] = []
    size = sum(map(len, code))
    while budget.tokenised >= size:
        budget.tokenised -= size
        found = _earliest(transformer, code)
        if found is None:
            return [line.rstrip("\n") for line in code], magics
        changed = found.transform(code)
        row = found.start_line
        changed[row], magic = _neutral(changed[row], first + row + 1)
        magics += [magic] if magic else []
        code = [*changed[: row + 1], *["\n"] * (len(code) - len(changed)), *changed[row + 1 :]]
    rest, more = split_lines([line.rstrip("\n") for line in code], first, budget.magics + 1)
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
    statement = tree.body[0] if tree and tree.body else None
    if call is None or not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
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


def _continued(lines: list[str], row: int) -> tuple[str, int]:
    """The line at ``row`` joined with those that a backslash adds, and the row of the last."""
    parts = [lines[row].rstrip()]
    while parts[-1].endswith("\\") and row + 1 < len(lines):
        row += 1
        parts.append(lines[row].rstrip())
    return " ".join([*(part[:-1] for part in parts[:-1]), parts[-1]]), row


def _blank(python: list[str], begin: int, end: int, text: str) -> None:
    python[begin] = text
    python[begin + 1 : end + 1] = [""] * (end - begin)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _line_magic(text: str, number: int) -> Magic:
    text = text.strip()
    if text.startswith("%"):
        name, _, arguments = text.lstrip("%").partition(" ")
        return Magic(name, arguments.strip(), number)
    return Magic("!" if text.startswith("!") else "pinfo", text.lstrip("!?").strip(), number)
