"""A commit of a git repository -> a folder of the store, made by the program ``git`` and none of the repository's own.

Nothing is checked out: hooks, filters, attributes and submodules of a repository have no say. Its files are read one by
one and written by us, so no name leaves the folder. Git's logins and proxies are the user's own.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jupyter_mlpack import errors
from jupyter_mlpack.children import run, running
from jupyter_mlpack.fetching.words import COMMIT, Place, shown
from jupyter_mlpack.oci.tree import Tree, Unsafe

QUIET = (
    "-c", "core.hooksPath=/dev/null", "-c", "protocol.version=2", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
    "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60", "-c", "advice.detachedHead=false",
)  # fmt: skip
OWN = ("GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_PROXY_COMMAND", "GIT_TERMINAL_PROMPT")
OWN_BEGINS = ("GIT_SSL_", "GIT_HTTP_", "GIT_CONFIG_", "GIT_TRACE", "GIT_CURL_")
"""Variables of git that are about the machine; others are about a repository that the user stands in."""

TOLD = ("fatal:", "error:", "remote:", "ERROR:")
"""How lines begin in which git, or the server, says what is wrong; others are advice."""

PIECE = 1 << 20
EXECUTABLE, LINK = "100755", "120000"


def find_commit(place: Place) -> str:
    """The commit that a place means now. Asks the repository unless the word itself says it.

    Raises ``GitMissing``, ``GitRefused``, ``GitRefUnknown``.
    """
    if COMMIT.fullmatch(place.revision):
        return place.revision
    name = place.revision or "HEAD"
    wanted = (f"refs/tags/{name}^{{}}", f"refs/tags/{name}", f"refs/heads/{name}", name)
    told = _git(place, "ls-remote", "--", place.address, *wanted).decode("utf-8", "replace")
    lines = [line.partition("\t") for line in told.splitlines()]
    found = {ref: commit for commit, _, ref in lines if COMMIT.fullmatch(commit)}
    for one in wanted:
        if one in found:
            return found[one]
    raise errors.GitRefUnknown(
        word=shown(place.word), revision=name, reason="Neither a branch nor a tag has this name."
    )


def export_commit(place: Place, commit: str, folder: Path, workdir: Path) -> None:
    """Fetch ``commit`` and write its files into the empty ``folder``; ``workdir`` is another one, for its objects.

    Raises ``GitMissing``, ``GitRefused``, ``GitRefUnknown``, ``SourceUnusable``, ``OSError``.
    """
    _git(place, "init", "--quiet", "--bare", "--template=", str(workdir))
    there = ("--git-dir", str(workdir))
    fetch = (*there, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    try:
        _git(place, *fetch, "--depth=1", "--", place.address, commit)
    except errors.GitRefused:
        # A server that knows neither shallow clones nor single commits: all of it, then.
        _git(place, *fetch, "--", place.address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    with _objects(place, there) as read:
        if not read.has(commit):
            raise errors.GitRefUnknown(
                word=shown(place.word), revision=commit, reason="No branch and no tag leads to this commit."
            )
        listed = _git(place, *there, "ls-tree", "-r", "-z", "--full-tree", commit)
        _write(place, listed, read, Tree(folder))


def _write(place: Place, listed: bytes, read: Objects, tree: Tree) -> None:
    """The files of ``git ls-tree -z``."""
    try:
        for entry in filter(None, listed.split(b"\0")):
            described, _, name = entry.decode("utf-8", "surrogateescape").partition("\t")
            mode, kind, digest = described.split()
            if kind != "blob":
                continue  # a submodule
            if mode == LINK:
                target = b"".join(read.pieces(digest)).decode("utf-8", "surrogateescape")
                tree.symlink(name, target)
            else:
                tree.file(name, 0o755 if mode == EXECUTABLE else 0o644, read.pieces(digest))
    except Unsafe as error:
        reason = f"{ascii(error.name)[:200]} is no name for a file. {error.reason}"
        raise errors.SourceUnusable(word=shown(place.word), where=place.address, reason=reason) from error


class Objects:
    """Reads objects from a running ``git cat-file --batch``."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask, self._answer = ask, answer

    def has(self, name: str) -> bool:
        """Whether there is such an object; its content is read over."""
        return self._size(name) is not None and all(True for _ in self._pieces())

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file. Raises ``OSError`` for one that is missing."""
        if self._size(name) is None:
            raise FileNotFoundError(name)
        return self._pieces()

    def _size(self, name: str) -> int | None:
        self._ask.write(f"{name}\n".encode())
        self._ask.flush()
        words = self._answer.readline().split()
        self._left = int(words[2]) if len(words) == 3 else 0
        return self._left if len(words) == 3 else None

    def _pieces(self) -> Iterator[bytes]:
        while self._left:
            piece = self._answer.read(min(self._left, PIECE))
            if not piece:
                raise OSError("git ended in the middle of a file")
            self._left -= len(piece)
            yield piece
        self._answer.read(1)


@contextmanager
def _objects(place: Place, there: Sequence[str]) -> Iterator[Objects]:
    command = ("git", *QUIET, *there, "cat-file", "--batch")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with running(command, env=_environment(place, os.environ), **pipes) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        yield Objects(child.stdin, child.stdout)


def _git(place: Place, *words: str) -> bytes:
    """What a command of git prints. Raises ``GitMissing``, ``GitRefused``."""
    try:
        done = run(("git", *QUIET, *words), env=_environment(place, os.environ))
    except FileNotFoundError as error:
        raise errors.GitMissing(word=shown(place.word)) from error
    if done.returncode:
        said = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        told = [line for line in said if line.startswith(TOLD)] or said
        reason = shown(" ".join(told[:3])) or f"It ended with status {done.returncode}."
        raise errors.GitRefused(word=shown(place.word), address=place.address, reason=reason)
    output: bytes = done.stdout
    return output


def _environment(place: Place, environment: Mapping[str, str]) -> dict[str, str]:
    """The user's own, without what is about another repository, and so that git asks nobody and speaks English."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("GIT_") or name in OWN or name.startswith(OWN_BEGINS)
    }
    scheme = place.address.partition(":")[0]
    quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": scheme, "GIT_NO_REPLACE_OBJECTS": "1"}
    polite = {"GIT_ASKPASS": "true", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=15"}
    if environment.get("SSL_CERT_FILE"):
        polite["GIT_SSL_CAINFO"] = environment["SSL_CERT_FILE"]
    if "GIT_SSH" in kept:
        polite.pop("GIT_SSH_COMMAND")
    return {**polite, **kept, **quiet}
