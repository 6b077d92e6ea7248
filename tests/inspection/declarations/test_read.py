"""All declarations of a notebook together."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.declarations import Declared, read_declarations, with_use
from jupyter_mlpack.inspection.declarations.read import FORMATS, ONCE
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.surroundings import read_surroundings
from jupyter_mlpack.values import Dependency, Json, Notebook

NAMES = [name for name, _, _ in (*FORMATS, *ONCE)]


def declared(folder: Path, *sources: str, metadata: Mapping[str, Json] | None = None) -> Declared:
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    notebook = Notebook(folder / "n.ipynb", cells, "python", None, None, metadata or {}, {})
    commands = tuple(notebook_commands("n.ipynb", cells))
    return read_declarations(notebook, read_surroundings(cells, commands, DiskFolder(folder)))


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def said(found: Declared) -> list[str]:
    return [f"{entry.source}: {entry.name}{entry.specifier}" for entry in found.requirements]


def test_read_declarations__nothing_there__says_nothing(tmp_path: Path) -> None:
    assert declared(tmp_path, "import numpy") == Declared()


def test_read_declarations__several_files__stand_in_the_order_of_belief(tmp_path: Path) -> None:
    write(tmp_path, requirements_txt="a", pyproject_toml="[project]\ndependencies=['b']", binder__requirements_txt="c")
    found = declared(tmp_path, "# /// script\n# dependencies = ['d']\n# ///", metadata={"mlpack": {"packages": ["e"]}})
    assert said(found) == ["metadata: e", "script: d", "binder: c", "project: b", "requirements: a"]
    assert [entry.name for entry in found.own] == ["e", "d"]


def test_read_declarations__project_above__is_read_after_what_stands_beside(tmp_path: Path) -> None:
    write(tmp_path, pyproject_toml="[project]\ndependencies=['a<2']", book__requirements_txt="a==1")
    found = declared(tmp_path / "book")
    assert said(found) == ["requirements: a==1", "project: a<2"]
    assert [str(entry.location) for entry in found.found] == ["requirements.txt", "../pyproject.toml"]


def test_read_declarations__what_the_notebook_writes__is_for_something_else(tmp_path: Path) -> None:
    write(tmp_path, requirements_txt="left over from a run")
    assert declared(tmp_path, "%%writefile requirements.txt\nflask") == Declared()


def test_read_declarations__link_out_of_the_folder__is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, secret_txt="token", inside__keep_txt="", inside__pyproject_toml="")
    os.symlink(tmp_path / "secret.txt", tmp_path / "inside" / "requirements.txt")
    write(tmp_path, inside__more__requirements_txt="-r ../../secret.txt\n-r /etc/passwd\nb")
    assert declared(tmp_path / "inside") == Declared()
    assert said(declared(tmp_path / "inside" / "more")) == ["requirements: b"]


@pytest.mark.parametrize("size", [2_000_001, 50_000_000])
def test_read_declarations__too_large__is_told(tmp_path: Path, size: int) -> None:
    with (tmp_path / "requirements.txt").open("wb") as file:
        file.truncate(size)
    found = declared(tmp_path)
    assert [notice.code for notice in found.notices] == ["declaration-unreadable"]
    assert found.requirements == ()


def test_read_declarations__odd_metadata__says_nothing(tmp_path: Path) -> None:
    odd: dict[str, Json] = {
        "mlpack": {"packages": "numpy", "system": {"a": 1}, "modules": ["x"]},
        "deepnote_environment": {"packages": 3, "python": []},
        "application/vnd.databricks.v1+notebook": {"environmentMetadata": None},
        "kubeflow_notebook": {"docker_image": 7},
    }
    assert declared(tmp_path, metadata=odd) == Declared()
    assert declared(tmp_path, metadata={key: [1] for key in odd}) == Declared()


def test_read_declarations__other_tools__are_heard(tmp_path: Path) -> None:
    found = declared(
        tmp_path,
        metadata={
            "deepnote_environment": {"packages": {"numpy": "1.26.4", "odd": {"x": 1}}, "python": {"version": "3.11"}},
            "kubeflow_notebook": {"docker_image": "registry.example.org/image:1"},
        },
    )
    assert said(found) == ["tool: numpy==1.26.4", "tool: odd"]
    assert found.own == ()
    assert [(claim.source, claim.says) for claim in found.python] == [("tool", "3.11")]
    assert [notice.code for notice in found.notices] == ["declaration-image"]


def test_with_use__system_packages__are_all_used(tmp_path: Path) -> None:
    write(tmp_path, apt_txt="graphviz=2.42.2-7+b3\nffmpeg\n--yes\n")
    (entry,) = with_use(declared(tmp_path), ())
    assert (entry.kind, entry.used) == ("apt", ("ffmpeg", "graphviz=2.42.2-7+b3"))


def test_with_use__names__are_those_that_the_notebook_needs(tmp_path: Path) -> None:
    write(tmp_path, requirements_txt="a\nB_c\nd")
    (entry,) = with_use(declared(tmp_path), (Dependency("b-c", "", "table"), Dependency("z", "", "table")))
    assert (entry.kind, entry.names, entry.used) == ("requirements", ("a", "b-c", "d"), ("b-c",))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200), max_size=4))
def test_read_declarations__any_bytes__never_raises(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    found = declared(folder)
    assert {notice.code for notice in found.notices} <= {"declaration-unreadable"}
    assert all(entry.evidence.location.line for entry in found.requirements)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "packages",
                        "system",
                        "modules",
                        "python",
                        "version",
                        "docker_image",
                        "dependencies",
                        "environmentMetadata",
                        "x",
                    ]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_read_declarations__any_metadata__never_raises(tmp_path_factory: pytest.TempPathFactory, value: Json) -> None:
    folder = tmp_path_factory.getbasetemp()
    keys = ("mlpack", "deepnote_environment", "application/vnd.databricks.v1+notebook", "kubeflow_notebook")
    assert isinstance(declared(folder, metadata=dict.fromkeys(keys, value)), Declared)


def test_read_declarations__same_text_in_another_folder__includes_its_own_neighbour(tmp_path: Path) -> None:
    text = "-r more.txt\n" + "".join(f"package-{number}\n" for number in range(100))
    for folder, version in (("one", "1"), ("two", "2")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, requirements_txt=text, more_txt=f"numpy=={version}")
    assert [said(declared(tmp_path / folder))[0] for folder in ("one", "two")] == [
        "requirements: numpy==1",
        "requirements: numpy==2",
    ]


def test_read_declarations__changed_file__is_read_again(tmp_path: Path) -> None:
    text = "".join(f"package-{number}\n" for number in range(100))
    for first in ("a", "b"):
        write(tmp_path, requirements_txt=f"{first}\n{text}")
        assert said(declared(tmp_path))[0] == f"requirements: {first}"


def test_read_declarations__large_files_at_every_level__are_read_until_enough(tmp_path: Path) -> None:
    entry = '[[package]]\nname = "a"\nversion = "1"\n'
    deep = tmp_path / "a" / "b"
    for folder in (tmp_path, deep.parent, deep):
        folder.mkdir(exist_ok=True)
        for name in ("uv.lock", "poetry.lock", "requirements.txt"):
            (folder / name).write_text(entry * (1_900_000 // len(entry)))
    write(tmp_path, pyproject_toml="")
    started = time.process_time()
    found = declared(deep)
    assert time.process_time() - started < 10
    assert [str(notice.location) for notice in found.notices][:2] == ["requirements.txt", "../uv.lock"]
    assert {entry.name for entry in found.requirements} == {"a"}
