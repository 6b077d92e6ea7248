"""The tables, and own tables before them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import HardwareTableUnreadable
from jupyter_mlpack.inspection.hardware.facts import (
    OWN,
    accelerators,
    hardware_table,
    kernels_table,
    longest_prefix,
    names,
    words,
)
from jupyter_mlpack.inspection.hardware.images import hardware_image

from .conftest import inspect

OURS = """
[accelerators]
"Z9" = { class = "gpu", vendor = "acme", memory = 512 }
"T4" = { class = "gpu", vendor = "nvidia", capability = "7.5", memory = 15 }
[colab]
"ZZ" = "Z9"
[builds]
cuda = "acme-kernels"
[image.cpu]
index = "https://packages.example.test/cpu"
[image.edge]
words = "our edge box"
arch = "arm64"
[[build]]
package = "torch"
least = "9.0"
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OURS)
    monkeypatch.setenv(OWN, str(path))
    return path


def test_accelerators__own_table__new_and_replaced_rows_others_stay(own: Path) -> None:
    assert accelerators()["Z9"].vendor == "acme"
    assert accelerators()["T4"].memory == 15
    assert accelerators()["A100"].capability == "8.0"


def test_find_hardware__name_of_an_own_table__its_card(own: Path, tmp_path: Path) -> None:
    found = inspect(tmp_path, {"accelerator": "GPU", "colab": {"gpuType": "ZZ"}}).hardware.declared
    assert (found.model, found.vendor, found.memory) == ("Z9", "acme", 512)


def test_names__own_words__before_ours_not_in_their_place(own: Path) -> None:
    assert {names("builds")["acme-kernels"], names("builds")["vllm"]} == {"cuda"}


def test_hardware_images__own_keys_and_rows__the_others_stay(own: Path) -> None:
    cpu, edge = hardware_image("cpu"), hardware_image("edge")
    assert (cpu.index, cpu.torch, cpu.replace["xgboost"]) == ("https://packages.example.test/cpu", "cpu", "xgboost-cpu")
    assert (hardware_image("apple").index, hardware_image("cuda13").index) == (cpu.index, "")
    assert (edge.words, edge.arch, edge.cuda, edge.setting) == ("our edge box", "arm64", "", "MLPACK_INDEX_EDGE")


def test_kernels_table__own_rows__come_first(own: Path) -> None:
    assert kernels_table()["build"][0]["least"] == "9.0"
    assert len(kernels_table()["build"]) > 5


def test_hardware_table__two_own_tables__the_first_beats_the_second(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second.toml"
    second.write_text('[colab]\n"ZZ" = "T4"\n"YY" = "L4"\n')
    monkeypatch.setenv(OWN, f"{own}:{second}")
    assert (hardware_table()["colab"]["ZZ"], hardware_table()["colab"]["YY"]) == ("Z9", "L4")


@pytest.mark.parametrize(
    "text",
    ["no toml", '[planets]\nx = "y"', '[kaggle]\ngpu = "T4"', "accelerators = 3", '[accelerators]\n"Z" = { size = 3 }'],
    ids=["no toml", "unknown table", "other form", "no table", "incomplete row"],
)
def test_hardware_table__own_table_that_cannot_be_used__refused_by_name(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    monkeypatch.setenv(OWN, str(path))
    with pytest.raises(HardwareTableUnreadable) as caught:
        hardware_table()
    assert str(path) in str(caught.value)


def test_hardware_table__own_table_missing__refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN, str(tmp_path / "none.toml"))
    with pytest.raises(HardwareTableUnreadable):
        hardware_table()


@pytest.mark.parametrize(
    ("module", "found"), [("a.b.c", "long"), ("a.b", "long"), ("a.c", "short"), ("a", "short"), ("b", None), ("", None)]
)
def test_longest_prefix__dotted_names__the_longest_wins(module: str, found: str | None) -> None:
    assert longest_prefix({"a": "short", "a.b": "long"}, module) == found


def test_words__lists__no_module_is_needed_and_optional_at_once() -> None:
    assert not set(names("modules")) & set(names("takes"))
    assert not set(names("modules")) & words("frameworks", "modules")
