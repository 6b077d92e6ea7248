"""Where packages come from: the machine's own apt sources, read as apt reads them, and the lines that we give apt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.errors import KeyringMissing, MirrorUnknown
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.stack.recipe import StackSettings
from jupyter_mlpack.values import Stack

KEYRINGS = Path("/usr/share/keyrings")
OPTION_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<rest>.+)")


@dataclass(frozen=True)
class Source:
    """One binary package source of the machine; ``signed_by`` is a keyring file or empty."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class Archive:
    """The archive of a stack: its address, the address of its security updates if known, and the keys."""

    mirror: str
    security: str | None
    keyring: Path


def parse_line(line: str) -> Source | None:
    """A one-line source (``sources.list(5)``), or nothing for comments, ``deb-src`` and what is not a source."""
    match = OPTION_LINE.fullmatch(line.split("#", 1)[0].strip())
    if not match:
        return None
    suite, *components = match["rest"].split()
    options = dict(word.split("=", 1) for word in (match["options"] or "").split() if "=" in word)
    return Source(match["uri"], (suite,), tuple(components), options.get("signed-by", "").split(",")[0])


def parse_deb822(text: str) -> Iterator[Source]:
    """The enabled binary sources of a deb822 file; every combination of address and suites is one ``Source``."""
    for fields in stanzas(text):
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false", "0")
        if not enabled or "deb" not in fields.get("types", "").split():
            continue
        signed_by = fields.get("signed-by", "").split() or [""]
        for uri in fields.get("uris", "").split():
            suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
            yield Source(uri, tuple(suites), tuple(components), signed_by[0])


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a deb822 file; names in lower case, comment lines left out wherever they stand."""
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:
                fields[name] += "\n" + line.strip()
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def machine_sources(folder: Path) -> tuple[Source, ...]:
    """All sources that ``folder`` (``/etc/apt``) names, in the order in which apt reads the files."""
    found: list[Source] = []
    parts = folder / "sources.list.d"
    for path in [folder / "sources.list", *sorted(parts.glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".sources":
            found.extend(parse_deb822(text))
        elif path.suffix == ".list":
            found.extend(source for line in text.splitlines() if (source := parse_line(line)))
    return tuple(found)


def machine_release(path: Path) -> tuple[str, str]:
    """The distribution and its code name by ``os-release`` (``debian``, ``bookworm``); empty if it does not say."""
    if not path.is_file():
        return "", ""
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    fields = {key.strip(): value.strip().strip("\"'") for key, value in pairs}
    return fields.get("ID", ""), fields.get("VERSION_CODENAME", "")


def find_archive(stack: Stack, settings: StackSettings, etc: Path = Path("/etc")) -> Archive:
    """The archive for ``stack``: the settings' mirror, else the machine's own.

    Raises ``MirrorUnknown`` and ``KeyringMissing``. A machine of another distribution tells nothing about ours.
    """
    distribution, codename = machine_release(etc / "os-release")
    sources = machine_sources(etc / "apt") if distribution == stack.distribution else ()
    base = base_source(sources, codename)
    keyring = _keyring(stack, settings, base)
    if settings.mirror:
        return Archive(settings.mirror, settings.security_mirror, keyring)
    if not base:
        raise MirrorUnknown(distribution=stack.distribution, folder=etc / "apt")
    return Archive(base.uri, settings.security_mirror or security_uri(sources, codename), keyring)


def base_source(sources: tuple[Source, ...], codename: str) -> Source | None:
    """The distribution's own archive among ``sources``.

    Third parties name their suites after the release too, but only the distribution also offers ``<release>-updates``.
    """
    mains = [source for source in sources if "main" in source.components and codename in source.suites]
    updated = {source.uri for source in sources if f"{codename}-updates" in source.suites}
    return next((source for source in mains if source.uri in updated), mains[0] if mains else None)


def security_uri(sources: tuple[Source, ...], codename: str) -> str | None:
    """The address of the security archive, if the machine uses one."""
    return next((source.uri for source in sources if f"{codename}-security" in source.suites), None)


def _keyring(stack: Stack, settings: StackSettings, base: Source | None) -> Path:
    """The file with the archive's keys; a ``Signed-By`` that is a fingerprint or a key block is not one."""
    default = KEYRINGS / f"{stack.distribution}-archive-keyring.gpg"
    named = Path(base.signed_by) if base and base.signed_by.startswith("/") else default
    path = settings.keyring or (named if named.is_file() else default)
    if not path.is_file():
        raise KeyringMissing(suite=stack.suite, path=path)
    return path


def source_lines(archive: Archive, suite: str, arch: str) -> str:
    """The ``sources.list`` for apt: suite, updates and security, only the package index of one architecture."""
    options = f"[arch={arch} target=Packages signed-by={archive.keyring}]"
    places = [(archive.mirror, suite), (archive.mirror, f"{suite}-updates")]
    if archive.security:
        places.append((archive.security, f"{suite}-security"))
    return "".join(f"deb {options} {uri} {name} main\n" for uri, name in places)
