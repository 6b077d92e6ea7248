"""Names in syntax trees: where an expression begins, what a target binds, what a body reads of the notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_mlpack.inspection.paths import called, dotted
from jupyter_mlpack.inspection.serving import words
from jupyter_mlpack.inspection.syntax import children

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def root(node: ast.AST) -> str:
    """``model`` for ``model.layers[0].weights`` and ``model.eval().to(device)``; empty if it begins with no name."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func
        else:
            return ""


def target_names(node: ast.AST) -> Iterator[str]:
    """The plain names that an assignment to ``node`` binds."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, (ast.Tuple, ast.List)):
        for part in node.elts:
            yield from target_names(part)
    elif isinstance(node, ast.Starred):
        yield from target_names(node.value)


def parameters_of(node: ast.AST) -> list[str]:
    """The names of the parameters of a function or lambda, positional ones first."""
    given = getattr(node, "args", None)
    if not isinstance(given, ast.arguments):
        return []
    rest = (given.vararg, given.kwarg)
    return [entry.arg for entry in (*given.posonlyargs, *given.args, *given.kwonlyargs, *(one for one in rest if one))]


def free_names(node: ast.AST) -> set[str]:
    """The names of the notebook that the body of a function or lambda reads when it is called."""
    own, reads, said = set(parameters_of(node)), set[str](), set[str]()
    body = getattr(node, "body", [])
    stack: list[ast.AST] = list(body) if isinstance(body, list) else [body]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name):
            (reads if isinstance(part.ctx, ast.Load) else own).add(part.id)
        elif isinstance(part, (*FUNCTIONS, ast.Lambda)):
            own |= {part.name} if not isinstance(part, ast.Lambda) else set()
            reads |= free_names(part)
            given = part.args
            stack += [*given.defaults, *(one for one in given.kw_defaults if one)]
            stack += [] if isinstance(part, ast.Lambda) else part.decorator_list
        elif isinstance(part, ast.ClassDef):
            own.add(part.name)
            stack += children(part)
        elif isinstance(part, ast.Global):
            said |= set(part.names)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            own |= {(entry.asname or entry.name).partition(".")[0] for entry in part.names}
        elif isinstance(part, ast.ExceptHandler):
            own |= {part.name} if part.name else set()
            stack += children(part)
        else:
            stack += children(part)
    return (reads - own) | (reads & said) | said


def objects_in(node: ast.AST) -> set[str]:
    """The names of the objects that are written with ``node``: not those of which only the numbers are."""
    found, stack = set(), [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Call) and called(part) == words.STATE:
            continue
        found |= {part.id} if isinstance(part, ast.Name) else set()
        stack += children(part)
    return found


def made_of(node: ast.AST) -> set[tuple[str, bool]]:
    """The names that a value is made of, each with whether it is called; data to learn from is left out."""
    found: set[tuple[str, bool]] = set()
    stack: list[ast.AST] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name):
            found.add((part.id, False))
        elif isinstance(part, ast.Call):
            learns = called(part) in words.TRAINS and isinstance(part.func, ast.Attribute)
            if isinstance(part.func, ast.Name):
                found.add((part.func.id, True))
            else:
                stack.append(part.func)
            stack += [] if learns else [*part.args, *(word.value for word in part.keywords)]
        else:
            stack += children(part)
    return found


def changes_by_word(node: ast.Call) -> bool:
    """``frame.drop(..., inplace=True)``."""
    return any(
        word.arg == "inplace" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in node.keywords
    )


def is_ambient(node: ast.AST) -> bool:
    """Whether a call of, or an assignment to ``node`` changes what all below it does."""
    name = dotted(node) or dotted(getattr(node, "value", node))
    return name.startswith(words.AMBIENT)
