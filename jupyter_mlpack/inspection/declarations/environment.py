"""environment.yml: conda's packages as far as the index surely has them, and its pip section.

PyYAML's ``BaseLoader`` makes texts, lists and tables only: no objects, no merge keys that multiply, no clever numbers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.conda import conda_specifier
from jupyter_mlpack.inspection.declarations.page import Entry, Page, Reading, UnreadablePageError
from jupyter_mlpack.inspection.declarations.toml import texts
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Claim, Notice

MAX_YAML = 32_000
"""Characters; the parser is slow, and an exported environment of 300 packages takes 12,000."""

MAX_DEPTH = 50
"""Open brackets: the parser takes seconds for thousands before it gives up."""

MAX_SPEC = 300
SPEC = pattern(r"^(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)\s*(.*)$", re.S)


def read_environment(page: Page) -> Reading:
    """``dependencies`` with their pip section; ``python=3.11`` is a claim of a Python."""
    import yaml

    if len(page.text) > MAX_YAML:
        raise UnreadablePageError(f"it is longer than {MAX_YAML} characters")
    steps = (1 if sign in "[{" else -1 for sign in re.findall(r"[\[\]{}]", page.text))
    if max(itertools.accumulate(steps), default=0) > MAX_DEPTH:
        raise UnreadablePageError("it nests too deep")
    try:
        data = yaml.load(page.text, Loader=yaml.BaseLoader)  # makes texts only, as safe as safe_load
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadablePageError("it is no YAML that can be read") from error
    listed = data.get("dependencies") if isinstance(data, dict) else None
    listed = listed if isinstance(listed, list) else []
    pip = [line for item in listed if isinstance(item, dict) for line in texts(item.get("pip"))]
    entries = [*_conda_entries(page, texts(listed)), *_pip_entries(page, pip)]
    found = page.requirements(entries)
    return Reading(requirements=found, python=tuple(_python(page, texts(listed))), notices=_left(page, texts(listed)))


def _pip_entries(page: Page, lines: list[str]) -> Iterator[Entry]:
    yield from ((line, page.line_of(line), "") for line in lines if not line.strip().startswith("-"))


def _conda_entries(page: Page, lines: list[str]) -> Iterator[Entry]:
    """conda has its own names: those that the table of modules knows are the index's, too."""
    for line in lines:
        found = SPEC.match(line.strip()[:MAX_SPEC])
        name = normalised(found.group(1)) if found else ""
        if found and tables.renamed().get(name, name) in tables.distributions():
            yield name + conda_specifier(found.group(2)), page.line_of(line), ""


def _left(page: Page, lines: list[str]) -> tuple[Notice, ...]:
    """What people wrote and no index has. Builds stand behind a second ``=``: those lines a tool has exported."""
    found = [match for line in lines if (match := SPEC.match(line.strip()[:MAX_SPEC])) and line.count("=") < 2]
    known = tables.distributions() | tables.tools() | {"python"}
    renamed = tables.renamed()
    names = dict.fromkeys(match.group(1) for match in found)
    left = [name for name in names if renamed.get(normalised(name), normalised(name)) not in known]
    if not left:
        return ()
    shown = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
    text = f"Only conda has {shown}; the image goes without. To take them: --conda {page.location.path}"
    return (Notice("conda-only", text, page.location),)


def _python(page: Page, lines: list[str]) -> Iterator[Claim]:
    for line in lines:
        found = SPEC.match(line.strip()[:MAX_SPEC])
        if found and found.group(1).lower() == "python" and found.group(2):
            says = conda_specifier(found.group(2))
            exact = re.fullmatch(r"==(\d+(?:\.\d+)+)(?:\.\*)?", says)
            yield page.python_claim(exact.group(1) if exact else says, page.line_of(line))
