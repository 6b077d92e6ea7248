"""mlpack/notebook: detection, the files it writes, and the train process on real notebooks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from jupyter_mlpack.inspection.literals import literal_places
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Location, NotebookParameter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOBODY = 54321  # no passwd entry
RUNNER = Path(__file__).parents[2] / "buildpacks/notebook/runner"
DEFAULTS = {"lr": 0.5, "name": "a"}
Cells = Callable[..., "Job"]


PYTHON_LAYER = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
"""What the python buildpack sets in every image."""


@dataclass(frozen=True)
class Job:
    """A built train process over an application folder, and its output folder."""

    program: Path
    app: Path
    output: Path

    def command(self) -> list[str]:
        return [sys.executable, str(self.program)]

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        # ipykernel does not listen to child processes where it sees pytest
        return subprocess.Popen(
            [*self.command(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**inherited, **PYTHON_LAYER, "MLPACK_OUTPUT_DIR": str(self.output), **env},
        )  # fmt: skip

    def run(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **env)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def made(self) -> set[str]:
        return {path.relative_to(self.output).as_posix() for path in self.output.rglob("*")}

    def executed(self) -> list[nbformat.NotebookNode]:
        return nbformat.read(self.output / "train.ipynb", 4).cells


@pytest.fixture
def cells(bench, tmp_path: Path) -> Cells:
    """Makes a job of a notebook: a parameters cell, then the given sources."""

    def make(*sources: str) -> Job:
        v4 = nbformat.v4
        first = v4.new_code_cell("lr = 0.5\nname = 'a'", metadata={"tags": ["parameters"]})
        every = [v4.new_markdown_cell("# Train"), first, *map(v4.new_code_cell, sources)]
        nbformat.write(v4.new_notebook(cells=every), bench.app / "train.ipynb")
        (bench.app / "helper.py").write_text("answer = 42\n")
        (bench.app / "data").mkdir()
        (bench.app / "data/table.csv").write_text("a,b\n")
        bench.describe(parameters=DEFAULTS)
        ran = bench.build("notebook", BP_IMAGE_APP_DIR=str(bench.app))
        assert ran.status == 0, ran.log
        return Job(ran.layer("runner") / "train.py", bench.app, tmp_path / "output")

    return make


# --- the buildpack --------------------------------------------------------------------------------------------------


def test_detect__notebook_is_there__requires_both(bench) -> None:
    (bench.app / "train.ipynb").write_text("{}")
    status, plan = bench.detect("notebook")
    assert status == 0
    assert [entry["name"] for entry in tomllib.loads(plan)["requires"]] == ["python", "python-packages"]


@pytest.mark.parametrize(("named", "status"), [("other.ipynb", 1), ("", 100)], ids=["missing", "none named"])
def test_detect__no_notebook__does_not_pass(bench, named: str, status: int) -> None:
    bench.describe(notebook=named)
    assert bench.detect("notebook") == (status, "")


def test_build__launch_file__process_and_labels(bench) -> None:
    bench.describe(notebook='my "best" notebook é.ipynb')
    ran = bench.build("notebook")
    launch = tomllib.loads((ran.layers / "launch.toml").read_text())
    assert launch["processes"] == [
        {"type": "train", "command": ["python", "/layers/mlpack_notebook/runner/train.py"], "default": True}
    ]
    assert {label["key"]: label["value"] for label in launch["labels"]} == {
        "org.jupyter-mlpack.notebook": 'my "best" notebook é.ipynb',
        "org.jupyter-mlpack.purpose": "training",
    }


def test_build__other_umask__same_bytes(bench, read_tree) -> None:
    first, second = bench.build("notebook"), bench.build("notebook", umask=0o077)
    assert read_tree(first.layers) == read_tree(second.layers)


# --- parameters -----------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    monkeypatch.syspath_prepend(str(RUNNER))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    from mlpack_runner.parameters import read_parameters

    yield lambda text: read_parameters(["-p", f"x={text}"], {}, {"x": None})["x"]
    for name in [name for name in sys.modules if name.startswith("mlpack_runner")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1), ("1e-3", 0.001), ("-7", -7), (".5", 0.5), ("1_000", "1_000"), ("007", 7), ("true", True),
        ("False", False), ("null", None), ("", None), ("on", "on"), ("plain text", "plain text"), ("a=b", "a=b"),
        ('"0.1"', "0.1"), ("'0.1'", "0.1"), ("[1, 2.5, x]", [1, 2.5, "x"]), ('{"a": [true]}', {"a": [True]}),
        ("{a: 1}", {"a": 1}), ("2026-01-01", "2026-01-01"), ("-.inf", float("-inf")),
    ],
)  # fmt: skip
def test_read_parameters__text__typed_as_yaml(typed, text: str, value: object) -> None:
    result = typed(text)
    assert (result, type(result)) == (value, type(value))


def test_run__arguments_win_over_environment__and_reach_the_notebook(cells: Cells) -> None:
    job = cells("print(repr((lr, name)))")
    status, out, err = job.run("-p", "lr=1e-3", MLPACK_PARAMETERS='{"lr": 9, "name": "it\'s"}')
    assert status == 0, err
    assert '(0.001, "it\'s")' in out


def test_run__no_tagged_cell__literals_are_replaced(bench, tmp_path: Path) -> None:
    source = "%pwd\nü = 'é'; lr = 0.5; names = [\n  'a',\n]\nprint(repr((ü, lr, names)))"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), bench.app / "train.ipynb")
    notebook = read_notebook(bench.app / "train.ipynb")
    defaults = {"ü": "é", "lr": 0.5, "names": ["a"]}
    found = [NotebookParameter(name, default, Location("", 1, 2)) for name, default in defaults.items()]
    bench.describe(parameters=defaults, places=literal_places(notebook.cells, found))
    ran = bench.build("notebook", BP_IMAGE_APP_DIR=str(bench.app))
    job = Job(ran.layer("runner") / "train.py", bench.app, tmp_path / "output")
    status, out, err = job.run("-p", "lr=1e-3", "-p", "names=[x, y]", "-p", "ü=it's")
    assert status == 0, err
    assert "(\"it's\", 0.001, ['x', 'y'])" in out


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["-p", "speed=1"], "", "unknown parameter speed; the notebook's parameters: lr, name"),
        ([], '{"speed": 1}', "unknown parameter speed; the notebook's parameters: lr, name"),
        ([], "{", "MLPACK_PARAMETERS is not JSON"),
        ([], "[1]", "not a JSON object"),
        (["-p", "lr"], "", "-p NAME=VALUE"),
        (["-p"], "", "-p NAME=VALUE"),
        (["--fast"], "", "unknown argument --fast"),
        (["-p", "lr=[1"], "", "neither JSON nor YAML"),
    ],
    ids=["unknown", "unknown in environment", "not JSON", "no object", "no value", "nothing", "option", "broken list"],
)
def test_run__wrong_parameter__ends_with_2(cells: Cells, arguments: list[str], environment: str, said: str) -> None:
    job = cells("print('never')")
    status, out, _ = job.run(*arguments, MLPACK_PARAMETERS=environment)
    assert status == 2
    assert said in out
    assert not job.output.exists()


# --- a run ----------------------------------------------------------------------------------------------------------


def test_run__good_notebook__output_is_what_it_made(cells: Cells) -> None:
    job = cells(
        "import helper, os, sys\nopen('model.bin', 'w').write(str(helper.answer))\nprint('begun', end='')",
        "print('warned', file=sys.stderr)\nos.system('echo from a child')",
        "open('data/table.csv', 'a').write('1,2\\n')\n1 + 1",
    )
    status, out, err = job.run()
    assert status == 0, err
    lines = out.splitlines()
    lines.remove("from a child")  # comes by a pipe of its own
    assert lines == [
        "[mlpack] cell 1 of 4", "[mlpack] cell 2 of 4", "begun", "[mlpack] cell 3 of 4", "0",
        "[mlpack] cell 4 of 4", "2", "[mlpack] done",
    ]  # fmt: skip
    assert err == "warned\n"
    assert job.made() == {"train.ipynb", "model.bin", "data", "data/table.csv"}
    assert (job.app / "data/table.csv").read_text() == "a,b\n"


def test_run__failing_cell__is_named_as_in_the_notebook(cells: Cells) -> None:
    job = cells("1", "def f():\n    raise ValueError('first line\\nsecond')\nf()", "print('never')")
    status, out, err = job.run("-p", "lr=2")
    assert status == 1
    assert out.splitlines()[-1] == "[mlpack] cell 3 failed (cell 4 of the notebook): ValueError: first line"
    assert "----> 2" in err
    assert "\x1b" not in err
    executed = job.executed()
    assert executed[-2].outputs[0].ename == "ValueError"
    assert executed[-1].outputs == []


def test_run__expected_error__goes_on(cells: Cells) -> None:
    job = cells("1", "print('after')")
    document = nbformat.read(job.app / "train.ipynb", 4)
    document.cells[2].update(source="1 / 0", metadata={"tags": ["raises-exception"]})
    nbformat.write(document, job.app / "train.ipynb")
    status, out, _ = job.run()
    assert (status, out.splitlines()[-2:]) == (0, ["after", "[mlpack] done"])


@pytest.mark.parametrize(("argument", "status"), [("0", 0), ("", 0), ("3", 1)], ids=["zero", "none", "three"])
def test_run__exit_in_a_cell__ends_the_run(cells: Cells, argument: str, status: int) -> None:
    ended, out, _ = cells(f"import sys\nsys.exit({argument})", "print('never')").run()
    assert ended == status
    assert "never" not in out


def test_run__kernel_is_killed__says_why(cells: Cells) -> None:
    job = cells("import os\nos.kill(os.getpid(), 9)")
    status, out, _ = job.run()
    assert status == 1
    said = "[mlpack] cell 2 failed (cell 3 of the notebook): DeadKernelError: the kernel was killed, most likely"
    assert f"{said} because the memory" in out
    assert job.made() == {"train.ipynb"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("stubborn", [False, True], ids=["obeys", "ignores"])
def test_run__signal__stops_the_kernel(cells: Cells, number: int, stubborn: bool) -> None:
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" if stubborn else ""
    job = cells(f"{ignore}import os, time\nprint('kernel', os.getpid(), flush=True)\ntime.sleep(100)")
    process = job.start()
    assert process.stdout
    line = next(line for line in process.stdout if line.startswith("kernel"))
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert out == "[mlpack] stopped in cell 2\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(line.split()[1]), 0)
    assert job.made() == {"train.ipynb"}


def test_run__output_comes__before_the_cell_ends(cells: Cells) -> None:
    job = cells("import time\nprint('early', flush=True)\ntime.sleep(3)")
    process = job.start()
    assert process.stdout
    next(line for line in process.stdout if line == "early\n")
    seen = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - seen > 2


def test_run__child_prints_after_its_cell__is_shown_and_recorded(cells: Cells) -> None:
    job = cells("import subprocess, time\nchild = subprocess.Popen('sleep 1; echo late', shell=True)", "time.sleep(2)")
    status, out, err = job.run()
    assert status == 0, err
    assert "late\n" in out
    assert "late\n" in [output.text for cell in job.executed() for output in cell.get("outputs", [])]


def test_run__result_of_an_earlier_run__stays(cells: Cells) -> None:
    job = cells("print(open('data/table.csv').read())")
    (job.output / "data").mkdir(parents=True)
    (job.output / "data/table.csv").write_text("kept\n")
    status, out, _ = job.run()
    assert status == 0
    assert "[mlpack] data/table.csv is already in the output folder" in out
    assert (job.output / "data/table.csv").read_text() == "kept\n"


def test_run__output_is_a_file__ends_with_2(cells: Cells) -> None:
    job = cells("1")
    job.output.write_text("")
    status, out, _ = job.run()
    assert status == 2
    assert f"[mlpack] error: the output folder {job.output} cannot be written to" in out


# --- where a container runs it ----------------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder outside ``/tmp`` that any user may enter."""
    folder = Path("/var/tmp") / f"mlpack-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


def test_run__unknown_user_and_nothing_writable__works(cells: Cells, open_folder: Path) -> None:
    if os.getuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        pytest.skip("NOT TESTED: becoming another user and hiding /tmp needs root, setpriv and unshare")
    if not Path(f"/usr/bin/python{PYTHON}").exists():
        pytest.skip(f"NOT TESTED: another user needs /usr/bin/python{PYTHON}")
    mount = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: this machine does not allow mounts in a namespace of its own")
    job = cells("import getpass, os\nopen(os.path.expanduser('~/x'), 'w')\nprint(getpass.getuser(), os.getuid())")
    shutil.copytree(job.app, open_folder / "app")
    shutil.copytree(job.program.parent, open_folder / "runner")
    facts = json.loads((open_folder / "runner/image.json").read_text())
    (open_folder / "runner/image.json").write_text(json.dumps({**facts, "application": str(open_folder / "app")}))
    (open_folder / "output").mkdir()
    os.chown(open_folder / "output", NOBODY, NOBODY)
    user = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    inside = f"{mount} && exec {user} /usr/bin/python{PYTHON} runner/train.py"
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside], cwd=open_folder, capture_output=True, text=True, check=False,
        env={
            "PATH": "/usr/bin:/bin", "HOME": "/", "MLPACK_OUTPUT_DIR": str(open_folder / "output"),
            "PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1",
        },
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"mlpack {NOBODY}\n" in run.stdout
    assert [path.name for path in (open_folder / "output").iterdir()] == ["train.ipynb"]
