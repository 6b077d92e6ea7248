"""Runs the notebook's kept statements in one namespace, and takes the predict function out of it."""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from mlpack_server.service import Piece, Service

FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


class LoadError(Exception):
    """The notebook's cells did not come to their end; the text says where."""


def load(service: Service, wait: Callable[[Coroutine[Any, Any, Any]], Any]) -> dict[str, Callable[..., Any]]:
    """Runs the cells in order; ``wait`` runs a coroutine to its end, for cells with a top-level ``await``.

    Returns what answers, by name.

    The namespace is ``__main__``: what a notebook has pickled refers to it by that name. Exceptions of the cells pass.
    """
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    flags = 0
    for number, source in texts(service.cells):
        filename = f"cell {number}"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        code = compile(source, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | flags, dont_inherit=True)
        flags |= code.co_flags & FUTURE
        if code.co_flags & inspect.CO_COROUTINE:
            wait(eval(code, module.__dict__))
        else:
            exec(code, module.__dict__)
    return {name: callable_named(name, module.__dict__) for name in service.functions}


def callable_named(name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """A function of the cells, or a method of an object: ``model.predict``. Raises LoadError."""
    first, *rest = name.split(".")
    found = namespace.get(first)
    for part in rest:
        found = getattr(found, part, None)
    if not callable(found):
        raise LoadError(f"the cells define no function {name}")
    return found  # type: ignore[no-any-return]


def texts(pieces: tuple[Piece, ...]) -> Iterator[tuple[int, str]]:
    """Each cell's number and text, its kept lines where they stand in the notebook. Order is that of the pieces."""
    number, lines = 0, []
    for piece in pieces:
        if piece.cell != number or piece.line <= len(lines):
            if lines:
                yield number, "\n".join(lines) + "\n"
            number, lines = piece.cell, []
        lines += [""] * (piece.line - 1 - len(lines)) + piece.source.split("\n")
    if lines:
        yield number, "\n".join(lines) + "\n"
