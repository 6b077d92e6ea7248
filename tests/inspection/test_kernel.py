"""Kernels are found through Jupyter's own search path and asked through their own interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.kernel import find_interpreter, read_kernel


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path / "kernels"


def register(kernels: Path, name: str, argv: list[str], language: str = "python") -> None:
    (kernels / name).mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": language}
    (kernels / name / "kernel.json").write_text(json.dumps(spec))


def script(folder: Path, body: str) -> str:
    path = folder / "interpreter"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_read_kernel__this_python__holds_what_it_holds(kernels: Path) -> None:
    register(kernels, "mine", [sys.executable, "-m", "ipykernel_launcher"])
    environment, notices = read_kernel("mine")
    assert environment is not None
    held = {entry.name.lower(): entry for entry in environment.distributions}
    assert environment.python_version.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert held["pytest"].version == pytest.__version__
    assert "pytest" in held["pytest"].modules
    assert "yaml" not in held["nbformat"].modules
    assert notices == ()


def test_read_kernel__not_installed__is_a_notice(kernels: Path) -> None:
    environment, (notice,) = read_kernel("no-such-kernel")
    assert environment is None
    assert notice.code == "kernel-missing"
    assert read_kernel("../../odd name")[0] is None
    assert read_kernel(None) == (None, ())


def test_read_kernel__interpreter_gone__says_where(kernels: Path) -> None:
    register(kernels, "moved", [str(kernels / "gone" / "python")])
    with pytest.raises(errors.KernelInterpreterGone) as caught:
        read_kernel("moved")
    assert "gone" in caught.value.sentence("where")


def test_read_kernel__other_language__is_refused(kernels: Path) -> None:
    register(kernels, "ir2", ["R"], "R")
    with pytest.raises(errors.KernelNotPython):
        read_kernel("ir2")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("exec sleep 5", "did not answer"),
        ("echo broken >&2; exit 3", "broken"),
        ("echo []", "unreadable"),
        ("exit 1", "silently"),
    ],
    ids=["hangs", "fails", "talks nonsense", "silent"],
)
def test_read_kernel__interpreter_without_answer__says_why(
    kernels: Path, tmp_path: Path, body: str, reason: str
) -> None:
    register(kernels, "odd", [script(tmp_path, body)])
    with pytest.raises(errors.KernelSilent) as caught:
        read_kernel("odd", timeout=1.0)
    assert reason in caught.value.sentence("why")


@pytest.mark.parametrize(
    "argv", [("python",), ("python3", "-m", "x"), ("/usr/bin/env", "A=b", "python3"), (sys.executable,)]
)
def test_find_interpreter__python__is_one(argv: tuple[str, ...]) -> None:
    assert find_interpreter(argv) == sys.executable


def test_find_interpreter__nothing__is_none() -> None:
    assert find_interpreter(()) is None
