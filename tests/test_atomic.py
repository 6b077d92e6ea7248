"""A small file is there whole or not at all, and a failure leaves nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.atomic import write_atomically


def test_write_atomically__missing_folder__is_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.json", "größe")
    assert (tmp_path / "a" / "b.json").read_text(encoding="utf-8") == "größe"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_write_atomically__failure__keeps_the_old_file_and_no_draft(tmp_path: Path) -> None:
    write_atomically(tmp_path / "b.json", "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "b.json", "\ud800")
    assert (tmp_path / "b.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]
