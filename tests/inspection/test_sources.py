"""Where the files of editable installations stand: told from what installers leave, nothing of it is run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.editable import read_finder
from jupyter_mlpack.inspection.source_tree import DEEPEST
from jupyter_mlpack.inspection.sources import Holding, checked_files, find_files, top_modules

BOOM = "raise SystemExit('this file must not run')\n"
PACKAGE = {"acme/__init__.py": BOOM, "acme/sub/__init__.py": BOOM, "acme/words.txt": "a"}
ALL = ["acme/__init__.py", "acme/sub/__init__.py", "acme/words.txt"]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def editable(tmp_path: Path, links: Mapping[str, str], name: str = "acme", top: str = "") -> Holding:
    """An editable installation of ``tmp_path/project``; ``{}`` in a link's text is that folder."""
    site, project = tmp_path / "site-packages", tmp_path / "project"
    texts = {link: text.replace("{}", str(project)) for link, text in links.items()}
    info = {f"{name}-1.0.dist-info/METADATA": "Name: x\n", f"{name}-1.0.dist-info/top_level.txt": top}
    rows = "".join(f"{path},,\n" for path in (*texts, *info))
    write(site, {**texts, **info, f"{name}-1.0.dist-info/RECORD": rows})
    return Holding(name, "1.0", "editable", str(project), site / f"{name}-1.0.dist-info")


FINDER = """
from __future__ import annotations
import sys
raise SystemExit("this finder must not run")
MAPPING: dict[str, str] = {"acme": "{}/code/acme", "corp.inner": "{}/inner", "single": "{}/single", 3: "x", "y": 4}
NAMESPACES: dict[str, list[str]] = dict()
"""
REDIRECT = "from editables.redirector import R as F\nF.install()\nF.map_module('acme', '{}/code/acme/__init__.py')\n"
CASES = {
    "folder of sources": ({"acme.pth": "{}/src\n"}, {f"src/{k}": v for k, v in PACKAGE.items()}, ALL),
    "folder of sources, two things": (
        {"acme.pth": "# a comment\n{}/src\n"},
        {"src/one.py": BOOM, "src/corp/two/__init__.py": BOOM, "src/conftest.py": BOOM, "src/tests/test_a.py": BOOM},
        ["corp/two/__init__.py", "one.py"],
    ),
    "project's folder, by name": (
        {"acme.pth": "{}\n"},
        {**PACKAGE, "setup.py": BOOM, "other/__init__.py": BOOM, "tests/__init__.py": BOOM, "data.csv": "x"},
        ALL,
    ),
    "project's folder, declared": (
        {"acme.pth": "{}\n"},
        {"kit/__init__.py": BOOM, "acme/__init__.py": "",
         "pyproject.toml": "[tool.hatch.build.targets.wheel]\npackages = ['kit']\n"},
        ["kit/__init__.py"],
    ),
    "finder of setuptools": (
        {"__editable__.acme-1.0.pth": "import __editable___acme_1_0_finder; __editable___acme_1_0_finder.install()",
         "__editable___acme_1_0_finder.py": FINDER},
        {**{f"code/{k}": v for k, v in PACKAGE.items()}, "inner/__init__.py": BOOM, "single.py": BOOM},
        [*ALL, "corp/inner/__init__.py", "single.py"],
    ),
    "finder of editables": (
        {"_acme.pth": "import _editable_impl_acme", "_editable_impl_acme.py": REDIRECT},
        {f"code/{k}": v for k, v in PACKAGE.items()},
        ALL,
    ),
    "private things stay": (
        {"acme.pth": "{}/src\n"},
        {**{f"src/{k}": v for k, v in PACKAGE.items()},
         **{f"src/acme/{name}": "secret" for name in (
             ".env", "credentials.json", "id_rsa", "a.pyc", "b~", ".git/config", "__pycache__/a.cpython-311.pyc",
             "venv/pyvenv.cfg", "venv/lib/x.py", "acme.egg-info/PKG-INFO", "node_modules/a.js", "service-account.json",
         )},
         "src/acme/own.key": "-----BEGIN RSA PRIVATE KEY-----\nMII\n", "src/acme/ca.pem": "-----BEGIN CERTIFICATE-----",
         "src/acme/secrets.py": BOOM},
        ["acme/__init__.py", "acme/ca.pem", "acme/secrets.py", "acme/sub/__init__.py", "acme/words.txt"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("links", "project", "expected"), CASES.values(), ids=CASES)
def test_find_files__editable__finds_the_sources(
    tmp_path: Path, links: dict[str, str], project: dict[str, str], expected: list[str]
) -> None:
    write(tmp_path / "project", project)
    files = find_files(editable(tmp_path, links))
    assert list(files) == sorted(expected)
    assert all(file.is_file() for file in files.values())


REFUSED = {
    "source folder gone": ({"__editable__.x.pth": "import f", "f.py": "MAPPING = {'acme': '{}/gone'}"}, {},
                           errors.DistributionSourceGone),
    "link in a way of its own": ({"acme.pth": "import strange_loader"}, PACKAGE, errors.DistributionFilesUnknown),
    "no link": ({}, PACKAGE, errors.DistributionFilesUnknown),
    "empty folder": ({"acme.pth": "{}/nothing"}, {"readme": "x"}, errors.DistributionFilesUnknown),
    "finder that leads elsewhere": ({"a.pth": "import f", "f.py": "MAPPING = {'acme': '/etc'}"}, PACKAGE,
                                    errors.DistributionEscapes),
    "folder elsewhere": ({"a.pth": "{}/../other"}, {"../other/acme.py": BOOM, "readme": ""},
                         errors.DistributionEscapes),
    "compiled": ({"a.pth": "{}/src"}, {"src/acme/__init__.py": "", "src/acme/fast.cpython-312-darwin.so": "x"},
                 errors.DistributionCompiled),
    "finder that is no Python": ({"a.pth": "import f", "f.py": "MAPPING = {" * 3000}, PACKAGE,
                                 errors.DistributionFilesUnknown),
}  # fmt: skip


@pytest.mark.parametrize(("links", "project", "error"), REFUSED.values(), ids=REFUSED)
def test_find_files__editable_that_is_no_wheel__says_why(
    tmp_path: Path, links: dict[str, str], project: dict[str, str], error: type[errors.PackagingError]
) -> None:
    (tmp_path / "project").mkdir()
    write(tmp_path / "project", project)
    with pytest.raises(error) as refusal:
        checked_files(editable(tmp_path, links))
    assert refusal.value.sentence("why")


@pytest.mark.parametrize("target", ["../../secret.txt", "/etc", "nowhere", "loop"])
def test_find_files__link_out_of_the_sources__is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.txt").write_text("x")
    write(tmp_path / "project", PACKAGE)
    (tmp_path / "project" / "acme" / "loop").symlink_to(target)
    with pytest.raises(errors.DistributionEscapes):
        find_files(editable(tmp_path, {"acme.pth": "{}\n"}))


def test_find_files__link_inside_the_sources__is_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "project", PACKAGE)
    (tmp_path / "project" / "acme" / "again.txt").symlink_to("words.txt")
    (tmp_path / "project" / "acme" / "circle").symlink_to(".")
    assert list(find_files(editable(tmp_path, {"acme.pth": "{}\n"}))) == sorted([*ALL, "acme/again.txt"])


def test_find_files__folders_without_end__are_bounded(tmp_path: Path) -> None:
    deep = "/".join(["d"] * (DEEPEST + 20))
    write(tmp_path / "project", {**PACKAGE, f"acme/{deep}/x.txt": "x"})
    assert list(find_files(editable(tmp_path, {"acme.pth": "{}\n"}))) == ALL


def test_read_finder__code_in_the_place_of_a_literal__is_not_run(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("MAPPING = {'acme': __import__('os').getcwd()}\nF.map_module(exit(), 'x')\n")
    assert list(read_finder(tmp_path / "f.py")) == []


def test_top_modules__packages_modules_namespaces__as_deep_as_they_are_named() -> None:
    paths = ("acme/__init__.py", "acme/sub/__init__.py", "corp/inner/__init__.py", "corp/one.py", "single.py", "x.txt")
    assert top_modules({path: Path(path) for path in paths}) == ("acme", "corp.inner", "corp.one", "single")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
@example("0" * 300)
@example("MAPPING = {'acme': '/" + "x" * 300 + "'}")
def test_find_files__any_text_in_what_installers_leave__is_told_or_refused(tmp_path: Path, text: str) -> None:
    holding = editable(tmp_path, {"acme.pth": "import f\n", "f.py": ""})
    write(tmp_path / "project", {"readme": ""})
    for name in ("acme.pth", "f.py", "acme-1.0.dist-info/RECORD", "acme-1.0.dist-info/entry_points.txt"):
        (tmp_path / "site-packages" / name).write_text(text, errors="replace")
        with suppress(errors.PackagingError):
            files = checked_files(holding)
            assert all(file.resolve().is_relative_to(tmp_path) for file in files.values())
