"""Plans are pure: equal inputs, equal plans; and each refusal is one clear sentence."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import ImportsUnresolved, PythonUnsupported, StackUnknown
from jupyter_mlpack.grouping import ALONE_AT_MOST, ALONE_FROM, BIG, BIG_AT_MOST, CLASSES, group_packages
from jupyter_mlpack.plan import (
    RUNNER,
    choose_requirements,
    choose_stack,
    default_name,
    make_plan,
    make_target,
)
from jupyter_mlpack.values import (
    Action,
    Catalog,
    Cell,
    Dependency,
    Evidence,
    Inspection,
    LocalFile,
    Location,
    Lock,
    LockedPackage,
    Notebook,
    NotebookParameter,
    Purpose,
    PythonVersion,
    Stack,
    Unresolved,
)

OLD = Stack("old", "debian", "12", "old", "3.11", "glibc2.36", ("python3",), "mlpack", 1000, 1000)
NEW = Stack("new", "debian", "13", "new", "3.13", "glibc2.41", ("python3",), "mlpack", 1000, 1000)
CATALOG = Catalog((OLD, NEW), (), ("a@1", "b@1"))
WHERE = Evidence("IMP1", Location("n.ipynb", 4, 1), "import strange")


def inspection(*dependencies: Dependency, unresolved: tuple[Unresolved, ...] = ()) -> Inspection:
    parameters = (NotebookParameter("lr", 0.1, Location("n.ipynb", 1, 1)),)
    files = (LocalFile("helper.py", 3),)
    return Inspection(
        "n.ipynb", "python3", dependencies=dependencies, unresolved=unresolved, parameters=parameters, files=files
    )


STACKS = {
    "by Python": (PythonVersion("3.13.1", "language_info"), None, NEW),
    "by minor version": (PythonVersion("3.11", "kernel"), None, OLD),
    "not known": (PythonVersion(), None, OLD),
    "not known, but bounded": (PythonVersion(requires=">=3.12"), None, NEW),
    "only a kernel's name": (PythonVersion("3.6", "kernelspec"), None, OLD),
    "by name": (PythonVersion("3.11.7", "kernel"), "new", NEW),
}


@pytest.mark.parametrize(("python", "name", "expected"), STACKS.values(), ids=STACKS)
def test_choose_stack(python: PythonVersion, name: str | None, expected: Stack) -> None:
    assert choose_stack(CATALOG, python, "n.ipynb", name) == expected


def test_choose_stack__no_stack_has_the_python__says_which_there_are() -> None:
    with pytest.raises(PythonUnsupported) as refusal:
        choose_stack(CATALOG, PythonVersion("3.9.2", "language_info"), "n.ipynb")
    assert refusal.value.data == {
        "python": "3.9",
        "available": "3.11 and 3.13",
        "where": "n.ipynb",
        "example": "3.13",
    }


def test_choose_stack__unknown_name__lists_the_known() -> None:
    with pytest.raises(StackUnknown, match="old, new"):
        choose_stack(CATALOG, PythonVersion(), "n.ipynb", "nope")


def test_choose_requirements__notebook_and_user_beat_the_runner() -> None:
    found = inspection(Dependency("pandas", "==2.1", "kernel"), Dependency("papermill", "==2.5", "kernel"))
    lines = choose_requirements(found, RUNNER[Purpose.TRAINING], ("pandas>=2",), lenient=False)
    assert lines == ("ipykernel>=6.29", "pandas>=2", "papermill==2.5")


def test_choose_requirements__unresolved_import__is_refused_with_its_place() -> None:
    found = inspection(unresolved=(Unresolved("strange", (WHERE,)),))
    with pytest.raises(ImportsUnresolved) as refusal:
        choose_requirements(found, RUNNER[Purpose.TRAINING], (), lenient=False)
    assert refusal.value.data["where"] == "n.ipynb, cell 4, line 1"
    assert refusal.value.location == WHERE.location
    assert refusal.value.mend() == Action("retry", "Build without strange", {"ignore": ["strange"]})
    assert choose_requirements(found, RUNNER[Purpose.TRAINING], (), lenient=True)


def package(name: str, size: int) -> LockedPackage:
    return LockedPackage(name, "1.0", f"{name}-hash".ljust(16, "0"), size)


def test_group_packages__big_wheels_stand_alone_biggest_first() -> None:
    lock = Lock((package("huge", 9 * ALONE_FROM), package("large", ALONE_FROM), package("small", ALONE_FROM - 1)))
    assert group_packages(lock) == [
        {"layer": "huge-1.0-huge-has", "packages": ["huge==1.0"]},
        {"layer": "large-1.0-large-ha", "packages": ["large==1.0"]},
        {"layer": "packages", "packages": ["small==1.0"]},
    ]


def test_group_packages__many_big_wheels__the_number_of_layers_is_bounded() -> None:
    lock = Lock(tuple(package(f"p{number:02}", ALONE_FROM + number) for number in range(20)))
    layers = group_packages(lock)
    assert len(layers) == ALONE_AT_MOST + 1
    assert sorted(pin for layer in layers for pin in layer["packages"]) == [
        f"p{number:02}==1.0" for number in range(20)
    ]


def grouped(*names: str, size: int = 1) -> dict[str, list[str]]:
    layers = group_packages(Lock(tuple(package(name, size) for name in names)))
    return {layer["layer"].rsplit("-", 1)[0]: [pin.partition("==")[0] for pin in layer["packages"]] for layer in layers}


def test_group_packages__what_runs_notebooks__is_two_classes_whatever_the_sizes() -> None:
    names = ("ipykernel", "jedi", "mine", "papermill", "requests")
    found = {"runner": ["ipykernel", "jedi", "papermill"], "common": ["requests"], "packages": ["mine"]}
    assert grouped(*names) == found
    assert set(grouped(*names, size=ALONE_FROM)) == {"runner", "common", "mine-1.0-mine"}


def test_group_packages__no_runner__no_classes() -> None:
    assert grouped("ipykernel", "jedi", "requests") == {"packages": ["ipykernel", "jedi", "requests"]}


def test_group_packages__pandas__what_it_brings_along_is_no_rest_of_the_notebook() -> None:
    """A package more must not move a megabyte that most notebooks share."""
    assert grouped("mine", "pandas", "tzdata") == {"science": ["tzdata"], "packages": ["mine", "pandas"]}
    assert grouped("mine", "tzdata") == {"packages": ["mine", "tzdata"]}
    before, after = (
        group_packages(Lock(tuple(package(name, 1) for name in ("cycler", "matplotlib", "tzdata", *more))))[0]
        for more in ((), ("mine",))
    )
    assert before == after


def test_group_packages__torch__has_what_comes_with_it_beside_it_and_no_more() -> None:
    names = ("mine", "nvidia-cuda-cupti", "sympy", "torch")
    assert grouped(*names) == {"torch": ["nvidia-cuda-cupti", "sympy"], "packages": ["mine", "torch"]}
    assert set(grouped(*names, size=BIG)) >= {"mine-1.0-mine", "sympy-1.0-sympy", "torch-1.0-torch"}
    assert grouped("mine", "sympy") == {"packages": ["mine", "sympy"]}


def test_group_packages__all_big_wheels_stand_alone__up_to_a_number() -> None:
    lock = Lock(tuple(package(f"p{number:02}", BIG + number) for number in range(BIG_AT_MOST + 5)))
    *alone, rest = group_packages(lock)
    assert [len(layer["packages"]) for layer in (*alone, rest)] == [*[1] * BIG_AT_MOST, 5]


def test_group_packages__class__is_named_by_its_wheels() -> None:
    first, *_ = group_packages(Lock((package("ipykernel", 1), package("papermill", 1))))
    more, *_ = group_packages(Lock((package("ipykernel", 1), package("numpy", 1), package("papermill", 1))))
    other, *_ = group_packages(Lock((package("ipykernel", 1), package("jedi", 1), package("papermill", 1))))
    assert first["layer"] == more["layer"] != other["layer"]


def test_group_packages__classes__have_nothing_in_common() -> None:
    for first, second in itertools.combinations(CLASSES.keys() - {"server"}, 2):
        assert not CLASSES[first] & CLASSES[second]


PLACE = {"cell": 1, "line": 1, "column": 5, "end_line": 1, "end_column": 8, "text": "0.1"}
PARAMETERS = {
    "tagged": (["parameters"], "lr = 0.1", {"lr": 0.1}, None),
    "untagged": ([], "lr = 0.1", {"lr": 0.1}, {"lr": PLACE}),
    "literal cannot be found again": ([], "  lr = 0.1", {}, None),
}


def test_make_plan__module_above_the_notebook__both_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "work" / "nb" / "n.ipynb"
    path.parent.mkdir(parents=True)
    notebook = Notebook(path, (), "python", None, None, {}, {})
    found = Inspection("n.ipynb", files=(LocalFile("../src/a.py", 1), LocalFile("data/x.csv", 1)))
    plan = make_plan(found, notebook, Purpose.TRAINING, Lock(()), ("n:t", OLD, make_target(OLD, "amd64"), CATALOG))
    files = {file.path: file for file in plan.files if not file.path.startswith(".mlpack")}
    assert list(files) == ["nb/data/x.csv", "nb/n.ipynb", "src/a.py"]
    assert (files["src/a.py"].source or path).resolve() == tmp_path / "work" / "src" / "a.py"
    build = next(file.text or "" for file in plan.files if file.path == ".mlpack/build.json")
    assert json.loads(build)["notebook"] == "nb/n.ipynb"


@pytest.mark.parametrize(("tags", "source", "parameters", "places"), PARAMETERS.values(), ids=PARAMETERS)
def test_make_plan__holds_what_the_buildpacks_read(
    tmp_path: Path, tags: list[str], source: str, parameters: dict[str, float], places: dict[str, Any] | None
) -> None:
    cell = Cell(1, source, "lr = 0.1", tags=frozenset(tags))
    notebook = Notebook(tmp_path / "n.ipynb", (cell,), "python", "python3", "3.11.7", {}, {})
    lock = Lock((package("six", 5),))
    plan = make_plan(
        inspection(),
        notebook,
        Purpose.TRAINING,
        lock,
        ("n:training", OLD, make_target(OLD, "amd64"), CATALOG),
    )
    files = {file.path: file for file in plan.files}
    assert list(files) == sorted(
        [".mlpack/build.json", ".mlpack/layers.json", ".mlpack/lock.txt", "helper.py", "n.ipynb"]
    )
    assert files["helper.py"].source == tmp_path / "helper.py"
    assert files[".mlpack/lock.txt"].text == "six==1.0 --hash=sha256:six-hash00000000\n"
    build = json.loads(files[".mlpack/build.json"].text or "")
    assert build["notebook"] == "n.ipynb"
    assert build["parameters"] == parameters
    assert build.get("places") == places
    assert str(tmp_path) not in str([file.text for file in plan.files])


NAMES = {
    "plain": ("train.ipynb", "train:training"),
    "spaces and case": ("Train Digits (v2).ipynb", "train-digits-v2:training"),
    "nothing usable": ("日本語.ipynb", "notebook:training"),
}


@pytest.mark.parametrize(("file", "expected"), NAMES.values(), ids=NAMES)
def test_default_name(file: str, expected: str) -> None:
    assert default_name(Path(file), Purpose.TRAINING) == expected


def test_make_plan__wheel_of_this_machine__travels_below_its_file_name(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "n.ipynb", (), "python", "python3", "3.11.7", {}, {})
    source = tmp_path / "kept" / "acme-1.0-py3-none-any.whl"
    acme = LockedPackage("acme", "1.0", "0" * 64, 9, source.name, source=source)
    frame = ("n:training", OLD, make_target(OLD, "amd64"), CATALOG)
    plan = make_plan(inspection(), notebook, Purpose.TRAINING, Lock((acme, package("six", 5))), frame)
    files = {file.path: file for file in plan.files}
    assert files[".mlpack/wheels/acme-1.0-py3-none-any.whl"].source == source
    assert "acme==1.0 --hash=sha256:" in (files[".mlpack/lock.txt"].text or "")
    assert str(tmp_path) not in str([file.text for file in plan.files])
