"""What stands around a notebook when it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.folder import DiskFolder, Folder, NoFolder
from jupyter_mlpack.inspection.surroundings import Surroundings, read_surroundings


def around(code: str, folder: Folder | None = None) -> Surroundings:
    cells = tuple(read_cell(number, source) for number, source in enumerate(code.split("\n---\n"), 1))
    return read_surroundings(cells, notebook_commands("n.ipynb", cells), folder or NoFolder())


@pytest.mark.parametrize(
    ("code", "root"),
    [
        ("sys.path.append('src')", "src"),
        ("sys.path.insert(0, './src/')", "src"),
        ("sys.path.extend(['lib', 'src'])", "src"),
        ("sys.path.append('..')", ".."),
        ("sys.path.insert(0, os.path.abspath('../src'))", "../src"),
        ("sys.path.append(os.path.join(os.getcwd(), '..', 'src'))", "../src"),
        ("sys.path.append(os.path.abspath(os.path.join('..', 'src')))", "../src"),
        ("sys.path.append(str(Path.cwd().parent))", ".."),
        ("sys.path.append(str(Path.cwd().parent / 'src'))", "../src"),
        ("ROOT = Path('..').resolve()\n---\nsys.path.insert(0, str(ROOT / 'src'))", "../src"),
        ("sys.path.append(os.path.dirname(os.getcwd()))", ".."),
        ("sys.path.append('/content/yolov5')", "yolov5"),
        ("sys.path.append(f'{HOME}/yolov5')", "yolov5"),
        ("sys.path.append(os.path.join(BASE, 'src'))", "src"),
        ("site.addsitedir('src')", "src"),
        ("import sys; path = sys.path; path.append('src')", "src"),
        ("%cd src\n---\nimport x", "src"),
        ("os.chdir('..')\n---\nprint(1)", ".."),
        ("%cd ..\n---\nprint(1)", ".."),
    ],
)
def test_read_surroundings__module_path__holds(code: str, root: str) -> None:
    assert root in around(code).roots


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("%%writefile mine.py\nx = 1", "mine.py"),
        ("%%writefile pkg/mine.py\nx = 1", "pkg/mine.py"),
        ("%%writefile -a pkg/mine.py\nx = 1", "pkg/mine.py"),
        ("!wget https://example.org/mine.py", "mine.py"),
        ("!curl -o mine.py https://example.org/x", "mine.py"),
        ("urlretrieve('https://example.org/x', 'mine.py')", "mine.py"),
        ("open('mine.py', 'w').write(code)", "mine.py"),
        ("Path('mine.py').write_text(code)", "mine.py"),
    ],
)
def test_read_surroundings__file_that_the_notebook_makes__is_there(code: str, path: str) -> None:
    assert around(code).has(path)


def test_module__in_the_project_above__is_found_through_the_module_path(tmp_path: Path) -> None:
    work = tmp_path / "project" / "notebooks"
    (tmp_path / "project" / "src" / "shapes").mkdir(parents=True)
    work.mkdir()
    (tmp_path / "project" / "setup.py").touch()
    (tmp_path / "project" / "src" / "shapes" / "__init__.py").write_text("import pandas")
    seen = around("sys.path.append('../src')", DiskFolder(work))
    assert seen.module("shapes", known=False) == "../src/shapes/__init__.py"
    assert seen.text("../src/shapes/__init__.py") == "import pandas"
    unseen = around("import shapes", DiskFolder(work))
    assert unseen.module("shapes", known=False) is None
    assert unseen.beyond("shapes") == "../src/shapes/__init__.py"


@pytest.mark.parametrize(
    "path", ["x" * 300, "a/" * 3_000, "a\0b", "\ud800"], ids=["long name", "long", "nul", "no text"]
)
def test_kind__no_path__is_not_there(path: str, tmp_path: Path) -> None:
    seen = around("", DiskFolder(tmp_path))
    assert seen.kind(path) is None
    assert seen.text(path) is None
    assert seen.size(path) == 0


@given(st.text(max_size=80))
def test_read_surroundings__any_text__never_raises(text: str) -> None:
    cells = [f"sys.path.append({text!r})", text, f"%cd {text}", f"!git clone {text} {text}", f"%%writefile {text}\n"]
    around("\n---\n".join(cells))
