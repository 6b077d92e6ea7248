"""What apt says when it fails -> the leaf of our error tree that means it.

apt's words are those of its C locale, versions 2.2 to 3.x (since 2.9 signatures may be checked by ``sqv``).
"""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_mlpack.errors import (
    AptFailed,
    ArchiveDamaged,
    MirrorUnreachable,
    PackageMissing,
    PackagesConflict,
    SignatureInvalid,
    SigningKeyUnknown,
    StackError,
)
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.stack.sources import Archive
from jupyter_mlpack.values import Stack

KEY_UNKNOWN = re.compile(r"NO_PUBKEY|[Mm]issing key|public key is not available|Unknown public key")
SIGNATURE = re.compile(
    r"BADSIG|invalid signature|Clearsigned file isn't valid|is not signed|is no longer signed"
    r"|signature verification failed|[Bb]ad signature|Splitting up .* failed"
)
HASH = re.compile(r"(\S+)\s+Hash Sum mismatch|unexpected size|File has unexpected size")
MISSING = re.compile(
    r"Unable to locate package (\S+)|Package '([^']+)' has no installation candidate"
    r"|Couldn't find any package by (?:glob|regex) '([^']+)'|Version '[^']*' for '([^']+)' was not found"
)
CONFLICT = re.compile(r"unmet dependencies|held broken packages|unable to correct problems|unsatisfied depend", re.I)
UNREACHABLE = re.compile(
    r"Failed to fetch|Could not resolve|Could not connect|Unable to connect|Connection (?:failed|timed out|refused)"
    r"|does not have a Release file|Temporary failure resolving|Cannot initiate the connection"
)


@dataclass(frozen=True)
class Attempt:
    """What apt was asked to do, for the sentences: ``action`` is apt's own word, ``folder`` holds its state."""

    stack: Stack
    arch: str
    archive: Archive
    action: str
    folder: Path


def complaint(attempt: Attempt, text: str) -> StackError:  # noqa: PLR0911 (one line for each meaning)
    """The error that ``text``, the standard error of one apt command, means.

    The order matters: an unknown key or a wrong hash is also reported as a failed fetch.
    """
    reason, stack, archive = summary(text), attempt.stack, attempt.archive
    if KEY_UNKNOWN.search(text):
        return SigningKeyUnknown(keyring=archive.keyring, suite=stack.suite, reason=reason)
    if SIGNATURE.search(text):
        return SignatureInvalid(mirror=archive.mirror, reason=reason)
    if match := HASH.search(text):
        return ArchiveDamaged(file=match[1] or archive.mirror, reason=reason)
    if match := MISSING.search(text):
        package = next(name for name in match.groups() if name)
        return PackageMissing(package=package, suite=stack.suite, arch=attempt.arch, reason=reason)
    if CONFLICT.search(text):
        return PackagesConflict(stack=stack.name, reason=reason)
    if UNREACHABLE.search(text):
        return MirrorUnreachable(mirror=archive.mirror, reason=reason)
    return AptFailed(action=attempt.action, stack=stack.name, folder=attempt.folder, reason=reason)


def summary(text: str) -> str:
    """The first complaint of apt without its mark; credentials in addresses are blanked out."""
    lines = [line[2:].strip() for line in text.splitlines() if line.startswith("E:")] or text.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "apt gave no reason")
    return re.sub(r"(://)[^/@\s]+@", r"\1***@", first)
