"""Secrets: names that a notebook asks its surroundings for, and tokens that stand in its text.

A token is never quoted, not even in part: a notice says which kind it looks like and in which cell it stands.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.values import Cell, Evidence, Location, Notice, Secret

TOKENS = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b")),
    ("a Hugging Face token", re.compile(r"\bhf_[A-Za-z0-9]{30,}\b")),
    ("an OpenAI or Anthropic key", re.compile(r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{20,}")),
    ("a GitLab token", re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in an address", re.compile(r"://(?:[^/\s:@{}$'\"]+:[^/\s:@{}$'\"]{4,}|[^/\s:@{}$'\"]{12,})@")),
)
SECRET_NAME = re.compile(r"(api_?key|token|secret|passw(or)?d|access_?key|private_?key|auth)", re.I)
READS = frozenset(["getenv", "get", "get_secret", "getpass", "getpass_env", "pop", "setdefault"])
OWNERS = frozenset(["environ", "os", "userdata", "UserSecretsClient", "user_secrets", "secrets"])
PLACEHOLDER = re.compile(r"your|xxx|<|>|\.\.\.|\*\*\*|insert|replace|example|dummy|change|todo|none|test|my[-_]", re.I)


@dataclass(frozen=True)
class Secrets:
    """The secrets that a notebook asks for, and warnings of those that stand in it."""

    found: tuple[Secret, ...]
    notices: tuple[Notice, ...]


def find_secrets(path: str, cells: Iterable[Cell]) -> Secrets:
    """The secrets that a notebook reads, by name, and a warning for each that it holds."""
    names: dict[str, Location] = {}
    literal: list[Notice] = []
    for cell in cells:
        for kind, line in _tokens(cell):
            text = (
                f"Cell {cell.number} seems to hold {kind}. All who have the image could read it; use the environment."
            )
            literal.append(Notice("secret-literal", text, Location(path, cell.number, line)))
        for name, line in _names(cell):
            names.setdefault(name, Location(path, cell.number, line))
    asked = [
        Notice("secret-name", f"The notebook reads {name} from its surroundings; give it to the job.", at)
        for name, at in names.items()
    ]
    found = (Secret(name, "environment", (Evidence("SEC1", at, name),)) for name, at in names.items())
    return Secrets(tuple(found), (*dict.fromkeys(literal), *asked))


def holds_secret(name: str, value: object) -> bool:
    """Whether a literal called ``name`` is, or looks like, a password or a token."""
    known = isinstance(value, str) and any(pattern.search(value[:10_000]) for _, pattern in TOKENS)
    return known or bool(SECRET_NAME.search(name) and _looks_secret(value))


def _tokens(cell: Cell) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(cell.source.split("\n"), 1):
        yield from ((kind, number) for kind, pattern in TOKENS if pattern.search(line[:10_000]))
    tree = parse_python(cell.python)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            target = node.targets[0]
            name = target.id if isinstance(target, ast.Name) else _key(target) or ""
            if SECRET_NAME.search(name) and _looks_secret(node.value.value):
                yield f"a secret called {name}", node.lineno


def _looks_secret(value: object) -> bool:
    """Long, without spaces, letters and digits mixed: no word and no placeholder."""
    if not isinstance(value, str) or len(value) < 16 or re.search(r"[\s/]", value) or PLACEHOLDER.search(value):
        return False
    return bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value))


def _names(cell: Cell) -> Iterator[tuple[str, int]]:
    tree = parse_python(cell.python)
    for node in ast.walk(tree) if tree else ():
        name: object = None
        if isinstance(node, ast.Call) and _reads(node):
            first = node.args[0] if node.args else None
            name = first.value if isinstance(first, ast.Constant) else None
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and getattr(node.value, "attr", getattr(node.value, "id", "")) == "environ"
        ):
            name = _key(node)
        if isinstance(name, str) and re.match(r"^\w{2,100}$", name):
            yield name, node.lineno  # type: ignore[attr-defined]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "getpass":
            yield "a password typed by hand", node.lineno


def _reads(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Name):
        return node.func.id == "getenv"
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in READS:
        return False
    owner = node.func.value.func if isinstance(node.func.value, ast.Call) else node.func.value
    return node.func.attr == "getenv" or getattr(owner, "attr", getattr(owner, "id", "")) in OWNERS


def _key(node: ast.expr) -> str | None:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return None
