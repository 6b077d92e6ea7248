"""Image names: what is filled in, what is refused, and that printing and parsing are inverse."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack import errors
from jupyter_mlpack.oci.reference import Reference, parse_reference

DIGEST = "sha256:" + "0123456789abcdef" * 4

GOOD = {
    "one word": ("iris", Reference("docker.io", "library/iris", "latest")),
    "word and tag": ("iris:1.0", Reference("docker.io", "library/iris", "1.0")),
    "user and word": ("team/iris", Reference("docker.io", "team/iris", "latest")),
    "host by its dot": ("registry.example/iris", Reference("registry.example", "iris", "latest")),
    "host by its port": ("box:5000/iris", Reference("box:5000", "iris", "latest")),
    "localhost": ("localhost/a/b:x", Reference("localhost", "a/b", "x")),
    "localhost with port": ("localhost:5000/a/b:x", Reference("localhost:5000", "a/b", "x")),
    "IPv6": ("[::1]:5000/iris", Reference("[::1]:5000", "iris", "latest")),
    "digest": (f"team/iris@{DIGEST}", Reference("docker.io", "team/iris", "", DIGEST)),
    "tag and digest": (f"box:5000/iris:1@{DIGEST}", Reference("box:5000", "iris", "1", DIGEST)),
    "separators": ("team/a-b_c__d.e--f", Reference("docker.io", "team/a-b_c__d.e--f", "latest")),
    "old name of the hub": ("index.docker.io/iris", Reference("docker.io", "library/iris", "latest")),
    "full name of the hub": ("docker.io/iris", Reference("docker.io", "library/iris", "latest")),
}  # fmt: skip

BAD = {
    "nothing": ("", errors.ReferenceWrong),
    "upper case": ("Team/iris", errors.ReferenceUppercase),
    "space": ("my iris", errors.ReferenceWrong),
    "double slash": ("team//iris", errors.ReferenceWrong),
    "ends in a slash": ("team/", errors.ReferenceWrong),
    "parent folder": ("team/../iris", errors.ReferenceWrong),
    "address": ("https://registry.example/iris", errors.ReferenceIsAddress),
    "host with underscore": ("my_box:5000/iris", errors.ReferenceHostWrong),
    "port is no number": ("box:http/iris", errors.ReferenceHostWrong),
    "empty tag": ("iris:", errors.ReferenceTagWrong),
    "tag begins with a dot": ("iris:.1", errors.ReferenceTagWrong),
    "tag of 129 letters": ("iris:" + "a" * 129, errors.ReferenceTagWrong),
    "short digest": ("iris@sha256:abc", errors.ReferenceDigestWrong),
    "user name in front": ("me@box/iris", errors.ReferenceDigestWrong),
    "too long": ("box.example/" + "a" * 250, errors.ReferenceTooLong),
    "line end": ("iris\n", errors.ReferenceWrong),
}


@pytest.mark.parametrize(("text", "expected"), GOOD.values(), ids=GOOD)
def test_parse_reference__good_name__is_completed(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(("text", "leaf"), BAD.values(), ids=BAD)
def test_parse_reference__bad_name__raises_the_leaf_that_fits(text: str, leaf: type[errors.MlpackError]) -> None:
    with pytest.raises(leaf) as caught:
        parse_reference(text)
    assert caught.value.exit_code == 2


def test_parse_reference__address_with_password__does_not_repeat_it() -> None:
    with pytest.raises(errors.ReferenceIsAddress) as caught:
        parse_reference("https://me:hunter2@registry.example/iris")
    words = [caught.value.sentence(part) for part in ("what", "where", "why", "hint")]
    assert "hunter2" not in " ".join(words)
    assert "registry.example/iris" in words[0]


WORD = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=9)
REFERENCES = st.builds(
    Reference,
    registry=st.sampled_from(["docker.io", "localhost", "box:5000", "registry.example", "[::1]:5000"]),
    repository=st.lists(WORD, min_size=2, max_size=4).map("/".join),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    digest=st.sampled_from(["", DIGEST]),
)


@given(REFERENCES)
def test_parse_reference__printed_reference__comes_back(reference: Reference) -> None:
    assert parse_reference(str(reference)) == reference
