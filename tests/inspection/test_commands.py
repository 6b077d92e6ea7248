"""Which commands a notebook runs, and where."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands


def commands(*sources: str) -> list[str]:
    cells = [read_cell(number, source) for number, source in enumerate(sources, 1)]
    return [" ".join(command.words) for command in notebook_commands("n.ipynb", cells)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'a', *more])",
            ["python -m pip install a {more}"],
            id="list with a gap",
        ),
        pytest.param(
            "more = ['a', 'b']\nsubprocess.run(['pip', 'install'] + more)", ["pip install a b"], id="sum of lists"
        ),
        pytest.param(
            "more = ['a', 'b']\nsubprocess.run(['pip', 'install', *more])", ["pip install a b"], id="starred list"
        ),
        pytest.param("line = ['pip', 'install', 'a']\nsubprocess.run(line)", ["pip install a"], id="list by its name"),
        pytest.param("for name in ['a', 'b']:\n    !pip install {name}", ["pip install a b"], id="loop over texts"),
        pytest.param(
            "names = ['a', 'b']\nfor name in names:\n    !pip install $name", ["pip install a b"], id="loop over a name"
        ),
        pytest.param("v = '1.2'\n!pip install a=={v}", ["pip install a==1.2"], id="version by its name"),
        pytest.param("v = '1'\nv = '2'\n!pip install a=={v}", ["pip install a=={v}"], id="name with two values"),
        pytest.param(
            "def get(x):\n    os.system(f'pip install {x}')\nget('a')\nget('b')", ["pip install a b"], id="wrapper"
        ),
        pytest.param("def get(x):\n    !pip install {x}\nget('a')", ["pip install a"], id="wrapper with a magic"),
        pytest.param(
            "!bash -c 'pip install a; pip install b'", ["pip install a", "pip install b"], id="shell in a shell"
        ),
        pytest.param("%%script bash\npip install a", ["pip install a"], id="script of a shell"),
        pytest.param("%%script false\npip install a", [], id="script of another program"),
        pytest.param(
            "get_ipython().run_cell_magic('bash', '', 'pip install a')", ["pip install a"], id="called cell magic"
        ),
        pytest.param("pip install a\npip install b", ["pip install a", "pip install b"], id="no sign before it"),
        pytest.param("pip = 1\ninstall = pip", [], id="Python that looks like it"),
        pytest.param("from pip import main\nmain(['install', 'a'])", ["pip install a"], id="pip's main"),
        pytest.param("main(['a'])", [], id="any other main"),
        pytest.param("dbutils.library.installPyPI('a', '1.0')", ["pip install a==1.0"], id="Databricks"),
        pytest.param("sc.install_pypi_package('a>=1')", ["pip install 'a>=1'".replace("'", "")], id="EMR"),
        pytest.param("await micropip.install(['a', 'b'])", ["pip install a b"], id="Pyodide"),
    ],
)
def test_notebook_commands__way_to_run__is_understood(source: str, expected: list[str]) -> None:
    assert commands(source) == expected


def test_notebook_commands__cd__is_one_path() -> None:
    cells = [read_cell(1, "%cd /content/drive/My Drive/work\n!pip install .")]
    (command,) = notebook_commands("n.ipynb", cells)
    assert command.folder == "drive/My Drive/work"


@pytest.mark.parametrize(
    ("test", "conditional"),
    [("IN_COLAB", True), ("'google.colab' in sys.modules", True), ("not IN_COLAB", False), ("ready", False)],
)
def test_notebook_commands__platform_branch__is_conditional(test: str, conditional: bool) -> None:
    (command,) = notebook_commands("n.ipynb", [read_cell(1, f"if {test}:\n    !pip install a")])
    assert command.conditional is conditional


@given(st.text(max_size=200))
@example('%%bash\nbash -c "bash -c \'bash -c \\"pip install a\\"\'"')
@example("{x}\n!pip install {x}")
@settings(deadline=None)
def test_notebook_commands__any_text__never_raises(source: str) -> None:
    for command in notebook_commands("n.ipynb", [read_cell(1, source), read_cell(2, f"!{source}")]):
        assert command.words


def test_notebook_commands__many_lines__cost_in_proportion() -> None:
    def seconds(count: int) -> float:
        cells = [read_cell(1, "names = ['a', 'b']\n"), read_cell(2, "%%bash\n" + "pip install {names} b\n" * count)]
        begin = time.process_time()
        assert 0 < len(list(notebook_commands("n.ipynb", cells))) <= count
        return time.process_time() - begin

    assert seconds(8_000) < 20 * max(seconds(1_000), 0.01)
