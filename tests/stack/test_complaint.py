"""apt's words, as apt printed them, and the leaf that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.stack.complaint import Attempt, complaint, summary
from jupyter_mlpack.stack.recipe import read_stack
from jupyter_mlpack.stack.sources import Archive

STACK = read_stack(Path(__file__).parents[2] / "stacks" / "bookworm")
ATTEMPT = Attempt(STACK, "amd64", Archive("http://m/d", None, Path("/k.gpg")), "update", Path("/state"))

WORDS = {
    "key-gpgv": (
        "W: GPG error: http://m/d b InRelease: The following signatures couldn't be verified because the public key is "
        "not available: NO_PUBKEY 1\nE: The repository 'http://m/d b InRelease' is not signed.",
        errors.SigningKeyUnknown,
    ),
    "key-sqv": (
        "E: OpenPGP signature verification failed: http://m/d b InRelease: Sub-process /usr/bin/sqv returned an error "
        "code (1), error message is: Missing key 1, which is needed to verify signature.",
        errors.SigningKeyUnknown,
    ),
    "bad": ("E: GPG error: http://m/d b InRelease: invalid signatures: BADSIG 1 Debian", errors.SignatureInvalid),
    "unsigned": ("E: The repository 'file:/r b Release' is not signed.", errors.SignatureInvalid),
    "hash": ("E: Failed to fetch http://m/p.deb  Hash Sum mismatch", errors.ArchiveDamaged),
    "no-package": ("E: Unable to locate package libfoo9", errors.PackageMissing),
    "no-candidate": ("E: Package 'libfoo' has no installation candidate", errors.PackageMissing),
    "regex": ("E: Couldn't find any package by regex 'libfoo++9'", errors.PackageMissing),
    "conflict": ("E: Unable to correct problems, you have held broken packages.", errors.PackagesConflict),
    "name": ("E: Failed to fetch http://m/d/InRelease  Temporary failure resolving 'm'", errors.MirrorUnreachable),
    "no-suite": ("E: The repository 'http://m/d b Release' does not have a Release file.", errors.MirrorUnreachable),
    "other": ("E: Write error - write (28: No space left on device)", errors.AptFailed),
    "nothing": ("", errors.AptFailed),
}


@pytest.mark.parametrize(("text", "leaf"), WORDS.values(), ids=WORDS)
def test_complaint__words__mean_a_leaf(text, leaf):
    failure = complaint(ATTEMPT, text)
    assert type(failure) is leaf
    assert all(isinstance(failure.sentence(part), str) for part in ("what", "where", "why", "hint"))


def test_summary__address_with_password__is_blanked():
    assert "secret" not in summary("E: Failed to fetch https://me:secret@m/d/InRelease  401 Unauthorized")
