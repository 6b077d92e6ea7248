"""Secrets: what a notebook asks its surroundings for, by name, and tokens that stand in its text.

A token is never quoted, not even in part: a notice says which kind it looks like and in which line it stands. What is
read from the environment but is no secret by its name (``EPOCHS``) is told as a setting of the job.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, cast

from jupyter_mlpack.frozen import dataclass, is_dataclass, replace
from jupyter_mlpack.inspection.asked import Asked, asked_by_cells, asked_by_file
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.inspection.tokens import any_token, find_tokens, looks_secret, mask
from jupyter_mlpack.values import Cell, Claim, Evidence, Json, Location, Notice, Secret

__all__ = ["Secrets", "find_in_prose", "find_secrets", "holds_secret", "mask", "without_secrets"]

T = TypeVar("T")
TOLD = frozenset(["text", "says"])
QUOTING = (Evidence, Notice, Claim)
"""Fields that quote the notebook for people, and the classes that have them."""

MAX_SCANNED = 200
"""Local files that are searched for tokens."""

SCANNED = frozenset(
    [".py", ".ipynb", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".txt", ".sh", ".properties", ".md"]
)

HINTS = {
    "prompt": "nobody types it in a job; give it to the job as an environment variable and read that",
    "colab": "only Colab has this store; read the environment instead and give it to the job",
    "kaggle": "only Kaggle has this store; read the environment instead and give it to the job",
    "databricks": "only Databricks has this store; read the environment instead and give it to the job",
    "login": "a job cannot log in by hand; give it to the job as an environment variable",
    "client": "the client reads it from the environment; give it to the job",
    "environment": "give it to the job",
    "dotenv": "the file never goes into an image; give its variables to the job",
}
"""Source of a secret -> what is to be done; other stores answer to the identity that the job runs under."""


@dataclass(frozen=True)
class Secrets:
    """The secrets that a notebook asks for, and warnings of those that stand in it."""

    found: tuple[Secret, ...]
    notices: tuple[Notice, ...]


def find_secrets(
    path: str,
    cells: Iterable[Cell],
    modules: Iterable[tuple[str, Evidence]] = (),
    around: Surroundings | None = None,
    taken: Iterable[str] = (),
) -> Secrets:
    """The secrets that a notebook called ``path`` and its local ``modules`` read, by name; a warning for each held.

    ``taken`` are further files that go into the image; those that are settings or text are searched for tokens, too.
    """
    cells = tuple(cells)
    followed = list(dict.fromkeys(file for file, _ in modules)) if around else []
    asked = list(asked_by_cells(path, cells))
    for file in followed:
        asked += asked_by_file(file, _text(file, around) or "")
    held = any_token(cell.source for cell in cells)
    literal = [notice for cell in cells for notice in _in_cell(path, cell)] if held else []
    for file in list(dict.fromkeys((*followed, *taken)))[:MAX_SCANNED]:
        literal += _in_file(file, _text(file, around))
    secrets: dict[str, Secret] = {}
    for item in asked:
        if item.secret and item.name not in secrets:
            evidence = tuple(dict.fromkeys(other.evidence for other in asked if other.name == item.name))
            secrets[item.name] = Secret(item.name, item.source, evidence)
    notices = (*literal, *map(_asked, secrets.values()), *_settings(asked))
    return Secrets(tuple(secrets.values()), tuple(dict.fromkeys(notices)))


def without_secrets(value: T) -> T:
    """``value`` (an inspection, or a part of it) with the texts of evidence, notices and claims masked.

    Everybody's evidence quotes lines of code; this is the one place through which all of it passes.
    """
    return _masked(value) if any_token(dict.fromkeys(_told(value))) else value


def _told(value: object) -> Iterator[str]:
    """The texts in ``value`` that quote the notebook; nearly always none holds a secret, which is seen at once."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, tuple):
            waiting += value
        elif is_dataclass(value):
            entries = value.__dict__
            waiting += entries.values()
            if isinstance(value, QUOTING):
                yield from (entries[name] for name in TOLD & entries.keys())


def _masked(value: T) -> T:
    if isinstance(value, tuple):
        return cast(T, tuple(map(_masked, value)))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed: dict[str, object] = {}
    for name, old in vars(value).items():
        told = isinstance(old, str) and name in TOLD and isinstance(value, QUOTING)
        new = mask(old) if told else _masked(old)
        if new is not old and new != old:
            changed[name] = new
    return replace(value, **changed) if changed else value


def holds_secret(name: str, value: object) -> bool:
    """Whether a literal called ``name`` is, or looks like, a password or a token; what it holds is looked at, too."""
    if isinstance(value, dict):
        return any(holds_secret(str(key), item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return any(holds_secret(name, item) for item in value)
    return isinstance(value, str) and (looks_secret(name, value) or any(True for _ in find_tokens(value[:10_000])))


def _text(file: str, around: Surroundings | None) -> str | None:
    suffix = posixpath.splitext(file)[1].lower()
    return around.text(file) if around is not None and suffix in SCANNED else None


def _in_cell(path: str, cell: Cell) -> Iterator[Notice]:
    for kind, line in find_tokens(cell.source):
        text = f"Cell {cell.number} seems to hold {kind}. All who have the image could read it; use the environment."
        yield Notice("secret-literal", text, Location(path, cell.number, line))


def _in_file(file: str, text: str | None) -> Iterator[Notice]:
    for kind, line in find_tokens(text or ""):
        told = f"{file} seems to hold {kind}. All who have the image could read it; use the environment."
        yield Notice("secret-literal", told, Location(file, None, line))


def find_in_prose(path: str, content: Mapping[str, Json]) -> Iterator[Notice]:
    """Warnings of tokens in the cells of a notebook that are no code, which go into its image, too.

    ``content`` is the notebook's document (``Notebook.content``).
    """
    cells = content.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        source = cell.get("source", "") if isinstance(cell, dict) and cell.get("cell_type") != "code" else ""
        for kind, line in find_tokens(source if isinstance(source, str) else ""):
            told = f"Cell {number} (no code) seems to hold {kind}. All who have the image could read it; take it out."
            yield Notice("secret-literal", told, Location(path, number, line))


def _asked(secret: Secret) -> Notice:
    hint = HINTS.get(secret.source, "the job needs an identity that may read it there")
    where = {"environment": "its surroundings", "prompt": "the keyboard", "client": "its surroundings"}.get(
        secret.source, f"{secret.source} ({secret.evidence[0].text})"
    )
    return Notice("secret-name", f"The notebook reads {secret.name} from {where}: {hint}.", secret.evidence[0].location)


def _settings(asked: Iterable[Asked]) -> Iterator[Notice]:
    """One sentence for each variable that is no secret."""
    told: set[str] = set()
    for item in asked:
        if not item.secret and item.name not in told:
            told.add(item.name)
            unless = f" ({item.default} if it is not set)" if item.default is not None else "; give it to the job"
            text = f"The notebook reads the setting {item.name} from its environment{unless}."
            yield Notice("environment-setting", text, item.evidence.location)
