"""Choices: read, checked, laid over the notebook's own, and followed by the inspection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.choices import check_choices, parse_choices
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection, Json, KernelEnvironment, Notebook, Purpose
from jupyter_mlpack.wishes import Wishes

CELLS = ("import pandas\nimport cv3x\npandas.read_parquet('a.parquet')", "import torch\ntorch.zeros(1).cuda()")


def write(folder: Path, kept: Json = None, *cells: str) -> Path:
    made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells or CELLS)]
    metadata = {} if kept is None else {"mlpack": kept}
    path = folder / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=metadata), path)
    return path


def both(folder: Path, choices: Mapping[str, Json]) -> tuple[Notebook, Inspection]:
    """The same choices saved and given make the same notebook and the same inspection."""
    saved = read_notebook(write(folder, dict(choices)))
    given = read_notebook(write(folder), choices)
    assert saved.document == given.document
    kernel = KernelEnvironment("python3", "3.13.1", ())
    assert inspect_notebook(saved, kernel) == inspect_notebook(given, kernel)
    return given, inspect_notebook(given, kernel)


def names(inspection: Inspection) -> set[str]:
    return {entry.name for entry in inspection.dependencies}


def codes(inspection: Inspection) -> set[str]:
    return {notice.code for notice in inspection.notices}


def test_choices__none__nothing_changes(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {})
    assert names(inspection) == {"pandas", "pyarrow", "torch"}
    assert [entry.module for entry in inspection.unresolved] == ["cv3x"]
    assert inspection.hardware.accelerator == "cuda"


def test_ignore__unresolved__is_told_and_no_longer_listed(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"ignore": ["cv3x"]})
    assert inspection.unresolved == ()
    (told,) = (notice for notice in inspection.notices if notice.code == "unresolved-ignored")
    assert "cv3x" in told.text
    assert told.location
    assert (told.location.cell, told.location.line) == (1, 2)


def test_modules__unresolved__resolves_it(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"modules": {"cv3x": "Acme_Vision"}})
    assert inspection.unresolved == ()
    assert "acme-vision" in names(inspection)


def test_without__import_and_rule__are_left_out(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"without": ["Torch", "pyarrow"]})
    assert names(inspection) == {"pandas"}
    assert "left-out" in codes(inspection)


def test_packages_and_system__are_needed(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"packages": ["polars>=1"], "system": ["graphviz"]})
    assert "polars" in names(inspection)
    assert [package.name for package in inspection.system] == ["graphviz"]


def test_hardware__chosen__is_followed_with_its_reason(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"hardware": {"accelerator": "cpu"}})
    assert inspection.hardware.accelerator == "cpu"
    assert "chosen by you" in inspection.hardware.reason


def test_hardware__nobody_knows_it__is_told(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"hardware": {"accelerator": "abacus"}})
    assert inspection.hardware.accelerator == "cuda"
    assert "hardware-unknown" in codes(inspection)


def test_python__chosen__beats_the_kernel_without_a_conflict(tmp_path: Path) -> None:
    _, inspection = both(tmp_path, {"python": "3.11"})
    assert (inspection.python.version, inspection.python.source) == ("3.11", "user")
    assert inspection.conflicts == ()


def test_empty__undoes_what_is_kept_and_leaves_no_trace(tmp_path: Path) -> None:
    plain = read_notebook(write(tmp_path))
    kept = write(tmp_path, {"ignore": ["cv3x"], "name": "a:b"})
    undone = read_notebook(kept, {"ignore": [], "name": "", "hardware": {}, "modules": None})
    assert undone.document == plain.document
    assert [entry.module for entry in inspect_notebook(undone).unresolved] == ["cv3x"]


def test_given__key_by_key__others_stay(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path, {"ignore": ["cv3x"], "name": "a:b"}), {"name": "c:d"})
    assert notebook.metadata["mlpack"] == {"ignore": ["cv3x"], "name": "c:d"}


WRONG: dict[str, tuple[Json, str]] = {
    "unknown": ({"pakages": []}, "pakages"),
    "text for a list": ({"packages": "numpy"}, "packages"),
    "number in a list": ({"ignore": [1]}, "ignore"),
    "list for an object": ({"modules": ["cv2"]}, "modules"),
    "inner": ({"hardware": {"gpu": 1}}, "hardware.gpu"),
    "count": ({"hardware": {"count": True}}, "hardware.count"),
    "purpose": ({"purpose": "fun"}, "purpose"),
    "python": ({"python": 3.11}, "python"),
    "name": ({"name": ["x"]}, "name"),
    "file elsewhere": ({"requirements": ["/etc/passwd"]}, "requirements"),
    "file above": ({"conda": "a/../../environment.yml"}, "conda"),
    "file of a home": ({"model": "~/model"}, "model"),
    "file with a backslash": ({"model": "..\\model"}, "model"),
    "no list of files": ({"requirements": "requirements.txt"}, "requirements"),
    "platform": ({"platform": "windows/amd64"}, "platform"),
    "stack": ({"stack": "../stack"}, "stack"),
}


@pytest.mark.parametrize(("said", "key"), WRONG.values(), ids=WRONG)
def test_wrong__option__is_one_error_that_names_the_key(said: Json, key: str) -> None:
    with pytest.raises(errors.ChoicesWrong) as caught:
        parse_choices(json.dumps(said))
    assert key in caught.value.sentence("what")


@pytest.mark.parametrize(("said", "key"), WRONG.values(), ids=WRONG)
def test_wrong__metadata__is_a_notice_that_names_the_key(said: Json, key: str, tmp_path: Path) -> None:
    assert isinstance(said, dict)
    notebook = read_notebook(write(tmp_path, {**said, "system": ["graphviz"]}))
    (told,) = (notice for notice in notebook.notices if notice.code == "choices-wrong")
    assert key in told.text
    assert notebook.metadata["mlpack"] == {"system": ["graphviz"]}
    inspect_notebook(notebook)


@pytest.mark.parametrize("text", ["", "[]", "{", "1", "@/no/such/file", "[" * 100_000], ids=range(6))
def test_parse_choices__no_object__is_told(text: str) -> None:
    with pytest.raises(errors.ChoicesUnreadable):
        parse_choices(text)


def test_parse_choices__file__is_read(tmp_path: Path) -> None:
    (tmp_path / "choices.json").write_text('{"ignore": ["é"]}')
    assert parse_choices(f"@{tmp_path}/choices.json") == {"ignore": ["é"]}


def test_check_choices__good__comes_back_without_empty_ones() -> None:
    good, wrong = check_choices({"ignore": [], "packages": ["a"], "python": ""})
    assert (good, wrong) == ({"packages": ["a"]}, {})


def test_over__the_caller_beats_the_notebook(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path, {"name": "kept:1", "purpose": "training"}))
    assert Wishes().over(notebook).name == "kept:1"
    assert Wishes(name="given:1").over(notebook).name == "given:1"


def test_over__purpose__the_callers_and_a_name_for_that_purpose_only(tmp_path: Path) -> None:
    notebook = read_notebook(write(tmp_path, {"purpose": "inference", "name": "churn:serve"}))
    assert Wishes().over(notebook).aim is Purpose.INFERENCE
    assert Wishes().over(notebook).name == "churn:serve"
    training = Wishes(purpose=Purpose.TRAINING).over(notebook)
    assert (training.aim, training.name) == (Purpose.TRAINING, None)


def test_over__what_cannot_be_built__is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelNeedsInference):
        Wishes(model=tmp_path).over(read_notebook(write(tmp_path)))
    with pytest.raises(errors.ReferenceUppercase):
        Wishes().over(read_notebook(write(tmp_path, {"name": "Kept:1"})))


FURTHER: dict[str, Json] = {
    "purpose": "inference",
    "requirements": ["requirements.txt"],
    "groups": ["dev"],
    "conda": "envs/environment.yml",
    "model": "train-runs/3",
    "platform": "linux/arm64",
    "stack": "trixie",
}


def test_over__files_platform_and_stack__are_the_notebooks(tmp_path: Path) -> None:
    wishes = Wishes().over(read_notebook(write(tmp_path, FURTHER)))
    assert wishes.requirement_files == (tmp_path / "requirements.txt",)
    assert (wishes.conda_file, wishes.model) == (tmp_path / "envs/environment.yml", tmp_path / "train-runs/3")
    assert (wishes.groups, wishes.arch, wishes.stack) == (("dev",), "arm64", "trixie")


def test_over__files_platform_and_stack__of_the_caller_win(tmp_path: Path) -> None:
    said = Wishes(
        arch="amd64", arch_said=True, stack="mine", groups=("a",), requirement_files=(Path("r"),), conda_file=Path("c"),
        model=Path("m"), purpose=Purpose.INFERENCE,
    )  # fmt: skip
    wishes = said.over(read_notebook(write(tmp_path, FURTHER)))
    assert wishes == replace(said, folder=tmp_path)


def test_over__training__needs_no_model(tmp_path: Path) -> None:
    assert Wishes(purpose=Purpose.TRAINING).over(read_notebook(write(tmp_path, FURTHER))).model is None


@pytest.mark.parametrize("key", ["requirements", "conda", "model"])
def test_over__link_that_leads_out__is_refused(key: str, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "secret").touch()
    (folder / "here").symlink_to(tmp_path / "secret")
    said: dict[str, Json] = {"purpose": "inference", key: ["here"] if key == "requirements" else "here"}
    with pytest.raises(errors.ChoiceOutside):
        Wishes().over(read_notebook(write(folder, said)))
