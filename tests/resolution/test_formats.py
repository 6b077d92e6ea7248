"""Answers that other tools read: a requirements file for pip and uv, a pylock.toml (PEP 751) for installers."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from jupyter_mlpack.resolution import LockRequest, pylock_text, requirements_text, resolve
from jupyter_mlpack.resolution.lock import find_uv
from jupyter_mlpack.values import (
    Dependency,
    Evidence,
    Inspection,
    Location,
    Lock,
    LockedPackage,
    PackageIndex,
    PythonVersion,
    Target,
    Unresolved,
)

from .conftest import Index

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")


def told(text: str, cell: int | None = 3) -> tuple[Evidence, ...]:
    return (Evidence("IMP1", Location("n.ipynb", cell, 1), text),)


FOUND = Inspection(
    "n.ipynb",
    python=PythonVersion("3.11.7", "kernel"),
    dependencies=(
        Dependency("opencv-python", "==4.10", "table", told("import cv2")),
        Dependency("acme", "==1.0", "kernel", told("import acme"), packaged=True),
        Dependency("dask", "", "install", told("%pip install\n dask[array]"), ("dataframe", "array")),
        Dependency(
            "tool", " @ git+https://git.example/tool", "install", told("!pip install git+https://x:y@git.example")
        ),
        Dependency("mine", " @ file:///home/me/mine", "install", told("!pip install /home/me/mine")),
        Dependency("odd", "==not a version", "install", told("!pip install odd")),
    ),
    unresolved=(Unresolved("strange", told("import strange  # \x1b[31m")),),
    indexes=(PackageIndex("https://mirror.example/simple", "extra", told("!pip install -i")),),
)
GOOD = Inspection("n.ipynb", dependencies=(Dependency("good", ">=1", "table", told("import good  # 'so'")),))
EXPECTED = """\
# What n.ipynb needs with Python 3.11.7; found without running it.
# --extra-index-url https://mirror.example/simple  # cell 3: !pip install -i
# on no index, made into a wheel by a build: acme==1.0  # cell 3: import acme
dask[array,dataframe]  # cell 3: %pip install dask[array]
# at an address of one machine only: mine  # cell 3: !pip install /home/me/mine
# not a requirement: odd==not a version  # cell 3: !pip install odd
opencv-python==4.10  # cell 3: import cv2
tool @ git+https://git.example/tool  # cell 3: !pip install git+https://git.example
# known to nobody: strange  # cell 3: import strange # [31m
"""


def test_requirements_text__every_kind_of_finding__stands_in_its_line() -> None:
    assert requirements_text(FOUND) == EXPECTED
    assert requirements_text(Inspection("n.ipynb")).count("\n") == 1


def test_requirements_text__line_that_a_notebook_made_up__adds_no_requirement() -> None:
    bad = Inspection(
        "n\nevil.ipynb",
        dependencies=(Dependency("good", "", "table", told("import good\nevil==1\r--index-url https://evil.example")),),
        unresolved=(Unresolved("a\nevil==2", told("import a")),),
    )
    lines = requirements_text(bad).splitlines()
    assert [line.split("#")[0].strip() for line in lines] == ["", "good", ""]


def test_requirements_text__uv__resolves_it(index: Index, tmp_path: Path) -> None:
    index.add("good", "1.0")
    (tmp_path / "requirements.txt").write_text(requirements_text(GOOD))
    done = uv(tmp_path, index, "pip", "compile", "--no-header", "requirements.txt")
    assert done.stdout.startswith("good==1.0\n"), done.stderr


@pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="NO PIP HERE: it cannot be asked to read our answer")
def test_requirements_text__pip__installs_it(index: Index, tmp_path: Path) -> None:
    index.add("good", "1.0")
    (tmp_path / "requirements.txt").write_text(requirements_text(GOOD))
    words = ["install", "--isolated", "--disable-pip-version-check", "--target", "to", "-r", "requirements.txt"]
    command = [sys.executable, "-m", "pip", *words, "--index-url", f"{index.url}/simple"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "to" / "good.py").is_file()


def uv(folder: Path, index: Index, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {**index.settings(folder / "cache"), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run([find_uv(), *words], capture_output=True, text=True, cwd=folder, env=settings, check=False)


SITE = "https://x.example/"
MODEL, SIX = "model-3.7-py3-none-any.whl", "six-1.17-py3-none-any.whl"
PACKAGES = (
    LockedPackage("acme", "1.0", "a" * 64, 5, "acme-1.0-py3-none-any.whl", source=Path("/home/me/acme.whl")),
    LockedPackage("model", "3.7", "b" * 64, 0, MODEL, SITE + MODEL, direct=True),
    LockedPackage("six", "1.17", "c" * 64, 11, SIX, SITE + SIX, "2024-12-04T17:35:26+00:00"),
)


def test_pylock_text__every_kind_of_package__is_exact_and_without_paths_of_this_machine() -> None:
    text = pylock_text(Lock(PACKAGES), TARGET)
    document = tomllib.loads(text)
    assert document["lock-version"] == "1.0"
    assert document["requires-python"] == "==3.11.*"
    assert "platform_machine == 'x86_64'" in document["environments"][0]
    acme, model, six = document["packages"]
    assert acme["wheels"] == [
        {"name": "acme-1.0-py3-none-any.whl", "path": "wheels/acme-1.0-py3-none-any.whl", "size": 5,
         "hashes": {"sha256": "a" * 64}}
    ]  # fmt: skip
    assert model["archive"]["url"] == "https://x.example/model-3.7-py3-none-any.whl"
    assert six["wheels"][0]["upload-time"].year == 2024
    assert text.startswith("# No index has acme-1.0-py3-none-any.whl: lay it beside this file")
    assert "file:" not in text
    assert "/home/me" not in text


@pytest.mark.skipif(
    not importlib.util.find_spec("packaging.pylock"), reason="packaging before 25.1 reads no pylock.toml"
)
def test_pylock_text__packaging__accepts_it() -> None:
    from packaging.pylock import Pylock

    document = tomllib.loads(pylock_text(Lock(PACKAGES), TARGET))
    Pylock.from_dict(document).validate()


def test_pylock_text__uv__installs_exactly_that(index: Index, tmp_path: Path) -> None:
    index.add("user", "1.0", "six")
    index.add("six", "1.17", body="x = 1\n")
    target = Target("linux", "amd64", "glibc2.36", ".".join(map(str, sys.version_info[:2])))
    lock = resolve(LockRequest(("user",), (), target, index.settings(tmp_path / "cache")), tmp_path / "locks")
    (tmp_path / "pylock.toml").write_text(pylock_text(lock, target))
    words = ("--python-platform", "x86_64-manylinux_2_36", "--target", "to", "-r", "pylock.toml")
    done = uv(tmp_path, index, "pip", "install", "--preview", "--python", sys.executable, *words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "to" / "six.py").read_text() == "x = 1\n"
    assert {path.name for path in (tmp_path / "to").glob("*.dist-info")} == {"six-1.17.dist-info", "user-1.0.dist-info"}


def test_pylock_text__changed_bytes_on_the_index__uv_refuses(index: Index, tmp_path: Path) -> None:
    index.add("six", "1.17", body="x = 1\n")
    target = Target("linux", "amd64", "glibc2.36", ".".join(map(str, sys.version_info[:2])))
    lock = resolve(LockRequest(("six",), (), target, index.settings(tmp_path / "cache")), tmp_path / "locks")
    (tmp_path / "pylock.toml").write_text(pylock_text(lock, target))
    index.add("six", "1.17", body="x = 2\n")
    words = ("--python-platform", "x86_64-manylinux_2_36", "--target", "to", "-r", "pylock.toml", "--no-cache")
    done = uv(tmp_path, index, "pip", "install", "--preview", "--python", sys.executable, *words)
    assert done.returncode != 0
    assert not (tmp_path / "to" / "six.py").exists()


@given(st.text(), st.text(), st.text(max_size=20))
def test_requirements_text__any_text_in_a_notebook__adds_no_line(name: str, evidence: str, module: str) -> None:
    found = Inspection(
        name,
        dependencies=(Dependency("good", "", "table", told(evidence)), Dependency(module, module, "table")),
        unresolved=(Unresolved(module, told(evidence)),),
        indexes=(PackageIndex(evidence, "extra", told(evidence)),),
    )
    lines = requirements_text(found).splitlines()
    assert len(lines) == 5
    wanted = [line.split("#")[0].strip() for line in lines if not line.startswith("#")]
    assert "good" in wanted
    assert all(Requirement(line) for line in wanted)
