"""Kernelspecs are found where Jupyter finds them: Jupyter's own answer is the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from jupyter_mlpack.inspection.kernelspec import find_kernelspec


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_PATH", f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path


def write(folder: Path, name: str, **content: object) -> None:
    (folder / "kernels" / name).mkdir(parents=True)
    (folder / "kernels" / name / "kernel.json").write_text(json.dumps({"display_name": name, **content}))


def by_jupyter(name: str) -> tuple[tuple[str, ...], str] | None:
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except (NoSuchKernel, ValueError):
        return None
    return tuple(spec.argv), spec.language.lower() or "python"


@pytest.mark.parametrize(
    "name",
    ["one", "ONE", "mixed", "twice", "python3", "../one", "", "no language", "absent", "r-4.3"],
)
def test_find_kernelspec__as_jupyter__finds_the_same(kernels: Path, name: str) -> None:
    write(kernels / "first", "one", argv=["/a", "-m", "x"], language="python")
    write(kernels / "first", "Mixed", argv=["/b"], language="Python")
    write(kernels / "first", "twice", argv=["/c"], language="python")
    write(kernels / "second", "twice", argv=["/d"], language="python")
    write(kernels / "second", "r-4.3", argv=["R"], language="R")
    (kernels / "second" / "kernels" / "absent").mkdir()
    found = find_kernelspec(name)
    assert (found and (found.argv, found.language)) == by_jupyter(name)


@pytest.mark.parametrize("text", ["", "[]", '{"argv": 3}'], ids=["empty", "a list", "no words"])
def test_find_kernelspec__unreadable__is_not_there(kernels: Path, text: str) -> None:
    (kernels / "first" / "kernels" / "odd").mkdir(parents=True)
    (kernels / "first" / "kernels" / "odd" / "kernel.json").write_text(text)
    assert find_kernelspec("odd") is None


def test_find_kernelspec__ipythons_old_folder__is_looked_at_last(kernels: Path) -> None:
    write(kernels / "ipython", "old", argv=["/old"])
    found = find_kernelspec("old")
    assert found is not None
    assert found.argv == ("/old",)
