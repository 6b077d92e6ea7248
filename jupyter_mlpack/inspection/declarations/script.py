"""A PEP 723 block in a code cell: ``# /// script`` ... ``# ///``, as juv and marimo write it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_mlpack.inspection.declarations.page import Entry, Page, Reading
from jupyter_mlpack.inspection.declarations.toml import read_toml, table, texts
from jupyter_mlpack.inspection.requirement import without_credentials
from jupyter_mlpack.values import Cell, Location, Notice, PackageIndex

OPENING, CLOSING = "# /// script", "# ///"


def script_pages(path: str, cells: Sequence[Cell], python: str | None) -> Iterator[Page]:
    """The blocks of the notebook, as TOML with the line numbers of their cells."""
    for cell in cells:
        if OPENING in cell.python:
            for text in _blocks(cell.python):
                yield Page(Location(path, cell.number), text, "script", "script", python)


def _blocks(code: str) -> Iterator[str]:
    """Comment lines between the fences; the last closing fence of a run of comments counts, as PEP 723 has it."""
    lines, comments = code.split("\n"), _comment_lines(code)
    number = 0
    while number < len(lines):
        if lines[number].rstrip() != OPENING or number not in comments:
            number += 1
            continue
        end = number + 1
        while end in comments and (lines[end].rstrip() == "#" or lines[end].startswith("# ")):
            end += 1
        closing = [at for at in range(number + 1, end) if lines[at].rstrip() == CLOSING]
        if closing:
            yield "\n".join(["", *[""] * number, *(line[2:] for line in lines[number + 1 : closing[-1]])])
        number = end


def _comment_lines(code: str) -> frozenset[int]:
    """Lines (from 0) that are comments from their first column: a block inside a text is no block."""
    import tokenize

    found: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT and token.start[1] == 0:
                found.add(token.start[0] - 1)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return frozenset(found)
    return frozenset(found)


def read_script(page: Page) -> Reading:
    """``dependencies``, ``requires-python`` and uv's indexes."""
    data = read_toml(page.text)
    python = data.get("requires-python")
    return Reading(
        requirements=page.requirements(dependency_entries(page, data.get("dependencies"))),
        python=(page.python_claim(python, page.line_of("requires-python")),) if isinstance(python, str) else (),
        indexes=uv_indexes(page, table(data, "tool", "uv")),
        notices=page.nameless(texts(data.get("dependencies"))),
    )


def second_block(page: Page) -> Notice:
    """PEP 723 allows one block; the others are not followed."""
    text = "The notebook holds more than one block of script metadata; only the first one is read."
    return Notice("declaration-second", text, page.location)


def dependency_entries(page: Page, value: object, group: str = "") -> Iterator[Entry]:
    """The strings of a list of requirements, each with its line."""
    yield from ((text, page.line_of(f'"{text}"', f"'{text}'", text), group) for text in texts(value))


def uv_indexes(page: Page, uv: Any) -> tuple[PackageIndex, ...]:
    """``[tool.uv]``: ``index`` tables (explicit ones are for named packages only), the older keys, find-links."""
    listed = uv.get("index")
    found = [
        (entry.get("url"), "default" if entry.get("default") is True else "extra")
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, dict) and entry.get("explicit") is not True
    ]
    for holder in (uv, table(uv, "pip")):
        found.append((holder.get("index-url"), "default"))
        found += [(url, "extra") for url in texts(holder.get("extra-index-url"))]
        found += [(url, "links") for url in texts(holder.get("find-links"))]
    return package_indexes(page, [(url, role) for url, role in found if isinstance(url, str)])


def package_indexes(page: Page, found: list[tuple[str, str]]) -> tuple[PackageIndex, ...]:
    """Pairs (address, role) as indexes; only addresses of the web, without credentials."""
    return tuple(
        PackageIndex(without_credentials(url), role, (page.evidence(url, page.line_of(url)),))
        for url, role in found
        if url.startswith(("https://", "http://")) and not any(sign.isspace() for sign in url)
    )
