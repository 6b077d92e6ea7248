"""Business tags: ``business-tags.yaml`` beside the notebook and the site's own -> labels of the image.

Plain mappings of texts; mappings in mappings are joined with dots. A file may come with a notebook from anywhere: it is
read as texts, and keys that others give a meaning to are refused. So is what looks like a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_mlpack.errors import BusinessTagMissing, BusinessTagsWrong
from jupyter_mlpack.inspection.tokens import find_tokens, looks_secret
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Notice

NAME = "business-tags.yaml"
PLANNED = ".mlpack/tags.json"
"""Of the application folder: what the buildpack ``mlpack/business-tags`` reads."""

BUILDPACK = "mlpack/business-tags"
LABEL = "org.jupyter-mlpack.business-tags"
"""The label that says which of the labels are business tags."""

KEY = pattern(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?")
OURS = ("io.buildpacks.", "org.jupyter-mlpack.", "com.docker.", "io.docker.", "org.dockerproject.")
"""How labels begin that others give a meaning to."""

LARGEST, LONGEST, MOST, DEEPEST = 65_536, 1024, 100, 8
"""Characters of a file and of a value, tags of a file, mappings in mappings."""


class _Wrong(Exception):
    """The reason, for the error's sentence. It never quotes a value."""


def read_tags(path: Path) -> dict[str, str]:
    """The tags of a file, sorted by key. Raises ``BusinessTagsWrong``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if len(text) > LARGEST:
            raise _Wrong(f"It has more than {LARGEST} characters.")
        return _tags(text)
    except _Wrong as wrong:
        raise BusinessTagsWrong(path=path, reason=wrong) from None
    except OSError as error:
        raise BusinessTagsWrong(path=path, reason=f"{error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BusinessTagsWrong(path=path, reason="It is not text in UTF-8.") from error


def _tags(text: str) -> dict[str, str]:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:  # its own words quote the file
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise _Wrong(f"It is not YAML{line}.") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise _Wrong("It is not YAML.") from None
    found: dict[str, str] = {}
    for key, value in _leaves(root, "", 0) if root is not None else ():
        complaint = "It has more tags than an image may have." if len(found) >= MOST else _complaint(key, value, found)
        if complaint:
            raise _Wrong(complaint)
        found[key] = value
    return {key: found[key] for key in sorted(found)}


def _leaves(node: Any, above: str, depth: int) -> Iterator[tuple[str, str]]:
    """Key and text of each scalar, as they stand in the file: no number or date is made of them."""
    if node.id != "mapping" or depth >= DEEPEST:
        at = above.rstrip(".") or "It"
        raise _Wrong(f"{at} is not a mapping of keys to texts." if depth < DEEPEST else "Its mappings are too deep.")
    for name, value in node.value:
        if name.id != "scalar":
            raise _Wrong(f"A key in line {name.start_mark.line + 1} is no text.")
        key = f"{above}{name.value}"
        if value.id == "scalar":
            yield key, value.value
        elif value.id == "mapping" and value.value and not value.flow_style:
            yield from _leaves(value, f"{key}.", depth + 1)
        else:
            raise _Wrong(f"{key[:80]} is neither a text nor a mapping over several lines.")


def _complaint(key: str, value: str, found: Mapping[str, str]) -> str | None:
    """What is wrong with a tag, if anything."""
    if not KEY.fullmatch(key):
        return f"{key[:60]!r} cannot be a key: letters and digits, joined by '.', '-', '_' or '/'."
    if key in found:
        return f"{key} is there twice."
    if key.lower().startswith(OURS):
        return f"{key} is a label that others give a meaning to."
    return _complaint_of_value(key, value)


def _complaint_of_value(key: str, value: str) -> str | None:
    if not value.strip():
        return f"{key} has no value."
    if len(value) > LONGEST or any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        return f"The value of {key} is no line of at most {LONGEST} characters."
    if looks_secret(key, value) or any(find_tokens(f"{key} = '{value}'")):
        return f"The value of {key} looks like a secret, and everybody can read an image's labels."
    return None


def merge_tags(notebook: Path, site: Path | None, required: Iterable[str]) -> tuple[dict[str, str], tuple[Notice, ...]]:
    """The image's tags: those beside the notebook, and over them the site's; what is told where both speak.

    Raises ``BusinessTagsWrong``, ``BusinessTagMissing``.
    """
    beside = notebook.parent / NAME
    own = read_tags(beside) if beside.is_file() else {}
    theirs = read_tags(site) if site is not None else {}
    other = [key for key in theirs if own.get(key, theirs[key]) != theirs[key]]
    text = f"{', '.join(other)}: the tags of {site} count, not those of {NAME} beside the notebook."
    found = {**own, **theirs}
    required = tuple(dict.fromkeys(required))
    missing = [key for key in required if key not in found]
    if missing:
        names, every = ", ".join(missing), ", ".join(required)
        raise BusinessTagMissing(missing=names, where=beside, required=every, example=missing[0])
    notices = (Notice("business-tags", text),) if other else ()
    return {key: found[key] for key in sorted(found)}, notices
