"""Paths -> whether they lie in the notebook's folder, outside, at another address, or in what a service mounts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Literal

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Json

WORKING = (
    "/kaggle/working",
    "/content",
    "/home/jovyan/work",
    "/home/jovyan",
    "/home/ec2-user/SageMaker",
    "/home/studio-lab-user",
)
"""The folder in which a service opens notebooks: what is in it is relative to the notebook, as far as one can tell."""

MOUNTS: tuple[tuple[str, str, str], ...] = (
    ("/kaggle/input", "Kaggle", "download the data in the notebook, or mount it where the job can read it"),
    ("/content/drive", "Google Colab", "copy the files beside the notebook, or mount them where the job can read them"),
    (
        "/content/gdrive",
        "Google Colab",
        "copy the files beside the notebook, or mount them where the job can read them",
    ),
    ("/content/sample_data", "Google Colab", "copy the files beside the notebook"),
    ("/dbfs", "Databricks", "read the data from its bucket, or mount it where the job can read it"),
    ("/Volumes", "Databricks", "read the data from its bucket, or mount it where the job can read it"),
    ("/Workspace", "Databricks", "copy the files beside the notebook"),
    ("/lakehouse", "Fabric", "read the data from its bucket"),
    ("/opt/ml", "SageMaker", "read the data from its bucket, or mount it where the job can read it"),
    ("/gcs", "Vertex AI", "read the data from its bucket"),
    ("/datasets", "Paperspace or Deepnote", "download the data in the notebook, or mount it where the job can read it"),
    ("/storage", "Paperspace", "download the data in the notebook, or mount it where the job can read it"),
    ("/notebooks", "Paperspace", "copy the files beside the notebook"),
    ("/work", "Deepnote", "copy the files beside the notebook"),
    ("/mnt/batch", "Azure ML", "read the data from its store, or mount it where the job can read it"),
    ("/kaggle/temp", "Kaggle", "write to a folder beside the notebook"),
)
"""Folder that only a hosted service has, the service, what to do. Source: the services' documents, 2026-11-22."""

SCRATCH = ("/tmp", "/dev", "/proc", "/sys", "/var/tmp", "/run", "/usr", "/etc", "/bin", "/lib", "/opt/conda")
"""Of the machine itself: nobody's data."""

ADDRESS = pattern(r"^[A-Za-z][A-Za-z0-9+.-]{1,20}:(?://|(?=[^\\/]))|^git@|^(?:dbfs|hf|wasbs?|abfss?|gs|s3a?):")
DRIVE = pattern(r"^[A-Za-z]:[\\/]|^\\\\")
NO_PATH = pattern(r"[\n\0<>|\"\t]|^\s|\s$|^$")

Where = Literal["inside", "outside", "mount", "scratch", "address", "none"]


@dataclass(frozen=True)
class Place:
    """``path`` is normalised; ``mount`` is the folder that ``service`` mounts, ``hint`` what to do about it."""

    where: Where
    path: str
    mount: str = ""
    service: str = ""
    hint: str = ""


def locate(text: str, folder: str | None = "") -> Place:  # noqa: PLR0911 (one line for each kind of place)
    """Where the path ``text``, named in the working ``folder``, leads as seen from the notebook's folder."""
    if NO_PATH.search(text) or len(text) > 500:
        return Place("none", text)
    if ":" in text or text.startswith(("\\", "git@")):
        if DRIVE.match(text):
            return Place("outside", text)
        if ADDRESS.match(text):
            return Place("address", text)
    path = posixpath.normpath(posixpath.join(folder or "", text.replace("\\", "/")))
    if not path.startswith(("/", "..", "~")):
        return Place("inside", path)
    for mount, service, hint in MOUNTS:
        if path == mount or path.startswith(f"{mount}/"):
            return Place("mount", path, mount, service, hint)
    if path == "../input" or path.startswith("../input/"):
        return Place("outside", path, "../input", "Kaggle", MOUNTS[0][2])
    for working in WORKING:
        if path == working or path.startswith(f"{working}/"):
            inner = path[len(working) :].strip("/")
            return Place("inside", inner or ".")
    if any(path == own or path.startswith(f"{own}/") for own in SCRATCH):
        return Place("scratch", path)
    return Place("outside", path)


def dataset_of(place: Place) -> str:
    """``titanic`` for ``/kaggle/input/titanic/train.csv``."""
    rest = place.path.removeprefix(place.mount).strip("/").split("/")[0]
    return re.sub(r"\.(zip|tar|gz|csv)$", "", rest) if place.service == "Kaggle" and "*" not in rest else ""


def kaggle_sources(metadata: Mapping[str, Json]) -> tuple[str, ...]:
    """What a Kaggle notebook's metadata attaches: ``competition 3136``, ``datasetVersion 45``."""
    kaggle = metadata.get("kaggle")
    sources = kaggle.get("dataSources") if isinstance(kaggle, dict) else None
    found = []
    for source in sources[:50] if isinstance(sources, list) else ():
        if isinstance(source, dict):
            kind = source.get("sourceType") or source.get("type") or "source"
            number = source.get("competitionId") or source.get("datasetId") or source.get("sourceId") or ""
            name = source.get("datasetSlug") or source.get("name") or number
            found.append(f"{str(kind)[:40]} {str(name)[:80]}".strip())
    return tuple(found)
