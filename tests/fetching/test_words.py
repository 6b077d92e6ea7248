"""Words that name a place: what each means, and which cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import SourceWrong
from jupyter_mlpack.fetching.words import Place, read_path, read_place

COMMIT = "a" * 40
HASH = "b" * 64
GIT = "git+https://git.example/team/packs.git"
PLACES = {
    "a repository": (GIT, ("git", GIT[4:], "", "", "")),
    "a branch with a slash": (f"{GIT}@feature/x", ("git", GIT[4:], "feature/x", "", "")),
    "a commit and a folder": (f"{GIT}@{COMMIT}#subdirectory=packs/a", ("git", GIT[4:], COMMIT, "packs/a", "")),
    "a folder without a branch": (f"{GIT}#subdirectory=a%20b", ("git", GIT[4:], "", "a b", "")),
    "a user of ssh": ("git+ssh://git@git.example/x@v1", ("git", "ssh://git@git.example/x", "v1", "", "")),
    "a repository of this machine": ("git+file:///srv/x@v1", ("git", "file:///srv/x", "v1", "", "")),
    "an image": ("docker://team.example/x:1", ("image", "team.example/x:1", "", "", "")),
    "an image by its host": ("team.example/x:1", ("image", "team.example/x:1", "", "", "")),
    "a layout": ("oci:lay:name", ("layout", "/base/lay:name", "", "", "")),
    "an archive with its hash": (f"https://x.example/a#sha256={HASH}", ("web", "https://x.example/a", "", "", HASH)),
    "a file's address": ("file:///srv/a%20b", ("local", "/srv/a b", "", "", "")),
}  # fmt: skip


@pytest.mark.parametrize(("word", "expected"), PLACES.values(), ids=PLACES)
def test_read_place__word__is_that_place(word: str, expected: tuple[str, ...]) -> None:
    place = read_place(word, Path("/base"), "here")
    assert place is not None
    assert (place.kind, place.address, place.revision, place.subdirectory, place.sha256) == expected


@pytest.mark.parametrize("word", ["mlpack/python", "mlpack/python@0.1.0", "from=builder", "urn:cnb:builder:x@1"])
def test_read_place__id_of_a_buildpack__is_none(word: str) -> None:
    assert read_place(word, Path("/base"), "here") is None


def test_read_place__something_at_that_path__is_meant(tmp_path: Path) -> None:
    (tmp_path / "mlpack").mkdir()
    found = read_place("mlpack", tmp_path, "here")
    assert found == Place("local", "mlpack", str(tmp_path / "mlpack"))


@pytest.mark.parametrize("word", ["./no.where/x", "../no/such", "/no.such/x", "~no/such"])
def test_read_place__path_of_what_is_not_there__is_a_path(word: str) -> None:
    place = read_place(word, Path("/base"), "here")
    assert place is not None
    assert place.kind == "local"


def test_read_path__nothing_there__is_a_path_all_the_same() -> None:
    assert read_path("no/such", Path("/base"), "here") == Place("local", "no/such", "/base/no/such")


REFUSED = {
    "a login in an address": ("git+https://me:canary@git.example/x", "login"),
    "a token in an address": ("git+https://canary@git.example/x", "login"),
    "a login of an archive": ("https://me:canary@x.example/a.tgz", "login"),
    "a program of git's": ("git+ext::sh -c canary", "no kind of source"),
    "another kind of address": ("ftp://x.example/a.tgz", "no kind of source"),
    "an option instead of a branch": ("git+https://git.example/x@--upload-pack=sh", "cannot be a branch"),
    "a range of commits": ("git+https://git.example/x@a..b", "cannot be a branch"),
    "no branch behind the sign": ("git+https://git.example/x@", "nothing behind"),
    "a folder outside": (f"{GIT}#subdirectory=../x", "not within"),
    "an absolute folder": (f"{GIT}#subdirectory=/x", "not within"),
    "another word behind the hash": (f"{GIT}#egg=x", "only subdirectory"),
    "a short hash": ("https://x.example/a.tgz#sha256=abc", "64 digits"),
    "no repository": ("git+https://git.example/", "names no repository"),
    "no host": ("git+https:///x", "names no repository"),
    "a registry of buildpacks": ("urn:cnb:registry:x/y", "registry of buildpacks"),
}


@pytest.mark.parametrize(("word", "reason"), REFUSED.values(), ids=REFUSED)
def test_read_path__word_that_cannot_be_meant__error_without_the_login(word: str, reason: str) -> None:
    with pytest.raises(SourceWrong) as failure:
        read_path(word, Path("/base"), "here")
    said = "".join(failure.value.sentence(part) for part in ("what", "where", "why", "hint"))
    assert reason in said
    assert "canary@" not in said
    assert ":canary" not in said


@pytest.mark.parametrize(
    ("word", "pin", "expected"),
    [
        (f"{GIT}@main#subdirectory=a", COMMIT, f"{GIT}@{COMMIT}#subdirectory=a"),
        (GIT, COMMIT, f"{GIT}@{COMMIT}"),
        ("docker://h.example/x:1", f"sha256:{HASH}", f"docker://h.example/x:1@sha256:{HASH}"),
        ("https://x.example/a.tgz", HASH, f"https://x.example/a.tgz#sha256={HASH}"),
    ],
    ids=["git with a folder", "git", "image", "archive"],
)
def test_pinned__is_a_word_for_the_same(word: str, pin: str, expected: str) -> None:
    place = read_path(word, Path("/base"), "here")
    assert place.pinned(pin) == expected
    assert read_path(expected, Path("/base"), "here").kind == place.kind
