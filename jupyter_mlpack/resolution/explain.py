"""uv's explanation of a failed resolution -> one of our errors, with uv's own reasoning kept and trimmed."""

from __future__ import annotations

import re

from jupyter_mlpack.errors import (
    DependencyConflict,
    IndexUnreachable,
    NoWheelForTarget,
    PackageUnknown,
    PackageVersionUnknown,
    RequirementInvalid,
    ResolutionError,
    ResolverFailed,
)
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Target

NAME = r"`?([A-Za-z0-9][A-Za-z0-9._-]*)`?"
UNKNOWN = pattern(rf"{NAME} was not found in the (?:package registry|cache|provided package locations)")
NO_VERSION = pattern(rf"there (?:is|are) no versions? of {NAME}((?:[=<>!~]\S+)?)")
NO_WHEEL = pattern(rf"(?:all versions of )?{NAME}((?:==\S+)?) ha(?:s|ve) no (?:usable wheels|wheels with a matching)")
OFFLINE = pattern(
    r"network was disabled|Failed to fetch|error sending request|dns error|Connection refused|Temporary failure"
)
INVALID = pattern(r"Couldn't parse requirement")
URL = pattern(r"(https?://)(?:[^/\s`]*@)?([^/\s`)]+)[^\s`)]*")
LONGEST = 600


def lock_error(stderr: str, target: Target) -> ResolutionError:  # noqa: PLR0911 (one line for each cause)
    """The error that fits uv's standard error. Addresses lose their credentials and paths."""
    reason = trim(stderr)
    if INVALID.search(stderr):
        return RequirementInvalid(reason=reason)
    if OFFLINE.search(stderr):
        return IndexUnreachable(reason=first_host(stderr), detail=reason)
    if found := UNKNOWN.search(flat(stderr)):
        return PackageUnknown(package=found[1])
    if found := NO_WHEEL.search(flat(stderr)):
        release = found[1] + found[2].replace("==", " ")
        return NoWheelForTarget(release=release, python=target.python, arch=target.arch)
    if found := NO_VERSION.search(flat(stderr)):
        return PackageVersionUnknown(package=found[1], specifier=found[2].rstrip(","))
    if "No solution found" in stderr:
        return DependencyConflict(reason=reason)
    return ResolverFailed(reason=reason)


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def trim(stderr: str) -> str:
    """uv's reasoning without its frame and its hints, at most ``LONGEST`` characters."""
    body = stderr.split("\nhint:", maxsplit=1)[0]
    body = re.sub(r"^\s*(?:error|cause)\s*:?\s*", "", body, flags=re.MULTILINE)
    text = flat(body.replace("No solution found when resolving dependencies", ""))
    text = text.replace("you require", "the notebook needs").replace(
        "your requirements are", "the notebook's needs are"
    )
    text = URL.sub(r"\1\2", text)
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " ..."


def first_host(stderr: str) -> str:
    """The host that did not answer, without credentials."""
    found = URL.search(stderr)
    return found[2] if found else "the package index"
