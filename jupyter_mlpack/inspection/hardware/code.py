"""Code cells -> signs of the hardware they need, told from the syntax tree: comments and plain text never count.

A use below a question (``if torch.cuda.is_available():``, ``"cuda" if ... else "cpu"``, ``try``) also runs without;
a question whose other branch gives up (``raise``, ``exit``) is a need. What is passed to, or decorated by, an SDK
that starts work elsewhere belongs there and is not looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.hardware import uses
from jupyter_mlpack.inspection.hardware.facts import longest_prefix, names, words
from jupyter_mlpack.inspection.hardware.signal import RULES, Signal, Strength
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.values import Cell, Evidence, Location

GIVES_UP = frozenset(["exit", "sys.exit", "quit", "SystemExit"])
SHELL_TOOLS = {"nvidia-smi": "cuda", "nvcc": "cuda", "rocm-smi": "rocm", "amd-smi": "rocm", "hl-smi": "gaudi"}
NEURON_TOOLS = ("neuron-ls", "neuron-top", "neuronx-cc", "optimum-cli export neuron")
SHELL_TOOLS |= dict.fromkeys(NEURON_TOOLS, "neuron")
DEVICE_OPTION = re.compile(r"device(?:=|\s+)[\"']?(cuda|hpu)\b")
"""``train.py --policy.device=cuda``"""


@dataclass(frozen=True)
class Scope:
    """Where the walk is: the cell, whether a question stands above, and what the notebook's own names mean."""

    path: str
    cell: int
    answers: frozenset[str]
    asked: bool = False

    def signal(self, found: uses.Use, node: ast.AST) -> Signal:
        """``found`` at ``node``; below a question it is weaker."""
        kind, strength, text = found
        strength = max(strength, Strength.ASKED) if self.asked else strength
        place = Location(self.path, self.cell, getattr(node, "lineno", None))
        return Signal(kind, strength, Evidence(RULES[strength], place, text[:200]))


def code_signals(path: str, cells: Iterable[Cell]) -> Iterator[Signal]:
    """The signs in all cells, in their order."""
    cells = tuple(cells)
    answers = frozenset(name for cell in cells for name in _answers(cell))
    remote = _imports_remote(cells)
    for cell in cells:
        tree = parse_python(cell.python)
        if tree is not None:
            yield from _walk(tree, Scope(path, cell.number, answers), remote=remote)
        yield from _shell(path, cell)


def import_signals(imports: Iterable[Import]) -> Iterator[Signal]:
    """What the imports of local files (followed from the notebook) tell; the cells' own are read with their scope."""
    for found in imports:
        use = _module(found.module) if found.evidence.location.cell is None else None
        if use is not None:
            kind, strength, text = use
            strength = max(strength, Strength.ASKED) if found.optional else strength
            yield Signal(kind, strength, replace(found.evidence, rule=RULES[strength], text=text))


def _walk(tree: ast.AST, scope: Scope, *, remote: bool) -> Iterator[Signal]:
    waiting: list[tuple[ast.AST, Scope]] = [(tree, scope)]
    while waiting:
        node, here = waiting.pop()
        if remote and _belongs_elsewhere(node):
            continue
        for found in _found(node):
            yield here.signal(found, node)
        if isinstance(node, (ast.If, ast.Assert)) and _must(node, here):
            yield from (replace(here, asked=False).signal(found, node) for found in _demanded(node))
        waiting.extend(reversed(list(_below(node, here))))


def _found(node: ast.AST) -> Iterator[uses.Use]:
    if isinstance(node, ast.Import):
        yield from (use for alias in node.names if (use := _module(alias.name)))
    elif isinstance(node, ast.ImportFrom) and not node.level:
        found = [use for alias in node.names if (use := _module(f"{node.module}.{alias.name}"))]
        yield from ((kind, strength, f"import {node.module}") for kind, strength, _ in found[:1])
    else:
        yield from uses.find_uses(node)


def _module(module: str) -> uses.Use | None:
    kind = longest_prefix(names("modules"), module)
    if kind:
        return kind, Strength.SURE, f"import {module}"
    if longest_prefix(names("takes"), module):
        return "cuda", Strength.ASKED, f"import {module}"
    if longest_prefix(dict.fromkeys(words("remote", "modules"), "remote"), module):
        return "remote", Strength.SURE, f"import {module}"
    top = module.split(".", maxsplit=1)[0]
    return ("cuda", Strength.FRAMEWORK, f"import {top}") if top in words("frameworks", "modules") else None


def _below(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """The children, each with whether a question stands above it."""
    asked = replace(scope, asked=True)
    if isinstance(node, (ast.If, ast.IfExp)):
        inner = asked if uses.asks(node.test, scope.answers) or _has_cpu(node) else scope
        yield node.test, scope
        branches = (node.body, node.orelse)
        for branch in branches:
            yield from ((child, inner) for child in (branch if isinstance(branch, list) else [branch]))
    elif isinstance(node, ast.Try) and not all(map(_raises, node.handlers)):
        yield from ((child, asked) for child in node.body)
        rest = (*node.handlers, *node.orelse, *node.finalbody)
        yield from ((child, scope) for child in rest)
    else:
        yield from ((child, scope) for child in ast.iter_child_nodes(node))


def _has_cpu(node: ast.If | ast.IfExp) -> bool:
    """``"cuda" if anything else "cpu"``: whatever is asked, a CPU will do."""
    branches = (node.body, node.orelse) if isinstance(node, ast.IfExp) else ()
    return any(isinstance(branch, ast.Constant) and branch.value == "cpu" for branch in branches)


def _raises(node: ast.AST) -> bool:
    return any(
        isinstance(child, ast.Raise) or (isinstance(child, ast.Call) and uses.dotted(child.func) in GIVES_UP)
        for child in ast.walk(node)
    )


def _must(node: ast.If | ast.Assert, scope: Scope) -> bool:
    """A question whose answer "no" ends the notebook."""
    if not uses.asks(node.test, scope.answers):
        return False
    if isinstance(node, ast.Assert):
        return True
    refused = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    return any(map(_raises, node.body if refused else node.orelse))


def _demanded(node: ast.If | ast.Assert) -> Iterator[uses.Use]:
    asked = [use for child in ast.walk(node.test) for use in uses.find_uses(child)]
    yield from ((kind, Strength.SURE, text) for kind, _, text in asked[:1])


def _answers(cell: Cell) -> Iterator[str]:
    """Names that hold the answer to a question: ``use_gpu = torch.cuda.is_available()``."""
    tree = parse_python(cell.python)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Assign) and uses.asks(node.value, frozenset()):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _imports_remote(cells: Iterable[Cell]) -> bool:
    trees = (parse_python(cell.python) for cell in cells)
    nodes = (node for tree in trees if tree for node in ast.walk(tree))
    return any(use[0] == "remote" for node in nodes for use in _imported(node))


def _imported(node: ast.AST) -> Iterator[uses.Use]:
    yield from _found(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else ()


def _belongs_elsewhere(node: ast.AST) -> bool:
    """A call that starts work elsewhere, or a function that an SDK's decorator sends away."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
        return any(uses.dotted(mark) in words("remote", "decorators") for mark in marks)
    if not isinstance(node, ast.Call):
        return False
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
    for line in (line.strip() for line in text.split("\n")):
        option = None if line.startswith("#") else DEVICE_OPTION.search(line)
        if option:
            yield uses.KINDS[option.group(1)], Strength.SURE, line[:200]
        for tool, kind in SHELL_TOOLS.items():
            if re.match(rf"(?:[^#]*[;&|(]\s*)?{re.escape(tool)}\b", line):
                yield kind, Strength.SURE if kind == "neuron" else Strength.ASKED, tool
