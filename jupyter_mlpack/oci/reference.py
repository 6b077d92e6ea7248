"""Image references: ``[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]``.

The grammar is the one that Docker and the OCI distribution specification share. What a short name leaves
out is filled in as everywhere: the default registry, ``library/`` for a single word, and the tag ``latest``.
"""

from __future__ import annotations

import re

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"
_ALIASES = {"index.docker.io": DEFAULT_REGISTRY, "registry-1.docker.io": DEFAULT_REGISTRY}

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = pattern(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
_COMPONENT = pattern(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = pattern(r"sha256:[0-9a-f]{64}")
_LONGEST = 255  # of host and repository together: the limit that registries of the Docker family enforce


@dataclass(frozen=True)
class Reference:
    """A complete image reference. ``tag`` and ``digest`` are empty where not given; one of them always is."""

    registry: str
    repository: str
    tag: str = DEFAULT_TAG
    digest: str = ""

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What a registry is asked for: the digest, or else the tag."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def parse_reference(text: str) -> Reference:
    """``text`` as a complete reference. Raises a leaf of ``InputError`` that names the part that is wrong."""
    if "://" in text:
        # What stands before an @ in a URL may be a password: it must not come back in the message.
        address = re.sub(r"^[^/]*://(?:[^/]*@)?", "", text)
        raise errors.ReferenceIsAddress(address=address)
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise errors.ReferenceDigestWrong(name=text, digest=digest)
    rest, tag = _split_tag(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise errors.ReferenceTagWrong(name=text, tag=tag)
    registry, repository = _split_registry(rest)
    _check_name(text, registry, repository)
    if tag is None:
        tag = "" if digest else DEFAULT_TAG
    return Reference(registry, repository, tag, digest)


def check_tag(tag: str) -> str:
    """``tag`` itself when it may stand behind a name; raises ``ReferenceTagWrong`` otherwise."""
    if not _TAG.fullmatch(tag):
        raise errors.ReferenceTagWrong(name=tag, tag=tag)
    return tag


def _split_tag(text: str) -> tuple[str, str | None]:
    """The name and its tag; a colon before the last slash belongs to a port."""
    head, colon, tag = text.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return text, None


def _split_registry(text: str) -> tuple[str, str]:
    """Registry and repository. The first word is a host if it has a dot or a colon, or is ``localhost``."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = _ALIASES.get(first, first), rest
    else:
        registry, repository = DEFAULT_REGISTRY, text
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _check_name(text: str, registry: str, repository: str) -> None:
    """Raise the leaf that fits best when host or repository are not allowed."""
    if not _HOST.fullmatch(registry):
        raise errors.ReferenceHostWrong(name=text, host=registry)
    for component in repository.removeprefix("library/").split("/"):
        if _COMPONENT.fullmatch(component):
            continue
        if _COMPONENT.fullmatch(component.lower()):
            raise errors.ReferenceUppercase(name=text, lower=component.lower(), part=component)
        raise errors.ReferenceWrong(name=text, part=component)
    if len(registry) + 1 + len(repository) > _LONGEST:
        raise errors.ReferenceTooLong(name=text, longest=_LONGEST)
