"""``parsed.json`` says what the TOML tables say, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack.inspection import parsed
from jupyter_mlpack.inspection.parsed import DATA, PARSED, parse_toml, read_data
from jupyter_mlpack.tables.parsed import parsed_text

TABLES = sorted(path.name for path in DATA.glob("*.toml"))


@pytest.mark.parametrize("name", TABLES)
def test_read_data__table__equals_its_toml(name: str) -> None:
    assert read_data(name) == parse_toml((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TABLES)
def test_parsed__table__is_as_it_was_last_parsed(name: str) -> None:
    forgotten = "run: python -m jupyter_mlpack.tables.parsed"
    assert json.loads(PARSED.read_text(encoding="utf-8")).get(name) == json.loads(parsed_text())[name], forgotten


def test_read_data__changed_since__the_toml_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "renamed.toml").write_text('[renamed]\nsklearn = "scikit-learn"\n')
    monkeypatch.setattr(parsed, "DATA", tmp_path)
    assert read_data("renamed.toml") == {"renamed": {"sklearn": "scikit-learn"}}
