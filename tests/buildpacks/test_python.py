"""mlpack/python: the check of the interpreter, and the launch environment."""

from __future__ import annotations

import sys

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_detect__planned_folder__provides_python(bench) -> None:
    status, plan = bench.detect("python")
    assert (status, plan) == (0, '[[provides]]\nname = "python"\n\n[[requires]]\nname = "python"\n')


def test_detect__any_other_folder__fails(bench) -> None:
    (bench.app / ".mlpack/build.json").unlink()
    assert bench.detect("python") == (100, "")


def test_build__right_version__writes_launch_environment(bench) -> None:
    ran = bench.build("python")
    assert ran.status == 0
    assert ran.log.startswith(f"---> Python {PYTHON}.")
    environment = {path.name: path.read_text() for path in (ran.layer("python") / "env.launch").iterdir()}
    assert environment == {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "LANG.default": "C.UTF-8"}
    assert "launch = true" in ran.metadata("python")


def test_build__other_version__fails_and_says_both(bench) -> None:
    bench.describe(python="3.2")
    ran = bench.build("python")
    assert ran.status == 1
    assert "locked for Python 3.2" in ran.log
    assert f"is Python {PYTHON}." in ran.log
    assert not (ran.layers / "python.toml").exists()


def test_build__interpreter_of_another_machine__is_not_checked(bench) -> None:
    ran = bench.build("python", BP_TARGET_PYTHON=str(bench.root / "absent/python3"))
    assert ran.status == 0
    assert "cannot run on this machine" in ran.log
