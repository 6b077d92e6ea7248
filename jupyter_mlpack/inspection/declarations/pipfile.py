"""Pipfile: pipenv's packages, development packages and sources."""

from __future__ import annotations

from jupyter_mlpack.inspection.declarations.page import Page, Reading
from jupyter_mlpack.inspection.declarations.project import poetry_entries
from jupyter_mlpack.inspection.declarations.script import package_indexes
from jupyter_mlpack.inspection.declarations.toml import read_toml, table


def read_pipfile(page: Page) -> Reading:
    """``[packages]``, ``[dev-packages]``, ``[requires]``; sources but the public index, which pipenv always writes."""
    data = read_toml(page.text)
    entries = [
        *poetry_entries(page, table(data, "packages"), ""),
        *poetry_entries(page, table(data, "dev-packages"), "dev"),
    ]
    python = table(data, "requires").get("python_full_version") or table(data, "requires").get("python_version")
    sources = data.get("source")
    urls = [
        str(entry.get("url"))
        for entry in (sources if isinstance(sources, list) else [])
        if isinstance(entry, dict) and entry.get("name") != "pypi"
    ]
    return Reading(
        requirements=page.requirements(entries),
        python=(page.python_claim(python, page.line_of("python_")),) if isinstance(python, str) else (),
        indexes=package_indexes(page, [(url, "extra") for url in urls]),
    )
