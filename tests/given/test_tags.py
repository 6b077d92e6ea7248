"""``business-tags.yaml`` becomes tags: the same by our reading and by the buildpack's, which has no library for it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_mlpack.errors import BusinessTagMissing, BusinessTagsWrong
from jupyter_mlpack.given.tags import merge_tags, read_tags

LIBRARY = Path(__file__).parents[2] / "buildpacks/business-tags/lib"
TOKEN = "hf_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9x" * 2
GOOD = {
    "one": ("team: fraud\n", {"team": "fraud"}),
    "as it stands": (
        "a: 007\nb: yes\nc: 2026-01-02\nd: 1.50\n",
        {"a": "007", "b": "yes", "c": "2026-01-02", "d": "1.50"},
    ),
    "quotes": ("a: \"x: y # z\"\nb: 'it''s'\n'c': d\n", {"a": "x: y # z", "b": "it's", "c": "d"}),
    "remarks and blank lines": ("# all\n---\n\na: b  # why\n  # more\nc: d#e\n", {"a": "b", "c": "d#e"}),
    "mappings in mappings": (
        "owner:\n  team: fraud\n  unit:\n    name: risk\n  mail: a@b.example\nz: 1\n",
        {"owner.team": "fraud", "owner.unit.name": "risk", "owner.mail": "a@b.example", "z": "1"},
    ),
    "an address": ("url: https://wiki.example/fraud?x=1\n", {"url": "https://wiki.example/fraud?x=1"}),
    "keys of others": ("org.opencontainers.image.vendor: Acme\nteam/name: x\n", None),
    "a byte order mark": ("\ufeffa: b\n", {"a": "b"}),
    "words of keys that are no secrets": ("token-budget: 4000\nauth: sso\nkeyboard: us\n", None),
    "nothing": ("# later\n", {}),
}
BAD = {
    "a list": "a:\n  - b\n",
    "a list in a line": "a: [b]\n",
    "a mapping in a line": "a: {b: c}\n",
    "a text over lines": "a: |\n  b\n",
    "an anchor": "a: &x {b: c}\n",
    "no value": "a:\n",
    "no value, then others": "a:\nb: c\n",
    "an empty text": "a: ''\n",
    "twice": "a: b\na: c\n",
    "twice by another way": "a.b: 1\na:\n  b: 2\n",
    "no mapping": "just words\n",
    "a second colon": "a: b: c\n",
    "indented at random": "a:\n    b: 1\n  c: 2\n",
    "a key with a blank": "cost center: 1\n",
    "a label of buildpacks": "io.buildpacks.stack.id: x\n",
    "a label of ours": "org.jupyter-mlpack.purpose: x\n",
    "a label of engines": "com.docker.x: y\n",
    "a long value": f"a: {'x' * 1025}\n",
    "many": "".join(f"k{number}: v\n" for number in range(101)),
    "a token": f"a: {TOKEN}\n",
    "a password": "db.password: hunter2x\n",
    "a key of an interface": "api-key: 4f9c2e7a1b8d3f6e5a0c\n",
    "an address with a login": "a: https://me:hunter22@h.example/\n",
    "control characters": 'a: "b\\u0007"\n',
}


@pytest.fixture(scope="module")
def buildpack() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Both modules of the buildpack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(LIBRARY))
        patch.setattr(sys, "dont_write_bytecode", True)
        yield importlib.import_module("plain_yaml"), importlib.import_module("tags")
        for name in ("plain_yaml", "tags"):
            del sys.modules[name]


@pytest.mark.parametrize(("text", "expected"), GOOD.values(), ids=GOOD)
def test_read_tags__plain_mapping__both_readings_agree(
    tmp_path: Path, buildpack: tuple[ModuleType, ModuleType], text: str, expected: dict[str, str] | None
) -> None:
    path = tmp_path / "business-tags.yaml"
    path.write_text(text, encoding="utf-8")
    found = read_tags(path)
    assert expected is None or found == expected
    reader, rules = buildpack
    assert rules.checked(reader.read_mapping(text)) == found
    assert list(found) == sorted(found)


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_read_tags__no_tags__both_refuse_and_quote_no_value(
    tmp_path: Path, buildpack: tuple[ModuleType, ModuleType], text: str
) -> None:
    path = tmp_path / "business-tags.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BusinessTagsWrong) as failure:
        read_tags(path)
    said = failure.value.sentence("why")
    reader, rules = buildpack
    with pytest.raises((reader.Unreadable, rules.Refused)) as refusal:
        rules.checked(reader.read_mapping(text))
    for secret in (TOKEN, "hunter2", "4f9c2e7a1b8d"):
        assert secret not in said + str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("&a [*a]", id="a list that holds itself"),
        pytest.param("a: &x\n  b: &y\n    c: *x\n", id="a mapping that holds itself"),
        pytest.param("\n".join(f"{'  ' * depth}a:" for depth in range(500)) + " b", id="deep"),
        pytest.param("a: " + "x" * 70_000, id="large"),
        pytest.param("a: !!python/object/apply:os.getcwd []\n", id="a call"),
        pytest.param("\x00", id="no text"),
    ],
)
def test_read_tags__hostile_file__one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(BusinessTagsWrong):
        read_tags(tmp_path / "t.yaml")


def test_merge_tags__site_and_notebook__site_counts_and_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "business-tags.yaml").write_text("team: fraud\ncost-center: '1'\n")
    site = tmp_path / "site.yaml"
    site.write_text("cost-center: '2'\nregion: eu\n")
    found, (notice,) = merge_tags(tmp_path / "n.ipynb", site, ["team", "region"])
    assert found == {"cost-center": "2", "region": "eu", "team": "fraud"}
    assert notice.text.startswith("cost-center: the tags of")


def test_merge_tags__required_one_is_missing__says_which(tmp_path: Path) -> None:
    with pytest.raises(BusinessTagMissing, match="without the business tag team") as failure:
        merge_tags(tmp_path / "n.ipynb", None, ["team"])
    assert "business-tags.yaml" in failure.value.sentence("hint")
