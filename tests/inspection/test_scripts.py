"""Which local files a notebook runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.commands import notebook_commands
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.scripts import run_scripts, script_commands
from jupyter_mlpack.inspection.surroundings import read_surroundings


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%run a.py", ["a.py"]),
        ("%run -i a.py --rate 1", ["a.py"]),
        ("%run a", ["a.py"]),
        ("%run ../a.ipynb", ["../a.ipynb"]),
        ("%load a.py", ["a.py"]),
        ("!python a.py --rate 1", ["a.py"]),
        ("!python3 -u src/a.py", ["src/a.py"]),
        ("!cd src && python a.py", ["src/a.py"]),
        ("!python -m pkg.mod", ["pkg/mod.py", "pkg/mod/__main__.py"]),
        ("!torchrun --nproc_per_node 2 a.py", ["a.py"]),
        ("!accelerate launch a.py", ["a.py"]),
        ("!streamlit run a.py", ["a.py"]),
        ("!jupyter nbconvert --execute a.ipynb", ["a.ipynb"]),
        ("!bash a.sh", ["a.sh"]),
        ("!./a.sh", ["a.sh"]),
        ("subprocess.run(['python', 'a.py'])", ["a.py"]),
        ("subprocess.run([sys.executable, 'a.py'])", ["a.py"]),
        ("os.system('python a.py')", ["a.py"]),
        ("runpy.run_path('a.py')", ["a.py"]),
        ("exec(open('a.py').read())", ["a.py"]),
        ("exec(Path('a.py').read_text())", ["a.py"]),
        ("exec(compile(open('a.py').read(), 'a.py', 'exec'))", ["a.py"]),
        ("importlib.machinery.SourceFileLoader('a', 'lib/a.py').load_module()", ["lib/a.py"]),
        ("p = Path('lib')\nimportlib.util.spec_from_file_location('a', p / 'a.py')", ["lib/a.py"]),
        ("import import_ipynb\nimport a", ["import_ipynb.ipynb", "a.ipynb"]),
        ("from ipynb.fs.full.a import f", ["a.ipynb"]),
        ("!python --version", []),
        ("!python /abs/a.py", []),
        ("!pip install x", []),
        ("exec('x = 1')", []),
    ],
)
def test_run_scripts__line__names(code: str, expected: list[str]) -> None:
    cells = (read_cell(1, code),)
    found = list(run_scripts("n.ipynb", cells, notebook_commands("n.ipynb", cells)))
    assert [path for path, _ in found] == expected
    assert all(evidence.rule == "IMP5" and evidence.location.line for _, evidence in found)


def test_script_commands__scripts_that_run_scripts__are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("# set up\npip install numpy \\\n  pandas\nbash b.sh\n")
    (tmp_path / "b.sh").write_text("bash a.sh; apt-get install -y libgl1\n")
    cells = (read_cell(1, "!bash a.sh"),)
    commands = tuple(notebook_commands("n.ipynb", cells))
    found = list(script_commands(commands, read_surroundings(cells, commands, DiskFolder(tmp_path))))
    assert [(str(command.location), " ".join(command.words)) for command in found] == [
        ("a.sh, line 2", "pip install numpy pandas"),
        ("a.sh, line 4", "bash b.sh"),
        ("b.sh, line 1", "bash a.sh"),
        ("b.sh, line 1", "apt-get install -y libgl1"),
    ]
