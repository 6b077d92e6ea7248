"""Bindings of type ``pypi`` become settings of uv."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import BindingWrong
from jupyter_mlpack.given.indexes import with_bound_indexes
from jupyter_mlpack.lifecycle.inputs import Binding

URL, SECRET = "https://p.example/simple", "https://me:p%40ss@p.example/simple"
LOGIN = {"type": "pypi", "url": URL, "username": "me", "password": "p@ss\n"}
ROWS = {
    "a further index": (LOGIN, {}, {"UV_INDEX": SECRET}),
    "beside others": (LOGIN, {"UV_INDEX": "a=https://a.example"}, {"UV_INDEX": f"a=https://a.example {SECRET}"}),
    "one that is configured": (LOGIN, {"UV_DEFAULT_INDEX": f"{URL}/"}, {"UV_DEFAULT_INDEX": SECRET}),
    "a configured one with a name": (LOGIN, {"UV_INDEX": f"own={URL}"}, {"UV_INDEX": f"own={SECRET}"}),
    "instead of the public one": (
        {**LOGIN, "default": "true"},
        {"UV_INDEX_URL": "https://a.example"},
        {"UV_DEFAULT_INDEX": SECRET},
    ),
    "a token": (
        {"type": "pypi", "uri": URL, "token": "tk-1"},
        {},
        {"UV_INDEX": "https://__token__:tk-1@p.example/simple"},
    ),
    "no secret": ({"type": "pypi", "url": URL}, {}, {"UV_INDEX": URL}),
    "no address": ({"type": "pypi", "password": "x"}, {}, {}),
    "another type": ({**LOGIN, "type": "s3"}, {}, {}),
}


def bind(folder: Path, facts: dict[str, str]) -> Binding:
    folder.mkdir()
    for name, text in facts.items():
        (folder / name).write_text(text)
    return Binding("my-index", folder)


@pytest.mark.parametrize(("facts", "settings", "expected"), ROWS.values(), ids=ROWS)
def test_with_bound_indexes__binding__is_an_index_with_its_login(
    tmp_path: Path, facts: dict[str, str], settings: dict[str, str], expected: dict[str, str]
) -> None:
    assert with_bound_indexes([bind(tmp_path / "b", facts)], settings) == expected


@pytest.mark.parametrize("url", ["p.example/simple", "file:///etc", "https://"])
def test_with_bound_indexes__no_address_of_an_index__is_refused_without_the_secret(tmp_path: Path, url: str) -> None:
    with pytest.raises(BindingWrong, match="my-index") as caught:
        with_bound_indexes([bind(tmp_path / "b", {**LOGIN, "url": url})], {})
    assert "p@ss" not in str(caught.value) + caught.value.sentence("why")
