"""setup.cfg, and setup.py as far as its literals go: it is read as a syntax tree and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.declarations.page import Entry, Page, Reading, UnreadablePageError

NAMES = ("install_requires", "python_requires", "extras_require", "setup_requires")


def read_setup_cfg(page: Page) -> Reading:
    """``[options]`` and ``[options.extras_require]``."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(page.text)
    except (configparser.Error, ValueError) as error:
        raise UnreadablePageError("it is no file of sections and keys") from error
    options = dict(parser["options"]) if parser.has_section("options") else {}
    groups = dict(parser["options.extras_require"]) if parser.has_section("options.extras_require") else {}
    python = options.get("python_requires", "")
    listed = [(options.get("install_requires", ""), ""), *((text, name) for name, text in groups.items())]
    entries = (
        (line.strip(), page.line_of(line.strip()), name)
        for text, name in listed
        for line in (text or "").splitlines()
        if line.strip() and not line.strip().startswith(("#", "file:"))
    )
    claims = (page.python_claim(python, page.line_of("python_requires")),) if python else ()
    return Reading(requirements=page.requirements(entries), python=claims)


def read_setup_py(page: Page) -> Reading:
    """The literal arguments of ``setup(...)``, also those that stand as a literal in a module variable."""
    tree = parse_python(page.text)
    if tree is None:
        raise UnreadablePageError("it is no Python that this version reads, or too long")
    arguments = dict(_arguments(tree))
    python = arguments.get("python_requires")
    said = python.value if isinstance(python, ast.Constant) else None
    claims = (page.python_claim(said, python.lineno),) if python is not None and isinstance(said, str) else ()
    return Reading(requirements=page.requirements(_entries(arguments)), python=claims)


def _entries(arguments: dict[str, ast.expr]) -> Iterator[Entry]:
    yield from _strings(arguments.get("install_requires"), "")
    extras = arguments.get("extras_require")
    if isinstance(extras, ast.Dict):
        for key, listed in zip(extras.keys, extras.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from _strings(listed, key.value)


def _strings(node: ast.expr | None, group: str) -> Iterator[Entry]:
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value, item.lineno, group


def _arguments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    variables = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (
            getattr(node.func, "id", "") == "setup" or getattr(node.func, "attr", "") == "setup"
        ):
            for word in node.keywords:
                if word.arg in NAMES:
                    value = word.value
                    yield word.arg, variables.get(value.id, value) if isinstance(value, ast.Name) else value
