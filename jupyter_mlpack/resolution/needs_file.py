"""What uv reads to resolve: a list of requirements, or, where some come from one index only, a project that says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

PROJECT = "mlpack-needs"
"""The name that uv's explanations give the notebook then."""


def write_needs(
    folder: Path, lines: Sequence[str], excludes: Sequence[str], explicit: Sequence[tuple[str, str]]
) -> list[str]:
    """Writes into ``folder``; uv's arguments for it. Addresses with credentials stand in files only."""
    arguments = []
    if excludes:
        (folder / "excludes.txt").write_text("".join(f"{name}\n" for name in excludes))
        arguments = ["--excludes", str(folder / "excludes.txt")]
    if explicit:
        (folder / "pyproject.toml").write_text(project_text(lines, explicit))
        return [*arguments, str(folder / "pyproject.toml")]
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in lines))
    return [*arguments, "--no-sources", str(folder / "requirements.txt")]


def project_text(lines: Sequence[str], explicit: Sequence[tuple[str, str]]) -> str:
    """A project that needs ``lines`` and takes each name of ``explicit`` from its index, whoever needs it."""
    places = list(dict.fromkeys(place for _, place in explicit))
    needs = [*lines, *(name for name, _ in explicit)]
    text = [f'[project]\nname = "{PROJECT}"\nversion = "0"\nrequires-python = ">=3.6"']
    text.append(f"dependencies = {json.dumps(needs)}\n\n[tool.uv.sources]")
    text += [f'{name} = {{ index = "accelerator-{places.index(place)}" }}' for name, place in explicit]
    for number, place in enumerate(places):
        head = f'\n[[tool.uv.index]]\nname = "accelerator-{number}"\nurl = {json.dumps(place)}\nexplicit = true'
        text.append(f'{head}\nformat = "flat"' if is_flat(place) else head)
    return "\n".join(text) + "\n"


def is_flat(place: str) -> bool:
    """Whether it is a folder or a page with wheels, not an index with a page for each name."""
    return "://" not in place or place.startswith("file:") or place.endswith((".html", ".htm"))
