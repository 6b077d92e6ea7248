"""Local modules are told from packages, and followed for what they need."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.imports import cell_imports
from jupyter_mlpack.inspection.local import MAX_FOLLOWED, Followed, explain_unresolved, follow_local
from jupyter_mlpack.inspection.scripts import run_scripts
from jupyter_mlpack.inspection.surroundings import read_surroundings
from jupyter_mlpack.values import Evidence, Location, Unresolved


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a notebook's folder, ``notes``, in it."""
    root = tmp_path / "project"
    (root / "notes").mkdir(parents=True)
    (root / "setup.py").touch()
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def follow(folder: Path, *sources: str) -> Followed:
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    commands = tuple(notebook_commands("n.ipynb", cells))
    around = read_surroundings(cells, commands, DiskFolder(folder))
    return follow_local(cell_imports("n.ipynb", cells), run_scripts("n.ipynb", cells, commands), around)


NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": ["import scipy"]}], "nbformat": 4})


@pytest.mark.parametrize(
    ("files", "code", "local", "outside"),
    [
        pytest.param({"a.py": "import scipy"}, "import a", ["a.py"], ["scipy"], id="module"),
        pytest.param(
            {"p/__init__.py": "from . import b", "p/b.py": "from .c import x", "p/c.py": "import scipy"},
            "import p", ["p/__init__.py", "p/b.py", "p/c.py"], ["scipy"], id="relative imports inside a package",
        ),
        pytest.param(
            {"p/__init__.py": "", "p/q/__init__.py": "", "p/q/r.py": "from .. import s", "p/s.py": ""},
            "import p.q.r", ["p/__init__.py", "p/q/__init__.py", "p/q/r.py", "p/s.py"], [], id="upwards",
        ),
        pytest.param({"p/q/a.py": "import scipy"}, "from p.q import a", ["p", "p/q/a.py"], ["scipy"], id="namespace"),
        pytest.param({"a.py": "import b", "b.py": "import a"}, "import a", ["a.py", "b.py"], [], id="circle"),
        pytest.param({"lib/a.py": "import b", "lib/b.py": ""}, "sys.path.append('lib')\nimport a",
                     ["lib/a.py", "lib/b.py"], [], id="module path"),
        pytest.param({}, "%%writefile a.py\nimport scipy\n---\nimport a", ["a.py"], ["scipy"], id="written"),
        pytest.param({}, "%%writefile p/a.py\nimport scipy\n---\nfrom p import a", ["p", "p/a.py"], ["scipy"],
                     id="written into a folder"),
        pytest.param({"a.py": "import scipy"}, "%run a.py", ["a.py"], ["scipy"], id="%run"),
        pytest.param({"a.ipynb": NOTEBOOK}, "%run a.ipynb", ["a.ipynb"], ["scipy"], id="%run a notebook"),
        pytest.param({"a.sh": "python b.py\n", "b.py": "import scipy"}, "!bash a.sh", ["a.sh", "b.py"], ["scipy"],
                     id="shell"),
        pytest.param({"a.py": "import scipy"}, "exec(open('a.py').read())", ["a.py"], ["scipy"], id="exec"),
        pytest.param({"a.ipynb": NOTEBOOK}, "from ipynb.fs.full.a import f", ["a.ipynb"],
                     ["ipynb.fs.full.a.f", "scipy"], id="imported notebook"),
        pytest.param({"torch/notes.txt": "", "torch/x.py": ""}, "import torch", [], ["torch"],
                     id="a folder hides no package"),
    ],
)  # fmt: skip
def test_follow_local__files_beside__are_followed(
    project: Path, files: dict[str, str], code: str, local: list[str], outside: list[str]
) -> None:
    write(project / "notes", files)
    found = follow(project / "notes", *code.split("\n---\n"))
    assert sorted(path for path, _ in found.files) == local
    assert sorted(item.module for item in found.outside) == outside


ABOVE = {
    "src/shapes/__init__.py": "from .square import x",
    "src/shapes/square.py": "import scipy",
    "top.py": "import yaml",
}


@pytest.mark.parametrize(
    "code",
    [
        "sys.path.append('../src')\nimport shapes",
        "sys.path.insert(0, os.path.abspath('../src'))\nfrom shapes import square",
        "sys.path.append(str(Path.cwd().parent / 'src'))\nfrom shapes.square import x",
        "os.chdir('..')\n---\nfrom src.shapes import square",
        "%cd ../src\n---\nimport shapes",
        "sys.path.append('..')\nimport src.shapes.square",
    ],
)
def test_follow_local__module_above__is_told_and_its_needs_are_kept(project: Path, code: str) -> None:
    write(project, ABOVE)
    found = follow(project / "notes", *code.split("\n---\n"))
    assert found.files == ()
    assert {path for path, _ in found.above} >= {"../src/shapes/__init__.py", "../src/shapes/square.py"}
    assert [item.module for item in found.outside] == ["scipy"]
    assert [notice.code for notice in found.notices] == ["module-above"]
    assert "../src" in found.notices[0].text


def test_explain_unresolved__module_of_the_project__is_named(project: Path) -> None:
    write(project, ABOVE)
    around = read_surroundings((), (), DiskFolder(project / "notes"))
    at = Evidence("IMP1", Location("n.ipynb", 1, 1), "import shapes")
    (notice,) = explain_unresolved([Unresolved("shapes", (at,)), Unresolved("nowhere", (at,))], around)
    assert "../src/shapes/__init__.py" in notice.text
    assert notice.location == at.location


def test_follow_local__relative_import_in_a_notebook__is_told(project: Path) -> None:
    write(project / "notes", {"a.py": ""})
    found = follow(project / "notes", "from . import a")
    assert [notice.code for notice in found.notices] == ["relative-import"]


def test_follow_local__link_that_leaves__is_not_read(project: Path, tmp_path: Path) -> None:
    (tmp_path / "away.py").write_text("import scipy")
    (project / "notes" / "a.py").symlink_to(tmp_path / "away.py")
    found = follow(project / "notes", "import a")
    assert found.files == ()
    assert [item.module for item in found.outside] == ["a"]


def test_follow_local__many_and_deep__bounded(project: Path) -> None:
    files = {f"m{number}.py": "\n".join(f"import m{other}" for other in range(0, 700, 7)) for number in range(700)}
    write(project / "notes", files)
    start = time.process_time()
    found = follow(
        project / "notes", "\n".join(f"import m{number}" for number in range(700)), "import " + "a." * 900 + "b"
    )
    assert time.process_time() - start < 20
    assert 100 < len(found.files) <= MAX_FOLLOWED
    assert "local-many" in [notice.code for notice in found.notices]
