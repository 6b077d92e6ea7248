"""What a user decided about a notebook: the object under ``mlpack`` in its metadata, and what a run lays over it.

::

    {"packages": ["pyarrow>=15"], "modules": {"cv2": "opencv-python-headless"}, "ignore": ["cv3x"],
     "without": ["ray"], "system": ["graphviz"], "hardware": {"accelerator": "gpu", "count": 1},
     "purpose": "training", "name": "churn:training", "python": "3.11", "predict": "score",
     "requirements": ["requirements.txt"], "groups": ["dev"], "conda": "environment.yml", "model": "train-runs/3",
     "platform": "linux/arm64", "stack": "trixie", "scripts": "skip",
     "assets": [{"path": "data/train.csv", "from": "https://...", "sha256": "..."}, {"path": "models", "mount": true}]}

Files are named from the notebook's folder, and lie in it: a notebook that somebody else wrote must not reach further.
An empty value undoes what the notebook keeps, and is dropped once it has: an image is the same, whether its choices
were saved or given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import PLATFORMS
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.assets import check_assets, read_assets
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.values import Asset, Json, Location, Notice

KEY = "mlpack"
LARGEST = 1_000_000
"""Bytes of a file with choices."""

PURPOSES = ("training", "inference")
TEXTS = ("purpose", "name", "python", "predict", "conda", "model", "platform", "stack", "scripts")
"""Choices that are one text."""

Choices = Mapping[str, Json]


@dataclass(frozen=True)
class Decided:
    """The choices that are more than declarations: imports that may lack, distributions to leave out (normalised),
    and what the command line may say as well (empty: nothing). ``requirements``, ``conda`` and ``model`` are paths from
    the notebook's folder.
    """

    ignore: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    purpose: str = ""
    name: str = ""
    python: str = ""
    predict: str = ""
    requirements: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    conda: str = ""
    model: str = ""
    platform: str = ""
    stack: str = ""
    scripts: str = ""
    assets: tuple[Asset, ...] = ()

    @property
    def further(self) -> bool:
        """Whether there are files, a platform or a stack among them."""
        return bool(self.requirements or self.groups or self.conda or self.model or self.platform or self.stack)


def read_decided(metadata: Mapping[str, Json]) -> Decided:
    """From the metadata of a notebook as ``read_notebook`` gives it: there, only what can be used is left."""
    said = _object(metadata.get(KEY))
    ignore, without, requirements, groups = (
        tuple(name for name in _list(said.get(key)) if isinstance(name, str))
        for key in ("ignore", "without", "requirements", "groups")
    )
    texts = {key: _text(said.get(key)) for key in TEXTS}
    assets = read_assets(said.get("assets"))
    out = frozenset(map(normalised, without))
    return Decided(frozenset(ignore), out, requirements=requirements, groups=groups, assets=assets, **texts)


def lay_over(path: Path, metadata: Mapping[str, Json], choices: Choices) -> tuple[dict[str, Json], list[Notice]]:
    """The notebook's metadata with ``choices`` over its own, key by key; what cannot be used is told and left out."""
    kept = metadata.get(KEY)
    if kept is None and not choices:
        return dict(metadata), []
    notices = []
    if kept is not None and not isinstance(kept, dict):
        notices = [_notice(path, f"{KEY} is no object")]
    good, wrong = check_choices({**_object(kept), **choices})
    notices += [_notice(path, problem) for problem in wrong.values()]
    rest: dict[str, Json] = {key: value for key, value in metadata.items() if key != KEY}
    return (rest | {KEY: good} if good else rest), notices


def parse_choices(text: str) -> dict[str, Json]:
    """The value of ``--choices``: a JSON object, or ``@`` and the file that holds it.

    Raises ``ChoicesUnreadable`` and ``ChoicesWrong``.
    """
    if text.startswith("@"):
        text = _file(Path(text[1:]).expanduser())
    try:
        data: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.ChoicesUnreadable(reason=f"They are no JSON: {error}"[:200]) from error
    if not isinstance(data, dict):
        raise errors.ChoicesUnreadable(reason="They are no JSON object.")
    _, wrong = check_choices(data)
    for problem in wrong.values():
        raise errors.ChoicesWrong(problem=problem)
    return data


def check_choices(said: Choices) -> tuple[dict[str, Json], dict[str, str]]:
    """Those that can be used, without empty ones; and what is wrong with the others, by key."""
    good: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for key, value in said.items():
        problem = CHECKS[key](key, value) if key in CHECKS else f"there is no choice {key[:100]!r}"
        if problem and value is not None:
            wrong[key] = problem
        elif value not in (None, "", [], {}):
            good[key] = value
    return good, wrong


# --- what each key takes: the problem in words, or nothing ----------------------------------------------------


def _names(key: str, value: Json) -> str:
    right = isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)
    return "" if right else f"{key} is a list of names"


def _pairs(key: str, value: Json) -> str:
    right = isinstance(value, dict) and all(isinstance(item, str) and item.strip() for item in value.values())
    return "" if right else f"{key} is an object of import names and the packages that provide them"


def _hardware(key: str, value: Json) -> str:
    if not isinstance(value, dict):
        return f"{key} is an object with accelerator or instance, and count"
    for inner, said in value.items():
        if inner == "count":
            if not isinstance(said, int) or isinstance(said, bool) or not 0 < said < 100_000:
                return f"{key}.count is a whole number from 1 on"
        elif inner not in ("accelerator", "instance"):
            return f"there is no choice {f'{key}.{inner}'[:100]!r}"
        elif not isinstance(said, str):
            return f"{key}.{inner} is a text"
    return ""


def _purpose(key: str, value: Json) -> str:
    return "" if value == "" or value in PURPOSES else f"{key} is one of {', '.join(PURPOSES)}"


def _name(key: str, value: Json) -> str:
    return "" if isinstance(value, str) else f"{key} is a text"


def _python(key: str, value: Json) -> str:
    right = isinstance(value, str) and re.fullmatch(r"|3\.\d{1,2}", value, re.ASCII)
    return "" if right else f"{key} is a version like 3.11, as text"


def _files(key: str, value: Json) -> str:
    if not isinstance(value, list):
        return f"{key} is a list of files"
    return next(filter(None, (_file_inside(key, item) for item in value)), "")


def _file_inside(key: str, value: Json) -> str:
    if value == "":
        return ""
    right = isinstance(value, str) and value.strip() and value.isprintable() and "\\" not in value
    inside = right and not value.startswith(("/", "~")) and ".." not in value.split("/")  # type: ignore[union-attr]
    return "" if inside else f"{key} is a path inside the notebook's folder, from there"


def _platform(key: str, value: Json) -> str:
    return "" if value == "" or value in PLATFORMS else f"{key} is one of {', '.join(PLATFORMS)}"


def _stack(key: str, value: Json) -> str:
    right = isinstance(value, str) and re.fullmatch(r"|[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value, re.ASCII)
    return "" if right else f"{key} is the name of a stack"


def _scripts(key: str, value: Json) -> str:
    """A notebook may come from anywhere: it cannot say that a script shall run."""
    return "" if value in ("", "skip") else f"{key} is skip; that they run is said with --post-build, --start-script"


def _function(key: str, value: Json) -> str:
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) and value else []
    named = all(part.isidentifier() for name in names for part in name.split("."))
    return "" if isinstance(value, str) and named else f"{key} is score, model.predict, or several of them, a, b"


CHECKS: Mapping[str, Callable[[str, Json], str]] = {
    "packages": _names, "modules": _pairs, "ignore": _names, "without": _names, "system": _names,
    "hardware": _hardware, "purpose": _purpose, "name": _name, "python": _python,
    "predict": _function, "requirements": _files, "groups": _names, "conda": _file_inside, "model": _file_inside,
    "platform": _platform, "stack": _stack, "scripts": _scripts, "assets": check_assets,
}  # fmt: skip


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise errors.ChoicesUnreadable(reason=f"The file {path} is larger than {LARGEST // 1_000_000} MB.")
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        reason = f"The file {path} cannot be read: {getattr(error, 'strerror', '') or error}."
        raise errors.ChoicesUnreadable(reason=reason) from error


def _notice(path: Path, problem: str) -> Notice:
    text = f"The notebook's metadata key {KEY} holds what cannot be used: {problem}. It was left out."
    return Notice("choices-wrong", text, Location(str(path)))


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
