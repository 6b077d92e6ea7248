"""Functions that a notebook defines but that run elsewhere: in a container, on a service, in another environment.

What they import is installed there, not in the notebook's image. Source: the documentation of Kubeflow Pipelines,
Azure ML, SageMaker, Modal, Airflow and Flyte.
"""

from __future__ import annotations

import ast

from jupyter_mlpack.inspection.syntax import nodes_of
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell

DECORATORS = frozenset(["component", "container_component", "command_component", "func_to_container_op"])
"""Decorators of a function that becomes a step of its own."""

ENVIRONMENTS = frozenset(
    ["base_image", "packages_to_install", "image", "image_uri", "container_image", "instance_type", "pip_packages"]
)
"""Keywords by which a decorator is told what the function runs in."""

TASKS = frozenset(["virtualenv", "docker", "kubernetes", "external_python"])
"""``@task.docker`` and its like."""

MAKERS = frozenset(["create_component_from_func", "create_component_from_func_v2", "func_to_container_op"])
"""Calls that make a step of the function they are given."""

MAKES = pattern("|".join(sorted(MAKERS)))


def sent_away(cells: tuple[Cell, ...]) -> frozenset[str]:
    """The names of functions that are handed to one of ``MAKERS``."""
    calls = (
        node
        for cell in cells
        if MAKES.search(cell.python)
        for node in nodes_of(cell.python, ast.Call)
        if _name(node.func) in MAKERS
    )
    given = (value for call in calls for value in (*call.args[:1], *(word.value for word in call.keywords)))
    return frozenset(value.id for value in given if isinstance(value, ast.Name))


def is_remote(node: ast.FunctionDef | ast.AsyncFunctionDef, elsewhere: frozenset[str]) -> bool:
    """Whether the function runs elsewhere: by its name, or by a decorator that says in what."""
    return node.name in elsewhere or any(_sends_away(decorator) for decorator in node.decorator_list)


def _sends_away(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    words = decorator.keywords if isinstance(decorator, ast.Call) else []
    owner = _name(function.value) if isinstance(function, ast.Attribute) else ""
    told = any(word.arg in ENVIRONMENTS for word in words)
    return told or _name(function) in DECORATORS or (owner == "task" and _name(function) in TASKS)


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
