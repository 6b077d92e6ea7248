"""pyproject.toml: ``[project]``, dependency groups, poetry's and uv's tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack.inspection.declarations.page import Entry, Page, Reading
from jupyter_mlpack.inspection.declarations.script import dependency_entries, uv_indexes
from jupyter_mlpack.inspection.declarations.toml import read_toml, table, texts


def read_project(page: Page) -> Reading:
    """Dependencies first, then optional groups, each entry with its group's name."""
    data = read_toml(page.text)
    python = table(data, "project").get("requires-python")
    claims = (page.python_claim(python, page.line_of("requires-python")),) if isinstance(python, str) else ()
    return Reading(
        requirements=page.requirements(_entries(page, data)),
        python=claims or _poetry_python(page, data),
        indexes=uv_indexes(page, table(data, "tool", "uv")),
    )


def _entries(page: Page, data: Mapping[str, Any]) -> Iterator[Entry]:
    yield from dependency_entries(page, table(data, "project").get("dependencies"))
    yield from poetry_entries(page, table(data, "tool", "poetry", "dependencies"), "")
    for group, listed in table(data, "project", "optional-dependencies").items():
        yield from dependency_entries(page, listed, group)
    for group, listed in table(data, "dependency-groups").items():
        yield from dependency_entries(page, texts(listed), group)
    yield from dependency_entries(page, table(data, "tool", "uv").get("dev-dependencies"), "dev")
    yield from poetry_entries(page, table(data, "tool", "poetry", "dev-dependencies"), "dev")
    for group, entry in table(data, "tool", "poetry", "group").items():
        yield from poetry_entries(page, table(entry, "dependencies"), group)


def _poetry_python(page: Page, data: Mapping[str, Any]) -> tuple[Any, ...]:
    said = table(data, "tool", "poetry", "dependencies").get("python")
    says = pep440(said) if isinstance(said, str) else ""
    return (page.python_claim(says, key_line(page, "python")),) if says else ()


def poetry_entries(page: Page, listed: Mapping[str, Any], group: str) -> Iterator[Entry]:
    """``name = "^1.2"`` and ``name = {version = ..., extras = [...]}``, as poetry and pipenv write them."""
    for name, said in listed.items():
        if name.lower() == "python":
            continue
        whole = table(said)
        version = said if isinstance(said, str) else whole.get("version")
        version = version if isinstance(version, str) and not {"git", "path", "url", "file"} & set(whole) else ""
        extras = ",".join(texts(whole.get("extras")))
        marker = whole.get("markers")
        text = name + (f"[{extras}]" if extras else "") + pep440(version)
        yield text + (f" ; {marker}" if isinstance(marker, str) else ""), key_line(page, name), group


def key_line(page: Page, name: str) -> int:
    """The line in which the key ``name`` stands."""
    text = "\n" + page.text
    found = (text.find(f"\n{key}") for key in (f"{name} =", f"{name}=", f'"{name}" =', f"'{name}' ="))
    at = next((at for at in found if at >= 0), -1)
    return text.count("\n", 0, at) + 1 if at >= 0 else page.line_of(name)


def pep440(version: str) -> str:
    """Poetry's dialect as PEP 440 text: ``^1.2`` is ``>=1.2,<2``, ``~1.2`` is ``>=1.2,<1.3``; alternatives are open."""
    if "|" in version or len(version) > 200:
        return ""
    parts = [_one(part.strip()) for part in re.split(r"[,\s]+(?=[<>=!~^\d*])", version.strip()) if part.strip()]
    return ",".join(part for part in parts if part)


def _one(part: str) -> str:
    sign, number = part[:1], part[1:].strip()
    if sign in "^~" and part[:2] != "~=" and re.match(r"^\d+(\.\d+)*", number):
        release = [int(piece[:9]) for piece in re.match(r"^\d+(\.\d+)*", number).group().split(".")]  # type: ignore[union-attr]
        return f">={number},<{_above(release, caret=sign == '^')}"
    if part == "*":
        return ""
    return f"=={part}" if part[:1].isdigit() else part


def _above(release: list[int], *, caret: bool) -> str:
    """The first version that is out of range: the leftmost non-zero part plus one, or for a tilde the second part."""
    if caret:
        at = next((index for index, piece in enumerate(release) if piece), len(release) - 1)
    else:
        at = min(1, len(release) - 1)
    return ".".join(str(piece) for piece in [*release[:at], release[at] + 1])
