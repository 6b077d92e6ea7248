"""Layers on disk: the metadata that is their cache key, and what runs at launch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PLAIN = re.compile(r"[A-Za-z0-9_./+=@ -]+")
LINE = re.compile(r'\s*([a-z-]+) = "([^"\\]*)"')
LONGEST = 8192  # characters; layer metadata travels in a label of the image


def read_metadata(layers: Path, name: str) -> dict[str, str]:
    """The text values of a restored ``<name>.toml``; empty when there is none."""
    path = layers / f"{name}.toml"
    if not path.is_file():
        return {}
    matches = map(LINE.fullmatch, path.read_text(encoding="utf-8").splitlines())
    return {match[1]: match[2] for match in matches if match}


def write_metadata(layers: Path, name: str, metadata: dict[str, str]) -> None:
    """Makes ``name`` a launch layer. Without a folder beside it, the exporter takes the previous image's layer."""
    lines = "".join(f'{key} = "{value}"\n' for key, value in sorted(metadata.items()))
    (layers / f"{name}.toml").write_text(f"[types]\nlaunch = true\n\n[metadata]\n{lines}", encoding="utf-8")


def join_paths(paths: list[str]) -> str | None:
    """``paths`` as one metadata value; None when they do not fit into one."""
    if all(PLAIN.fullmatch(path) for path in paths) and sum(map(len, paths)) < LONGEST:
        return "|".join(sorted(paths))
    return None


def split_paths(value: str) -> list[str]:
    """The inverse of ``join_paths``."""
    return [path for path in value.split("|") if path]


def layer_metadata(key: str, without_bytecode: Iterable[str]) -> dict[str, str]:
    """The cache key of a layer, and what it takes to link to its files without having them."""
    without = join_paths(list(without_bytecode))
    return {"key": key} if without is None else {"key": key, "without-bytecode": without}


def environment_metadata(key: str, needed: str, rules: str) -> dict[str, str]:
    """The cache key of the environment, and what its packages need of the system, told by these rules."""
    return {"key": key, "needed": needed, "rules": rules}
