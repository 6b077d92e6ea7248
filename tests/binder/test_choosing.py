"""What becomes of the scripts of a binder folder, by what the user and the notebook say."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack.binder.choosing import check_runs
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.errors import PostBuildImpossible, ScriptNeedsShell, ScriptRefused
from jupyter_mlpack.events import ignore
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci import Store
from jupyter_mlpack.pipeline import inspect
from jupyter_mlpack.plan import choose_stack, make_target
from jupyter_mlpack.values import Inspection, PythonVersion
from jupyter_mlpack.wishes import Wishes

CELLS = [nbformat.v4.new_code_cell("print()", id="a")]
POST, START = "binder/postBuild", "binder/start"


def inspected(folder: Path, *scripts: str, wishes: Wishes | None = None, **metadata: object) -> Inspection:
    """The inspection of a build of ``n.ipynb`` in ``folder``, with scripts beside it or above."""
    for script in scripts:
        path = folder / script
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\npython tools/fetch.py --into data .env ../secrets.txt\n")
    (folder / "n.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=CELLS, metadata=metadata)))
    return inspect(folder / "n.ipynb", wishes or Wishes(), ignore)[1]


def scripts_in(inspection: Inspection) -> dict[str, str]:
    return {file.path: file.kind for file in inspection.files}


REFUSED = {
    "postBuild, by default": ((POST,), Wishes(), {}, "--post-build"),
    "start, by default": ((START,), Wishes(), {}, "--start-script"),
    "start, though postBuild may run": ((POST, START), Wishes(post_build="run"), {}, "--start-script"),
    "postBuild beside the notebook": (("postBuild",), Wishes(), {}, "--post-build"),
    "the other folder": ((".binder/postBuild",), Wishes(), {}, "--post-build"),
    "a notebook that would have it run": ((POST,), Wishes(), {"mlpack": {"scripts": "run"}}, "--post-build"),
    "the user, over the notebook": (
        (POST,), Wishes(post_build="refuse"), {"mlpack": {"scripts": "skip"}}, "--post-build"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("scripts", "wishes", "metadata", "option"), REFUSED.values(), ids=REFUSED)
def test_inspect__script_that_nobody_decided_about__refused_with_the_choices(
    tmp_path: Path, scripts: tuple[str, ...], wishes: Wishes, metadata: dict[str, object], option: str
) -> None:
    with pytest.raises(ScriptRefused) as caught:
        inspected(tmp_path, *scripts, wishes=wishes, **metadata)
    assert f"{option} run" in caught.value.sentence("hint")
    assert f"{option} skip" in caught.value.sentence("hint")
    assert caught.value.mend().choices == {"scripts": "skip"}


SKIPPED = {
    "by option": (Wishes(post_build="skip", start_script="skip"), {}),
    "by the notebook": (Wishes(), {"mlpack": {"scripts": "skip"}}),
}


@pytest.mark.parametrize(("wishes", "metadata"), SKIPPED.values(), ids=SKIPPED)
def test_inspect__skip__told_and_not_taken(tmp_path: Path, wishes: Wishes, metadata: dict[str, object]) -> None:
    inspection = inspected(tmp_path, POST, START, wishes=wishes, **metadata)
    assert scripts_in(inspection) == {}
    assert [notice.code for notice in inspection.notices] == ["declaration-not-run"] * 2


def test_inspect__script_says_skip_itself__neither_told_nor_refused(tmp_path: Path) -> None:
    inspected(tmp_path, wishes=Wishes())
    (tmp_path / "binder").mkdir()
    (tmp_path / POST).write_text("#!/bin/sh\n# jupyter-mlpack: skip\nfalse\n")
    inspection = inspect(tmp_path / "n.ipynb", Wishes(), ignore)[1]
    assert (inspection.notices, inspection.files) == ((), ())


def test_inspect__run__the_script_and_the_files_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("tools/fetch.py", ".env", "unnamed.txt"):
        (tmp_path / name).write_text("x")
    inspection = inspected(tmp_path, POST, wishes=Wishes(post_build="run"))
    assert scripts_in(inspection) == {POST: "postBuild", "tools/fetch.py": "script"}
    assert inspection.notices == ()


def test_inspect__script_of_the_project_above__named_from_the_notebooks_folder(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(json.dumps({})[2:])
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/fetch.py").write_text("x")
    (tmp_path / "notebooks").mkdir()
    inspection = inspected(tmp_path / "notebooks", f"../{POST}", wishes=Wishes(post_build="run"))
    assert scripts_in(inspection) == {f"../{POST}": "postBuild", "../tools/fetch.py": "script"}


def test_check_runs__stack_without_a_shell__names_the_one_that_has_one(tmp_path: Path) -> None:
    catalog = read_catalog()
    stack = choose_stack(catalog, PythonVersion(), "n.ipynb", "trixie-minimal")
    inspection = inspected(tmp_path, START, wishes=Wishes(start_script="run"))
    with pytest.raises(ScriptNeedsShell, match="trixie-minimal") as caught:
        check_runs(inspection, stack, make_target(stack, "amd64"), catalog, Store(tmp_path))
    assert caught.value.mend().choices == {"stack": "trixie"}


def test_check_runs__image_for_another_processor__refused_with_the_reason(tmp_path: Path) -> None:
    catalog = read_catalog()
    stack = choose_stack(catalog, PythonVersion(), "n.ipynb", "trixie")
    inspection = inspected(tmp_path, POST, wishes=Wishes(post_build="run"))
    target = replace(make_target(stack, "amd64"), arch="riscv64")
    with pytest.raises(PostBuildImpossible) as caught:
        check_runs(inspection, stack, target, catalog, Store(tmp_path))
    assert "riscv64" in caught.value.sentence("why")
