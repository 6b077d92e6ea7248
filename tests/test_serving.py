"""The inference side of a build: refusals, model files, and what the server is given."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.hardware import with_hardware
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.serving import Side, find_serving, serving_notebook
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.oci import Store
from jupyter_mlpack.plan import make_target
from jupyter_mlpack.plan_serving import make_serving_plan
from jupyter_mlpack.serving import find_side, place_model, tell_side
from jupyter_mlpack.stack import StackSettings
from jupyter_mlpack.values import BuildPlan, Json, Lock, Notebook, Purpose, Serving
from jupyter_mlpack.wishes import Machine, Wishes

LOADS = "import joblib, helper\nm = joblib.load('m.joblib')"
PREDICT = "def predict(x: list[float], k: int = 3) -> float:\n    return helper.clean(m.predict([x])[0])"
TRAINS = (
    "import joblib, pandas\nfrom sklearn.svm import SVC\nm = SVC()\nm.fit(pandas.read_csv('train.csv'), [1])\n"
    "joblib.dump(m, 'm.joblib')"
)


def write(folder: Path, *cells: str, **choices: Json) -> Notebook:
    """A notebook with its files beside it, read."""
    made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"mlpack": choices}), folder / "My Model.ipynb")
    (folder / "helper.py").write_text("def clean(x):\n    return float(x)\n")
    (folder / "train.csv").write_text("a\n1\n")
    return read_notebook(folder / "My Model.ipynb")


def side(notebook: Notebook, folder: Path, **asked: Path) -> Side | None:
    machine = Machine(Store(folder / "store"), read_catalog(), StackSettings())
    wishes = Wishes(purpose=Purpose.INFERENCE, model=asked.get("model"))
    return find_side(notebook, inspect_notebook(notebook), wishes, machine)


def plan(notebook: Notebook, found: Side, at: str = "") -> BuildPlan:
    catalog = read_catalog()
    stack = catalog.stacks[0]
    return make_serving_plan(found, notebook, at, Lock(()), ("n:1", stack, make_target(stack, "amd64"), catalog))


def test_make_serving_plan__holds_the_slice_and_its_files_only(tmp_path: Path) -> None:
    notebook = write(tmp_path, TRAINS, LOADS, PREDICT)
    (tmp_path / "m.joblib").write_bytes(b"model")
    found = side(notebook, tmp_path)
    assert found
    made = plan(notebook, found)
    paths = [file.path for file in made.files if not file.path.startswith(".mlpack/")]
    assert paths == ["helper.py", "m.joblib"]
    assert any(name.startswith("mlpack/serving@") for name in made.order)
    assert json.loads(next(file.text or "" for file in made.files if file.path == ".mlpack/service.json")) == {
        "function": "predict",
        "cell": 3,
        "name": "my-model",
        "cells": [
            {"cell": 1, "line": 1, "source": "import joblib\nfrom sklearn.svm import SVC"},
            {"cell": 2, "line": 1, "source": LOADS},
            {"cell": 3, "line": 1, "source": PREDICT},
        ],
        "models": ["m.joblib"],
        "parameters": [
            {"name": "x", "annotation": "list[float]"},
            {"name": "k", "annotation": "int", "default": 3},
        ],
        "returns": "float",
    }
    assert {one.name for one in found.inspection.dependencies} == {"joblib", "scikit-learn"}


def test_make_serving_plan__equal_inputs__equal_plans_and_a_folder_is_told(tmp_path: Path) -> None:
    notebook = write(tmp_path, LOADS, PREDICT)
    found = side(notebook, tmp_path)
    assert found
    assert plan(notebook, found) == plan(notebook, found)
    made = plan(notebook, found, at="notebooks")
    service = next(file.text or "" for file in made.files if file.path == ".mlpack/service.json")
    assert json.loads(service)["folder"] == "notebooks"
    assert "notebooks/helper.py" in {file.path for file in made.files}


REFUSED = {
    "no function": ((LOADS,), {}, errors.PredictMissing),
    "choices name another": ((LOADS, PREDICT), {"predict": "score"}, errors.PredictUnknown),
    "still trains": ((TRAINS, PREDICT), {}, errors.ModelTrainedAtStart),
}


@pytest.mark.parametrize(("cells", "choices", "refusal"), REFUSED.values(), ids=REFUSED)
def test_find_side__cannot_be_served__is_refused_for_inference_only(
    tmp_path: Path, cells: tuple[str, ...], choices: dict[str, Json], refusal: type[errors.MlpackError]
) -> None:
    notebook = write(tmp_path, *cells, **choices)
    with pytest.raises(refusal):
        side(notebook, tmp_path)
    machine = Machine(Store(tmp_path / "store"), read_catalog(), StackSettings())
    assert find_side(notebook, inspect_notebook(notebook), Wishes(purpose=Purpose.TRAINING), machine) is None


def test_find_side__still_trains__names_cell_name_and_line(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelTrainedAtStart) as refusal:
        side(write(tmp_path, "a = 1", TRAINS, PREDICT), tmp_path)
    assert refusal.value.data["name"] == "m"
    assert refusal.value.location is not None
    assert (refusal.value.location.cell, refusal.value.location.line) == (2, 4)
    assert "m.fit(" in refusal.value.sentence("where")


def test_find_side__install_lines_are_cut__their_versions_are_not(tmp_path: Path) -> None:
    found = side(write(tmp_path, "%pip install joblib==1.2 rich", LOADS, PREDICT), tmp_path)
    assert found
    assert [(one.name, one.specifier) for one in found.inspection.dependencies if one.name in ("joblib", "rich")] == [
        ("joblib", "==1.2")
    ]


def test_find_side__reads_what_an_unknown_program_wrote__keeps_the_notebooks_model_packages(tmp_path: Path) -> None:
    found = side(write(tmp_path, "import sklearn.svm, tqdm", LOADS, PREDICT), tmp_path)
    assert found
    assert {one.name for one in found.inspection.dependencies} == {"joblib", "scikit-learn"}


def test_make_serving_plan__cells_write_files_and_several_answer__as_the_notebook_says(tmp_path: Path) -> None:
    writes = "%%writefile helper.py\ndef clean(x):\n    return 2 * x"
    notebook = write(tmp_path, writes, LOADS, PREDICT, predict="predict, m.score")  # an older helper.py lies beside it
    found = side(notebook, tmp_path)
    assert found
    made = {file.path: file for file in plan(notebook, found, "nb").files}
    assert (made["nb/helper.py"].source, made["nb/helper.py"].text) == (None, "def clean(x):\n    return 2 * x\n")
    assert json.loads(made[".mlpack/service.json"].text or "")["others"] == ["m.score"]
    assert next(tell_side(found)).text.startswith("predict, m.score answer requests; 3 of 3 code cells")


def test_find_side__a_method_of_what_is_trained__refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelTrainedAtStart, match=r"m.predict needs m, which is trained"):
        side(write(tmp_path, TRAINS, predict="m.predict"), tmp_path)


def test_tell_side__model_is_not_there__is_told_how_to_bring_it(tmp_path: Path) -> None:
    found = side(write(tmp_path, LOADS, PREDICT), tmp_path)
    assert found
    told = ["served", "pickled-unknown", "model-missing"]
    assert [notice.code for notice in tell_side(found)] == told
    assert [notice.code for notice in tell_side(replace(found, models={"m.joblib": tmp_path}))] == told[:2]


def test_tell_side__nobody_shows_what_was_pickled__told_with_what_comes_along(tmp_path: Path) -> None:
    found = side(write(tmp_path, "from sklearn.svm import SVC\nSVC().get_params()", LOADS, PREDICT), tmp_path)
    assert found
    notice = {notice.code: notice for notice in tell_side(found)}["pickled-unknown"]
    assert "scikit-learn are in the image" in notice.text


def test_with_hardware__what_compiles_was_cut__no_compiler(tmp_path: Path) -> None:
    notebook = write(tmp_path, "import torch\nfast = torch.compile(len)", LOADS, PREDICT)
    found = side(notebook, tmp_path)
    assert found
    made = plan(notebook, found)
    served = serving_notebook(notebook, found.serving)
    assert with_hardware(made, served, found.inspection, Lock(()), read_catalog()).system == made.system
    assert with_hardware(made, notebook, found.inspection, Lock(()), read_catalog()).system != made.system


def serving(folder: Path, *loads: str) -> Serving:
    code = "import joblib\n" + "\n".join(f"m{at} = joblib.load('{path}')" for at, path in enumerate(loads))
    names = ", ".join(f"m{at}" for at in range(len(loads))) or "0"
    found = find_serving(write(folder, code, f"def predict(x):\n    return {names}"))
    assert found
    return found


PLACED = {
    "a file of that name": (("a.joblib", "b.joblib"), "out/b.joblib", {"b.joblib": "out/b.joblib"}),
    "a file of another name": (("a.joblib",), "out/b.joblib", {"a.joblib": "out/b.joblib"}),
    "a file in a folder of the code's": (("models/b.joblib",), "out/b.joblib", {"models/b.joblib": "out/b.joblib"}),
    "what a run left": (("b.joblib",), "out", {"b.joblib": "out/b.joblib"}),
    "what a run left in a folder": (("deep/c.joblib",), "out", {"deep/c.joblib": "out/deep/c.joblib"}),
    "only its name is the same": (("models/b.joblib",), "out", {"models/b.joblib": "out/b.joblib"}),
    "one of two": (("b.joblib", "z.joblib"), "out", {"b.joblib": "out/b.joblib"}),
    "a whole folder": (("deep",), "out", {"deep/c.joblib": "out/deep/c.joblib"}),
    "a whole folder by its own name": (("model/deep",), "out/deep", {"model/deep/c.joblib": "out/deep/c.joblib"}),
}


@pytest.mark.parametrize(("loads", "given", "placed"), PLACED.values(), ids=PLACED)
def test_place_model__goes_where_the_code_loads_it(
    tmp_path: Path, loads: tuple[str, ...], given: str, placed: dict[str, str]
) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "b.joblib").write_bytes(b"b")
    (tmp_path / "out" / "deep" / "c.joblib").write_bytes(b"c")
    found = place_model(tmp_path / given, serving(tmp_path, *loads))
    assert {path: str(source.relative_to(tmp_path)) for path, source in found.items()} == placed


UNPLACED = {
    "nothing there": (("a.joblib",), "gone", errors.ModelGivenMissing),
    "nothing is loaded": ((), "out/b.joblib", errors.ModelNotLoaded),
    "several are loaded": (("a.joblib", "c.joblib"), "out/b.joblib", errors.ModelNotLoaded),
    "none of its files": (("a.joblib", "c.joblib"), "out", errors.ModelNotLoaded),
}


@pytest.mark.parametrize(("loads", "given", "refusal"), UNPLACED.values(), ids=UNPLACED)
def test_place_model__nobody_knows_where__is_refused(
    tmp_path: Path, loads: tuple[str, ...], given: str, refusal: type[errors.MlpackError]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.joblib").write_bytes(b"b")
    with pytest.raises(refusal):
        place_model(tmp_path / given, serving(tmp_path, *loads))


def test_place_model__links_that_lead_out_of_the_folder__are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "w.bin").write_bytes(b"w")
    (tmp_path / "out" / "link").symlink_to(tmp_path / "secret")
    found = place_model(tmp_path / "out", serving(tmp_path, "out"))
    assert list(found) == ["out/w.bin"]


def test_find_side__model_of_the_choices__is_packed_but_not_from_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    (folder / "train-runs" / "3").mkdir(parents=True)
    model = folder / "train-runs" / "3" / "m.joblib"
    notebook = write(folder, TRAINS, LOADS, PREDICT, purpose="inference", model="train-runs/3")
    wishes = Wishes().over(notebook)
    machine = Machine(Store(folder / "store"), read_catalog(), StackSettings())
    model.write_bytes(b"model")
    found = find_side(notebook, inspect_notebook(notebook), wishes, machine)
    assert found
    assert found.models == {"m.joblib": model}
    model.unlink()
    (tmp_path / "secret").touch()
    model.symlink_to(tmp_path / "secret")
    with pytest.raises(errors.ChoiceOutside):
        find_side(notebook, inspect_notebook(notebook), wishes, machine)
