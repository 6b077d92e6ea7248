"""Which distribution provides a module, when several sources speak."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.belief import ORDER
from jupyter_mlpack.inspection.distributions import RESOLVERS, find_distribution, namespaces, read_known, resolve
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.imports import Place, code_imports
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Inspection, Json, KernelDistribution, KernelEnvironment

PLAIN = KernelDistribution("opencv-python", "4.10.0", "index", ("cv2",))
HEADLESS = KernelDistribution("opencv-python-headless", "4.9.0", "index", ("cv2",))


def inspect(
    folder: Path, code: str, *held: KernelDistribution, metadata: dict[str, Json] | None = None, **files: str
) -> Inspection:
    for name, text in files.items():
        (folder / name.replace("_txt", ".txt")).write_text(text)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 4}))
    kernel = KernelEnvironment("python3", "3.11.7", held) if held else None
    return inspect_notebook(read_notebook(path), kernel, DiskFolder(folder))


def answer(inspection: Inspection) -> list[str]:
    return [f"{entry.requirement} ({entry.resolved_by})" for entry in inspection.dependencies]


def conflicts(inspection: Inspection) -> list[str]:
    return [
        f"{conflict.subject}: " + ", ".join(f"{claim.source} {claim.says}" for claim in conflict.claims)
        for conflict in inspection.conflicts
    ]


def test_inspect__only_the_table__is_no_witness(tmp_path: Path) -> None:
    found = inspect(tmp_path, "import cv2")
    assert len(found.dependencies) == 1
    assert (found.dependencies[0].resolved_by, found.conflicts) == ("table", ())


def test_inspect__folder__beats_the_table(tmp_path: Path) -> None:
    found = inspect(tmp_path, "import cv2", requirements_txt="flask\nopencv-contrib-python==4.10.0.84\n")
    assert answer(found) == ["opencv-contrib-python==4.10.0.84 (declaration)"]
    assert [str(evidence.location) for evidence in found.dependencies[0].evidence] == [
        "n.ipynb, cell 1, line 1", "requirements.txt, line 2",
    ]  # fmt: skip


def test_inspect__kernel__beats_the_folder_and_both_are_shown(tmp_path: Path) -> None:
    found = inspect(tmp_path, "import cv2", PLAIN, requirements_txt="opencv-contrib-python\n")
    assert answer(found) == ["opencv-python==4.10.0 (kernel)"]
    assert conflicts(found) == ["cv2: kernel opencv-python, requirements opencv-contrib-python"]


def test_inspect__install_line__beats_the_kernel(tmp_path: Path) -> None:
    found = inspect(tmp_path, "!pip install opencv-python-headless\nimport cv2", PLAIN)
    assert answer(found) == ["opencv-python-headless (install)"]
    assert conflicts(found) == ["cv2: install opencv-python-headless, kernel opencv-python"]


def test_inspect__kernel_that_holds_both__is_no_conflict(tmp_path: Path) -> None:
    found = inspect(tmp_path, "!pip install opencv-python-headless\nimport cv2", PLAIN, HEADLESS)
    assert answer(found) == ["opencv-python-headless==4.9.0 (kernel)"]
    assert conflicts(found) == []


def test_inspect__own_word_for_a_module__beats_all(tmp_path: Path) -> None:
    own: dict[str, Json] = {"mlpack": {"modules": {"cv2": "Opencv_Python_Headless"}}}
    found = inspect(tmp_path, "!pip install opencv-python\nimport cv2", PLAIN, metadata=own)
    assert answer(found) == ["opencv-python==4.10.0 (kernel)", "opencv-python-headless (declaration)"]
    assert conflicts(found) == ["cv2: metadata opencv-python-headless, install opencv-python, kernel opencv-python"]


def test_inspect__conda_line__says_the_version(tmp_path: Path) -> None:
    assert answer(inspect(tmp_path, "%conda install pandas=1.5\nimport pandas")) == ["pandas==1.5.* (install)"]


def test_inspect__name_that_only_a_file_knows__is_declared_not_guessed(tmp_path: Path) -> None:
    assert [entry.module for entry in inspect(tmp_path, "import frobnicate").unresolved] == ["frobnicate"]
    found = inspect(tmp_path, "import frobnicate", requirements_txt="Frobnicate>=2\nother-frobnicate\n")
    assert answer(found) == ["frobnicate>=2 (declaration)"]


def test_inspect__hidden_need__takes_the_engine_and_version_that_is_declared(tmp_path: Path) -> None:
    code = "import pandas\npandas.read_parquet('x')"
    found = inspect(tmp_path, code, requirements_txt="fastparquet==2024.11.0\n")
    assert answer(found) == ["fastparquet==2024.11.0 (declaration)", "pandas (table)"]


def test_inspect__file_of_a_folder_that_takes_from_a_disk__has_no_say(tmp_path: Path) -> None:
    found = inspect(tmp_path, "import numpy", requirements_txt="numpy @ file:///home/conda/feedstock/numpy\n")
    assert answer(found) == ["numpy (declaration)"]
    assert "feedstock" not in found.dependencies[0].requirement


@pytest.mark.parametrize(
    ("own", "packaged", "unresolved", "shown"),
    [
        pytest.param("", ["mine==0.1+local"], [], [], id="packaged along"),
        pytest.param("!pip install mine", ["mine==0.1+local"], [], [], id="an open line is satisfied"),
        pytest.param(
            "!pip install 'mine>=1'", [], [], ["mine: install >=1, kernel ==0.1"], id="another version is not"
        ),
        pytest.param("!pip install git+https://example.org/x/mine", [], [], [], id="an address is followed"),
    ],
)
def test_inspect__foreign_distribution__goes_along_unless_the_notebook_says_otherwise(
    tmp_path: Path, own: str, packaged: list[str], unresolved: list[str], shown: list[str]
) -> None:
    mine = KernelDistribution("mine", "0.1+local", "editable", ("mine",), "file:///home/me/mine")
    found = inspect(tmp_path, f"{own}\nimport mine", mine)
    assert [entry.requirement for entry in found.dependencies if entry.packaged] == packaged
    assert [entry.module for entry in found.unresolved] == unresolved
    assert conflicts(found) == shown
    assert "/home/me" not in repr(found)


def test_inspect__foreign_distribution_with_an_obstacle__is_refused_with_the_reason(tmp_path: Path) -> None:
    mine = KernelDistribution("mine", "0.1", "vcs", ("mine",), "git+https://example.org/mine", "it holds machine code")
    found = inspect(tmp_path, "import mine", mine)
    assert found.dependencies == ()
    assert "it holds machine code" in found.unresolved[0].evidence[-1].text
    assert [notice.code for notice in found.notices] == ["kernel-origin"]


def test_resolvers__every_one__has_a_place_in_the_order() -> None:
    assert set(RESOLVERS) <= set(ORDER)


def test_namespaces__shared_tops__are_known_with_a_dot_only() -> None:
    assert {"azure", "google"} <= namespaces()
    assert not {"numpy", "matplotlib"} & namespaces()
    assert find_distribution("google", read_known((), None)) is None


def test_inspect__thousands_of_words_about_one_name__take_no_time(tmp_path: Path) -> None:
    started = time.process_time()
    found = inspect(tmp_path, "import numpy", requirements_txt="".join(f"numpy!=1.{part}\n" for part in range(20_000)))
    assert time.process_time() - started < 5
    assert found.dependencies[0].name == "numpy"


def test_resolve__name_that_only_pipreqs_map_has__is_suggested_and_not_taken() -> None:
    found = resolve(tuple(code_imports("import AG_fft_tools, utils", Place("n.ipynb", 1))), (), read_known((), None))
    assert found.dependencies == ()
    assert {item.module: item.suggestion for item in found.unresolved} == {"AG_fft_tools": "agpy", "utils": ""}
