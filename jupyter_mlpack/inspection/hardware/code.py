"""Code cells -> signs of the hardware they need, told from the syntax tree: comments and plain text never count.

A use below a question (``if torch.cuda.is_available():``, ``"cuda" if ... else "cpu"``, ``try``) also runs without;
a question whose other branch gives up (``raise``, ``exit``) is a need. What is passed to, or decorated by, an SDK
that starts work elsewhere belongs there and is not looked at.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.hardware import uses
from jupyter_mlpack.inspection.hardware.facts import longest_prefix, names, words
from jupyter_mlpack.inspection.hardware.signal import RULES, Signal, Strength
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.syntax import LEAVES, children, nodes_of, parse_python
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Evidence, Location

GIVES_UP = frozenset(["exit", "sys.exit", "quit", "SystemExit"])
SHELL_TOOLS = {"nvidia-smi": "cuda", "nvcc": "cuda", "rocm-smi": "rocm", "amd-smi": "rocm", "hl-smi": "gaudi"}
NEURON_TOOLS = ("neuron-ls", "neuron-top", "neuronx-cc", "optimum-cli export neuron")
SHELL_TOOLS |= dict.fromkeys(NEURON_TOOLS, "neuron")
PROGRAM_WORDS = ("device", *SHELL_TOOLS)
DEVICE_OPTION = pattern(r"device(?:=|\s+)[\"']?(cuda|hpu)\b")
"""``train.py --policy.device=cuda``"""

TELLING = (
    "cuda", "gpu", "tpu", "xla", "device", "hpu", "habana", "mps", "neuron", "hip", "hsa_", "rocr", "4bit", "8bit",
    "fp16", "bitsandbytes", "flash_attention", "accelerator", "client(", "@",
)  # fmt: skip
"""Without one of these a cell says nothing but what it imports; walking through all of them takes ten times as long."""

SPEAKING = frozenset(
    [ast.Import, ast.ImportFrom, ast.Call, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.IfExp]
)
SENDING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Call)


@dataclass(frozen=True)
class Scope:
    """The cell of a walk, and what the notebook's own names mean."""

    path: str
    cell: int
    answers: frozenset[str]

    def signal(self, found: uses.Use, node: ast.AST, *, asked: bool = False) -> Signal:
        """``found`` at ``node``; below a question it is weaker."""
        kind, strength, text = found
        strength = max(strength, Strength.ASKED) if asked else strength
        place = Location(self.path, self.cell, getattr(node, "lineno", None))
        return Signal(kind, strength, Evidence(RULES[strength], place, text[:200]))


def code_signals(path: str, cells: Sequence[Cell], imports: Iterable[Import]) -> Iterator[Signal]:
    """The signs in all cells, and in what is imported (in cells and in local files that were followed).

    Only cells that hold a telling word are walked through, and of these the statements that do; of the others the
    imports are all there is to know.
    """
    imports = tuple(imports)
    told = {cell.number: tree for cell in cells if _is_telling(cell.python) and (tree := parse_python(cell.python))}
    answers = frozenset(name for cell in cells if cell.number in told for name in _answers(cell))
    remote = any(_is_remote(found.module) for found in imports)
    cells_by_number = {cell.number: cell for cell in cells}
    for number, tree in told.items():
        for statement in _telling(cells_by_number[number].python, tree):
            yield from _walk(statement, Scope(path, number, answers), remote=remote)
    yield from _imported(found for found in imports if found.evidence.location.cell not in told)
    for cell in cells:
        yield from _shell(path, cell)


def _is_telling(python: str) -> bool:
    text = python.lower()
    return any(word in text for word in TELLING)


def _telling(python: str, tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements with a telling word, or an import, in their lines (those of their decorators among them)."""
    lines = python.split("\n")
    for statement in tree.body:
        first = min(node.lineno for node in (statement, *getattr(statement, "decorator_list", ())))
        text = "\n".join(lines[first - 1 : statement.end_lineno])
        if "import" in text or _is_telling(text):
            yield statement


def _imported(imports: Iterable[Import]) -> Iterator[Signal]:
    for found in imports:
        use = _module(found.module)
        if use is not None:
            kind, strength, text = use
            strength = max(strength, Strength.ASKED) if found.optional else strength
            yield Signal(kind, strength, replace(found.evidence, rule=RULES[strength], text=text))


def _walk(tree: ast.AST, scope: Scope, *, remote: bool) -> Iterator[Signal]:
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, asked = waiting.pop()
        kind = type(node)
        if kind in LEAVES or (remote and isinstance(node, SENDING) and _belongs_elsewhere(node)):
            continue
        for found in _found(node) if kind in SPEAKING else ():
            yield scope.signal(found, node, asked=asked)
        if isinstance(node, (ast.If, ast.Assert)) and _must(node, scope):
            yield from (scope.signal(found, node) for found in _demanded(node))
        if isinstance(node, (ast.If, ast.IfExp, ast.Try)):
            waiting.extend(reversed(list(_below(node, scope, asked=asked))))
        else:
            waiting += [(child, asked) for child in reversed(children(node))]


def _found(node: ast.AST) -> Iterator[uses.Use]:
    if isinstance(node, ast.Import):
        yield from (use for alias in node.names if (use := _module(alias.name)))
    elif isinstance(node, ast.ImportFrom) and not node.level:
        found = [use for alias in node.names if (use := _module(f"{node.module}.{alias.name}"))]
        yield from ((kind, strength, f"import {node.module}") for kind, strength, _ in found[:1])
    else:
        yield from uses.find_uses(node)


@functools.lru_cache(maxsize=4096)
def _module(module: str) -> uses.Use | None:
    kind = longest_prefix(names("modules"), module)
    if kind:
        return kind, Strength.SURE, f"import {module}"
    if longest_prefix(names("takes"), module):
        return "cuda", Strength.ASKED, f"import {module}"
    if _is_remote(module):
        return "remote", Strength.SURE, f"import {module}"
    top = module.split(".", maxsplit=1)[0]
    return ("cuda", Strength.FRAMEWORK, f"import {top}") if top in words("frameworks", "modules") else None


def _is_remote(module: str) -> bool:
    parts = module.split(".")
    known = words("remote", "modules")
    return any(".".join(parts[:end]) in known for end in range(1, len(parts) + 1))


def _below(node: ast.If | ast.IfExp | ast.Try, scope: Scope, *, asked: bool) -> Iterator[tuple[ast.AST, bool]]:
    """The children, each with whether a question stands above it."""
    if isinstance(node, ast.Try):
        survives = not all(_gives_up(handler.body) for handler in node.handlers)
        yield from ((child, asked or survives) for child in node.body)
        yield from ((child, asked) for child in (*node.handlers, *node.orelse, *node.finalbody))
        return
    inner = asked or uses.asks(node.test, scope.answers) or _has_cpu(node)
    yield node.test, asked
    for branch in (node.body, node.orelse):
        yield from ((child, inner) for child in (branch if isinstance(branch, list) else [branch]))


def _has_cpu(node: ast.If | ast.IfExp) -> bool:
    """``"cuda" if anything else "cpu"``: whatever is asked, a CPU will do."""
    branches = (node.body, node.orelse) if isinstance(node, ast.IfExp) else ()
    return any(isinstance(branch, ast.Constant) and branch.value == "cpu" for branch in branches)


def _gives_up(statements: Iterable[ast.stmt]) -> bool:
    """Whether these statements end with the notebook: a ``raise`` or an ``exit()`` among them."""
    return any(
        isinstance(one, ast.Raise)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and uses.dotted(one.value.func) in GIVES_UP)
        for one in statements
    )


def _must(node: ast.If | ast.Assert, scope: Scope) -> bool:
    """A question whose answer "no" ends the notebook."""
    if not uses.asks(node.test, scope.answers):
        return False
    if isinstance(node, ast.Assert):
        return True
    refused = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    return _gives_up(node.body if refused else node.orelse)


def _demanded(node: ast.If | ast.Assert) -> Iterator[uses.Use]:
    asked = [use for child in ast.walk(node.test) for use in uses.find_uses(child)]
    yield from ((kind, Strength.SURE, text) for kind, _, text in asked[:1])


def _answers(cell: Cell) -> Iterator[str]:
    """Names that hold the answer to a question: ``use_gpu = torch.cuda.is_available()``."""
    if not any(question.rsplit(".", 1)[-1] in cell.python for question in words("code", "questions")):
        return
    for node in nodes_of(cell.python, ast.Assign):
        if uses.is_question(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _belongs_elsewhere(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Call) -> bool:
    """A call that starts work elsewhere, or a function that an SDK's decorator sends away."""
    if not isinstance(node, ast.Call):
        marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
        return any(uses.dotted(mark) in words("remote", "decorators") for mark in marks)
    sent = any(word.arg in uses.SENT_WITH for word in node.keywords)
    return sent and uses.dotted(node.func).rsplit(".", 1)[-1] in words("remote", "calls")


def _shell(path: str, cell: Cell) -> Iterator[Signal]:
    """Programs of one vendor; they fail softly, so they only say what the author had."""
    for magic in cell.magics:
        text = f"{magic.arguments}\n{magic.body}" if magic.name in ("!", "bash", "sh", "sx", "system") else ""
        for kind, strength, found in _programs(text):
            place = Location(path, cell.number, magic.line)
            yield Signal(kind, strength, Evidence(RULES[strength], place, found))


def _programs(text: str) -> Iterator[uses.Use]:
    if not any(word in text for word in PROGRAM_WORDS):
        return
    for line in (line.strip() for line in text.split("\n")):
        option = None if line.startswith("#") else DEVICE_OPTION.search(line)
        if option:
            yield uses.KINDS[option.group(1)], Strength.SURE, line[:200]
        for tool, kind in SHELL_TOOLS.items():
            if re.match(rf"(?:[^#]*[;&|(]\s*)?{re.escape(tool)}\b", line):
                yield kind, Strength.SURE if kind == "neuron" else Strength.ASKED, tool
