"""The notebook's metadata: our own key ``mlpack``, and what hosted services and pipeline tools write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from jupyter_mlpack.inspection.declarations.page import Entry, Page, Reading
from jupyter_mlpack.inspection.declarations.toml import table, texts
from jupyter_mlpack.values import Json, Location, Notice, SystemPackage

DATABRICKS = "application/vnd.databricks.v1+notebook"


def read_metadata(path: str, metadata: Mapping[str, Json], python: str | None) -> Iterator[tuple[Page, Reading]]:
    """A page and its reading for each key that declares packages."""
    for key, source, reader in (
        ("mlpack", "metadata", _read_own),
        (DATABRICKS, "metadata", _read_databricks),
        ("deepnote_environment", "tool", _read_deepnote),
        ("kubeflow_notebook", "tool", _read_kale),
    ):
        if isinstance(metadata.get(key), dict):
            page = Page(Location(path), f"metadata.{key}", "metadata", source, python)
            yield page, reader(page, table(metadata, key))


def _listed(page: Page, lines: list[str]) -> Iterator[Entry]:
    yield from ((line, 0, "") for line in lines)


def _read_own(page: Page, said: Mapping[str, Json]) -> Reading:
    """``{"packages": ["pandas>=2"], "system": ["graphviz"], "modules": {"cv2": "opencv-python-headless"}}``."""
    names = [name for name in texts(said.get("system")) if re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name)]
    pairs = table(said, "modules").items()
    return Reading(
        requirements=page.requirements(_listed(page, texts(said.get("packages")))),
        system=tuple(SystemPackage(name, (page.evidence(name, 0),)) for name in names),
        notices=page.nameless(texts(said.get("packages"))),
        modules=tuple((key, name) for key, name in pairs if isinstance(name, str) and re.fullmatch(r"[\w.-]+", name)),
    )


def _read_databricks(page: Page, said: Mapping[str, Json]) -> Reading:
    """What the notebook's environment panel lists; files of the workspace and options are left out."""
    return Reading(
        requirements=page.requirements(_listed(page, texts(table(said, "environmentMetadata").get("dependencies"))))
    )


def _read_deepnote(page: Page, said: Mapping[str, Json]) -> Reading:
    """What Deepnote noted of the environment: name -> version."""
    packages = said.get("packages")
    lines = texts(packages)
    for name, version in table(packages).items():
        exact = isinstance(version, str) and re.fullmatch(r"\d[\w.!]*", version)
        lines.append(f"{name}=={version}" if exact else name)
    python = table(said, "python").get("version")
    known = isinstance(python, str) and re.fullmatch(r"3\.\d+(\.\d+)?", python)
    return Reading(
        requirements=page.requirements(_listed(page, lines)),
        python=(page.python_claim(str(python), 0),) if known else (),
    )


def _read_kale(page: Page, said: Mapping[str, Json]) -> Reading:
    image = said.get("docker_image")
    if not isinstance(image, str) or not image.strip():
        return Reading()
    text = f"Kale runs this notebook in the image {image.strip()[:200]}; what that image holds is not known here."
    return Reading(notices=(Notice("declaration-image", text, page.location),))
