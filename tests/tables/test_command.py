from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlpack.inspection import tables
from jupyter_mlpack.tables.command import machine_indexes, main

from .conftest import Index, wheel


@pytest.fixture
def stocked(index: Index) -> Index:
    index.add("acme-billing", "acme_billing-1.0-py3-none-any.whl", wheel({"acme/billing/__init__.py": ""}))
    index.add("acme-core", "acme_core-1.0-py3-none-any.whl", wheel({"acme/core/__init__.py": "", "tests/a.py": ""}))
    return index


def test_main__names_of_a_private_index__table_that_beats_ours(
    stocked: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, table = tmp_path / "names.txt", tmp_path / "acme.txt"
    names.write_text("acme-billing # finance\nacme-core\n")
    assert main(["--names", str(names), "--index", stocked.url, "--date", "2026-01-02", "-o", str(table)]) == 0
    assert table.read_text().splitlines()[-2:] == ["acme.billing: acme-billing", "acme.core: acme-core"]
    assert "# date: 2026-01-02" in table.read_text()
    monkeypatch.setenv(tables.OVERRIDE, str(table))
    assert tables.modules()["acme.billing"] == ("acme-billing",)
    assert tables.modules()["cv2"][0] == "opencv-python"


def test_main__older_table__only_its_unread_names_are_asked_for(
    stocked: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = tmp_path / "older.txt"
    older.write_text("# remark\nacme.billing: acme-billing?\nknown: acme-known\nghost: acme-ghost?\n")
    assert main(["--table", str(older), "--index", stocked.url]) == 0
    told = capsys.readouterr()
    assert "acme.billing: acme-billing\n" in told.out
    assert "known: acme-known\n" in told.out
    assert "ghost: " not in told.out
    assert "unknown: acme-ghost" in told.err
    assert "left out: acme-ghost does not provide ghost" in told.err
    assert not [path for path, _ in stocked.asked if "known" in path]


def test_main__one_name_cannot_be_read__status_one_and_a_table(
    stocked: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    stocked.add("torn", "torn-1.0-py3-none-any.whl", b"torn")
    assert main(["torn", "acme-core", "--index", stocked.url]) == 1
    assert "acme.core: acme-core" in capsys.readouterr().out


def test_main__same_input_twice__same_bytes(stocked: Index, tmp_path: Path) -> None:
    for name in ("one", "two"):
        main(["acme-core", "acme-billing", "--index", stocked.url, "--date", "2026-01-02", "-o", str(tmp_path / name)])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "nothing to make a table", id="nothing"),
        pytest.param(["numpy"], "No package index is set", id="no index"),
        pytest.param(["--names", "missing.txt"], "missing.txt cannot be used", id="no such list"),
        pytest.param(["--table", "missing.txt"], "missing.txt cannot be used", id="no such table"),
    ],
)
def test_main__wrong_use__sentence_and_status_two(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    if machine_indexes(os.environ):
        pytest.skip("NOT TESTED: pip's system-wide configuration on this machine names an index")
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        pytest.param({"UV_DEFAULT_INDEX": "https://a.test/simple"}, ["https://a.test/simple"], id="uv"),
        pytest.param({"UV_DEFAULT_INDEX": "corp=https://a.test/?x=1"}, ["https://a.test/?x=1"], id="named"),
        pytest.param(
            {"PIP_INDEX_URL": "https://a.test/s", "PIP_EXTRA_INDEX_URL": "https://b.test/s"},
            ["https://b.test/s", "https://a.test/s"],
            id="pip, further one first",
        ),
    ],
)
def test_machine_indexes__settings__in_uv_s_order(
    environment: dict[str, str], found: list[str], tmp_path: Path
) -> None:
    assert machine_indexes({"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path), **environment}) == found
