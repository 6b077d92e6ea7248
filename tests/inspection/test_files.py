"""Which files beside a notebook go into its image, and what is said of the others."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.files import MAX_FILE, Files, find_files
from jupyter_mlpack.inspection.folder import DiskFolder, NoFolder
from jupyter_mlpack.inspection.search import MAX_FOLDER_FILES
from jupyter_mlpack.inspection.surroundings import read_surroundings
from jupyter_mlpack.values import Evidence, Json, Location

KAGGLE: dict[str, Json] = {"kaggle": {"dataSources": [{"sourceType": "competition", "sourceId": 3136}]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a notebook's folder in it."""
    work = tmp_path / "project" / "work"
    for name in ("a.csv", "b.csv", "data/c.csv", "data/d.json", "data/sub/e.csv", ".env", "data/kaggle.json"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("x,y\n1,2\n")
    (work.parent / "pyproject.toml").write_text("")
    (work.parent / "big.csv").write_bytes(b"x" * 3_000)
    return work


def search(folder: Path, *sources: str, metadata: dict[str, Json] | None = None) -> Files:
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    around = read_surroundings(cells, notebook_commands("n.ipynb", cells), DiskFolder(folder))
    return find_files("n.ipynb", cells, (), around, metadata)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("pd.read_csv('a.csv')", ["a.csv"], id="literal"),
        pytest.param("pd.read_csv('./data/../a.csv')", ["a.csv"], id="normalised"),
        pytest.param("D = Path('data')\npd.read_csv(D / 'c.csv')", ["data/c.csv"], id="pathlib"),
        pytest.param("D = 'data'\npd.read_csv(f'{D}/c.csv')", ["data/c.csv"], id="f-string of a constant"),
        pytest.param("(Path('data') / 'd.json').read_text()", ["data/d.json"], id="method of a path"),
        pytest.param("with Path('a.csv').open() as f: pass", ["a.csv"], id="open of a path"),
        pytest.param("glob.glob('data/*.csv')", ["data/c.csv", "data/sub/e.csv"], id="glob"),
        pytest.param("list(Path('data').glob('*.json'))", ["data/d.json"], id="glob of a path"),
        pytest.param("glob.glob('*.csv')", ["a.csv", "b.csv"], id="glob without a folder"),
        pytest.param("for f in os.listdir('data'): pass", ["data/c.csv", "data/d.json", "data/sub/e.csv"], id="folder"),
        pytest.param("pd.read_csv(f'data/{name}.csv')", ["data/c.csv", "data/sub/e.csv"], id="a gap fits many"),
        pytest.param("pd.read_csv(name)", [], id="unknown"),
        pytest.param("load_dataset('csv', data_files={'x': 'a.csv', 'y': 'b.csv'})", ["a.csv", "b.csv"], id="dict"),
        pytest.param("my_loader('a.csv')", ["a.csv"], id="a function of the user's own"),
        pytest.param("print('a.csv')", [], id="only printed"),
        pytest.param("open('a.csv', 'w')", [], id="only written"),
        pytest.param("df.to_csv('a.csv')\npd.read_csv('a.csv')", [], id="written before it is read"),
        pytest.param("pd.read_csv('a.csv')\ndf.to_csv('a.csv')", ["a.csv"], id="read before it is written"),
        pytest.param("!cp x a.csv\npd.read_csv('a.csv')", [], id="copied by the shell before"),
        pytest.param("%cd data\npd.read_csv('c.csv')", ["data/c.csv"], id="after %cd"),
        pytest.param("os.chdir('data')\nopen('d.json')", ["data/d.json"], id="after chdir"),
        pytest.param("pd.read_csv('/content/a.csv')", ["a.csv"], id="Colab's working folder"),
        pytest.param("pd.read_csv('https://example.org/a.csv')", [], id="an address"),
        pytest.param("pd.read_csv('s3://bucket/a.csv')", [], id="a bucket"),
        pytest.param("load_dotenv('.env')", [], id="credentials"),
        pytest.param("open('" + "x" * 300 + "')", [], id="no file has such a name"),
        pytest.param("open('a\\x00b')", [], id="nul"),
    ],
)  # fmt: skip
def test_find_files__code_that_reads__finds(folder: Path, code: str, expected: list[str]) -> None:
    assert [item.path for item in search(folder, *code.split("\n")).found] == expected


@pytest.mark.parametrize(
    ("code", "notices"),
    [
        pytest.param("pd.read_csv('none.csv')", ["file-missing"], id="nothing makes it"),
        pytest.param("pd.read_csv('none.csv')\npd.read_csv('none.csv')", ["file-missing"], id="told once"),
        pytest.param("if x: pd.read_csv('none.csv')", [], id="in a branch"),
        pytest.param("def f():\n    pd.read_csv('none.csv')", [], id="in a function"),
        pytest.param("df.to_csv('none.csv')\npd.read_csv('none.csv')", [], id="written"),
        pytest.param("df.to_csv(f'{n}.csv')\npd.read_csv('none.csv')", [], id="written under an unknown name"),
        pytest.param("make('none.csv')\npd.read_csv('none.csv')", [], id="given to a function of the user's own"),
        pytest.param("!unzip x.zip\npd.read_csv('none.csv')", [], id="out of an archive"),
        pytest.param("urlretrieve(u, 'none.csv')\npd.read_csv('none.csv')", [], id="fetched"),
        pytest.param("os.makedirs('out')\npd.read_csv('out/none.csv')", [], id="below a folder that is made"),
        pytest.param("pd.read_csv('../big.csv')", ["file-outside"], id="in the project"),
        pytest.param("pd.read_csv('/data/x.csv')", ["file-outside"], id="absolute"),
        pytest.param("pd.read_csv('~/x.csv')", ["file-outside"], id="home"),
        pytest.param("pd.read_csv('C:\\\\data\\\\x.csv')", ["file-outside"], id="a drive"),
        pytest.param("pd.read_csv('/kaggle/input/titanic/train.csv')", ["file-platform"], id="Kaggle"),
        pytest.param("pd.read_csv('../input/titanic/train.csv')", ["file-platform"], id="Kaggle's older form"),
        pytest.param("pd.read_csv('/content/drive/MyDrive/x.csv')", ["file-platform"], id="Colab"),
        pytest.param("pd.read_csv('/dbfs/x.csv')", ["file-platform"], id="Databricks"),
        pytest.param("pd.read_csv('/tmp/x.csv')", [], id="scratch"),
        pytest.param("open('data/kaggle.json')", ["file-credentials"], id="credentials"),
        pytest.param("df.to_csv('../x.csv')", ["output-outside"], id="a result outside"),
        pytest.param("df.to_csv('../x.csv')\npd.read_csv('../x.csv')", ["output-outside"], id="its own result"),
    ],
)  # fmt: skip
def test_find_files__what_is_not_taken__is_told(folder: Path, code: str, notices: list[str]) -> None:
    sources = [code] if code.startswith(("if", "def")) else code.split("\n")
    assert [notice.code for notice in search(folder, *sources).notices] == notices


def test_find_files__mount__once_with_its_data(folder: Path) -> None:
    code = "pd.read_csv('/kaggle/input/titanic/train.csv')\npd.read_csv('/kaggle/input/titanic/test.csv')"
    (notice,) = search(folder, code, metadata=KAGGLE).notices
    assert "titanic" in notice.text
    assert "competition 3136" in notice.text
    assert notice.location == Location("n.ipynb", 1, 1)


def test_find_files__outside_in_the_project__size_is_told(folder: Path) -> None:
    (notice,) = search(folder, "pd.read_csv('../big.csv')").notices
    assert "3 kB" in notice.text


def test_find_files__large__is_told(folder: Path) -> None:
    with (folder / "huge.bin").open("wb") as huge:
        huge.truncate(MAX_FILE + 1)
    (folder / "many").mkdir()
    for number in range(MAX_FOLDER_FILES + 1):
        (folder / "many" / f"{number}.txt").touch()
    found = search(folder, "np.fromfile('huge.bin')\nos.listdir('many')")
    assert found.found == ()
    assert sorted(notice.code for notice in found.notices) == ["file-too-large", "file-too-large"]
    assert "100 MB" in "".join(notice.text for notice in found.notices)


def test_find_files__links_that_leave__are_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    os.symlink(tmp_path / "secret.csv", folder / "link.csv")
    os.symlink(tmp_path, folder / "data" / "away")
    found = search(folder, "pd.read_csv('link.csv')\nos.listdir('data')")
    assert [item.path for item in found.found] == ["data/c.csv", "data/d.json", "data/sub/e.csv"]
    assert {notice.code for notice in found.notices} >= {"file-link"}
    assert {"link.csv", "data/away"} <= {word for notice in found.notices for word in notice.text.split()}


def test_find_files__package_with_much_data__keeps_its_code(folder: Path) -> None:
    package = folder / "shapes"
    package.mkdir()
    for name in ("__init__.py", "square.py", *(f"{number}.bin" for number in range(MAX_FOLDER_FILES + 1))):
        (package / name).touch()
    around = read_surroundings((), (), DiskFolder(folder))
    led = Evidence("IMP1", Location("n.ipynb", 1, 1), "import shapes")
    found = find_files("n.ipynb", (), [("shapes/__init__.py", led)], around)
    assert [(item.path, item.kind) for item in found.found] == [
        ("shapes/__init__.py", "module"),
        ("shapes/square.py", "module"),
    ]
    assert [notice.code for notice in found.notices] == ["file-too-large"]


def test_find_files__data_of_a_local_module__is_found(folder: Path) -> None:
    (folder / "mine.py").write_text("HERE = Path(__file__).parent\nopen(HERE / 'data' / 'd.json')\nopen('none.csv')\n")
    around = read_surroundings((), (), DiskFolder(folder))
    led = Evidence("IMP1", Location("n.ipynb", 1, 1), "import mine")
    found = find_files("n.ipynb", (), [("mine.py", led)], around)
    assert [(item.path, item.kind) for item in found.found] == [("data/d.json", "data"), ("mine.py", "module")]
    assert found.notices == ()


@pytest.mark.parametrize(
    "line",
    [
        "pd.read_csv('none/{n}.csv')",
        "df.to_csv(f'{{x}}{n}.csv'); pd.read_csv('none{n}.csv')",
        "df.to_csv('out{n}.csv'); pd.read_csv('none{n}.csv')",
        "pd.read_csv(f'data/{{x}}*?{n}.csv')",
        "os.listdir('data')",
        "urlretrieve(u, 'got{n}/x.csv'); pd.read_csv('/a/b{n}.csv')",
        "p = p + '/a{n}'; open(p)",
    ],
)
def test_find_files__thousands_of_calls__cost_little(folder: Path, line: str) -> None:
    for number in range(300):
        (folder / "data" / f"{number}.csv").touch()
    code = "p = 'data'\n" + "\n".join(line.format(n=number) for number in range(1_000))
    start = time.process_time()
    search(folder, code)
    assert time.process_time() - start < 15


@given(st.text(st.sampled_from("ab/.~*?[]{}$'\" \\:\n()=%!"), max_size=60))
def test_find_files__any_text__never_raises(text: str) -> None:
    sources = [f"open({text!r})\ndf.to_csv({text!r})", f"!cat < {text} > {text}", text, f"%cd {text}\nopen('a')"]
    cells = tuple(read_cell(number, source) for number, source in enumerate(sources, 1))
    around = read_surroundings(cells, notebook_commands("n.ipynb", cells), NoFolder())
    find_files("n.ipynb", cells, (), around)
