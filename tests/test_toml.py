"""Tables of texts that every build reads are kept, and are the same as parsed ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import toml

TEXT = 'a = 1\nb = [1.5, "\u00e4", true, {c = -0.0}]\n[d.e]\nf = 9223372036854775807\n'
DATED = "moment = 2020-01-01T00:00:00Z\n"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml, "_known", {})
    monkeypatch.setattr(toml, "_fresh", {})


def again(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As another process: what is parsed from now on."""
    monkeypatch.setattr(toml, "_known", {})
    monkeypatch.setattr(toml, "_fresh", {})
    toml.recall(place)
    parsed: list[str] = []
    loads = toml.loads
    monkeypatch.setattr(toml, "loads", lambda text: parsed.append(text) or loads(text))
    return parsed


def test_keep__recalled__the_same_without_a_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = toml.loads_known(TEXT)
    toml.keep(tmp_path / "folder" / "toml.json")
    parsed = again(tmp_path / "folder" / "toml.json", monkeypatch)
    assert repr(toml.loads_known(TEXT)) == repr(first) == repr(toml.loads(TEXT))
    assert parsed == [TEXT]  # by the line above alone


def test_keep__a_date__is_parsed_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml.loads_known(DATED)
    toml.loads_known(TEXT)
    toml.keep(tmp_path / "toml.json")
    parsed = again(tmp_path / "toml.json", monkeypatch)
    assert toml.loads_known(DATED)["moment"].year == 2020
    assert parsed == [DATED]


def test_keep__nothing_new__is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml.loads_known(TEXT)
    toml.keep(tmp_path / "toml.json")
    again(tmp_path / "toml.json", monkeypatch)
    (tmp_path / "toml.json").unlink()
    toml.loads_known(TEXT)
    toml.keep(tmp_path / "toml.json")
    assert not (tmp_path / "toml.json").exists()


def test_keep__too_much__the_last_time_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml, "MOST", len(TEXT) + 3)
    toml.loads_known(TEXT)
    toml.keep(tmp_path / "toml.json")
    again(tmp_path / "toml.json", monkeypatch)
    toml.loads_known("a = 2\n")
    toml.keep(tmp_path / "toml.json")
    parsed = again(tmp_path / "toml.json", monkeypatch)
    toml.loads_known("a = 2\n")
    toml.loads_known(TEXT)
    assert parsed == [TEXT]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"other": {}}', f'{{"{toml.PARSER}": [1]}}', f'{{"{toml.PARSER}": {{"a": 1}}}}']
)
def test_recall__a_damaged_file__costs_time_only(tmp_path: Path, content: str) -> None:
    (tmp_path / "toml.json").write_text(content)
    toml.recall(tmp_path / "toml.json")
    assert toml.loads_known("a = 1") == {"a": 1}
