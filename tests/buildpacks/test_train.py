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
from types import ModuleType

import nbformat
import pytest

from jupyter_mlpack.engines.artefact import fetch_artefact
from jupyter_mlpack.inspection.literals import literal_places
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Location, NotebookParameter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOBODY = 54321  # no passwd entry
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


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"notebook": "other.ipynb"}, 1), ({"notebook": ""}, 100), ({"purpose": "inference"}, 100)],
    ids=["missing", "none named", "for another purpose"],
)
def test_detect__nothing_to_train__does_not_pass(bench, changes: dict[str, str], status: int) -> None:
    (bench.app / "train.ipynb").write_text("{}")
    bench.describe(**changes)
    assert bench.detect("notebook") == (status, "")


def test_link_contents__home_of_the_build__is_found_in_the_new_one_which_can_be_written_to(runner, tmp_path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for name in ("corpus/list", ".cache/models/a", ".local/share/b", ".tool/settings"):
        (old / name).parent.mkdir(parents=True)
        (old / name).write_text(name)
    (new / ".cache").mkdir(parents=True)
    surroundings = runner("surroundings")
    surroundings.link_contents(old, new, surroundings.KEPT)
    assert (new / ".cache/models/a").read_text() == ".cache/models/a"
    assert (new / "corpus/list").read_text() == "corpus/list"
    assert sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_symlink()) == [
        ".cache/models", ".local/share/b", ".tool", "corpus",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("%load_ext jupyter_mlpack\nx = 1", "None;\nx = 1"),
        ("if x:\n    job = %mlpack submit \\\n  -p lr=1\ny", "if x:\n    job = None;\n\ny"),
        ("print('%mlpack')", "print('%mlpack')"),
        ("%load_ext jupyter_mlpack_other", "%load_ext jupyter_mlpack_other"),
        ("%%writefile a.ipy\n%mlpack build", "%%writefile a.ipy\n%mlpack build"),
    ],
    ids=["extension", "over two lines", "in a text", "another's", "in a file"],
)
def test_without_launching__line__does_nothing_in_its_own_image(runner, source: str, left: str) -> None:
    assert runner("launching").without_launching(source) == left


@pytest.mark.parametrize("words", [["binder/start"], ["/bin/sh", "binder/start"]], ids=["names its shell", "does not"])
@pytest.mark.parametrize("buildpack", ["notebook", "serving"])
def test_build__start_script__stands_before_the_images_command(bench, buildpack: str, words: list[str]) -> None:
    bench.describe(start=words)
    (bench.app / ".mlpack/service.json").write_text('{"function": "guess", "name": "digits", "cells": []}')
    launch = tomllib.loads((bench.build(buildpack).layers / "launch.toml").read_text())
    *before, python, program = launch["processes"][0]["command"]
    assert before == [*words[:-1], f"{bench.app}/binder/start"]
    assert (python, program[:7]) == ("python", "/layers")


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
def typed(runner: Callable[[str], ModuleType]) -> Callable[[str], object]:
    read_parameters = runner("parameters").read_parameters
    return lambda text: read_parameters(["-p", f"x={text}"], {}, {"x": None})["x"]


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


def test_run__time_is_over__ends_as_by_sigterm_without_anybody_who_sends_it(cells: Cells) -> None:
    status, out, _ = cells("import time\ntime.sleep(100)").run(MLPACK_SECONDS="5")
    assert (status, "[mlpack] done" in out) == (143, False)


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


def test_run__stream_in_pieces__is_one_output_until_something_else_comes(cells: Cells) -> None:
    source = (
        "import sys\nfor word in ('a', 'b'):\n    print(word, end='', flush=True)\n"
        "shown = display('x', display_id=True)\nprint('c', flush=True)\nprint('d', flush=True)\n"
        "print('e', file=sys.stderr, flush=True)\nprint('f')"
    )
    job = cells(source, "shown.update('y')")
    assert job.run()[0] == 0
    outputs = [
        (output.get("name"), output.get("text") or output["data"]["text/plain"]) for output in job.executed()[2].outputs
    ]
    assert outputs == [("stdout", "ab"), (None, "'y'"), ("stdout", "c\nd\n"), ("stderr", "e\n"), ("stdout", "f\n")]


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


# --- the file of metrics --------------------------------------------------------------------------------------------


def metrics(job: Job) -> list[dict[str, object]]:
    lines = (job.output / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "timestamp"} for line in lines]


LOOP = "for epoch in range(1, 4):\n    print(f'epoch {epoch}: loss={1 / epoch:.2f}', end='\\r')"


def test_metrics__numbers_in_the_log__a_line_for_each_step(cells: Cells) -> None:
    job = cells(LOOP, "import sys\nprint('accuracy: 0.9', file=sys.stderr, end='')")
    assert job.run()[0] == 0
    assert metrics(job) == [
        {"step": 1, "loss": 1.0}, {"step": 2, "loss": 0.5}, {"step": 3, "loss": 0.33}, {"step": 3, "accuracy": 0.9},
    ]  # fmt: skip


def test_metrics__run_again__only_those_of_the_last_run(cells: Cells) -> None:
    job = cells("print(f'loss={lr}')")
    for value in ("0.5", "0.25"):
        assert job.run("-p", f"lr={value}")[0] == 0
    assert metrics(job) == [{"step": 1, "loss": 0.25}]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("print('loss=0.5')  # metrics.jsonl is somebody else's", None),
        ("print('no numbers')", None),
        ("open('metrics' + '.jsonl', 'w').write('mine')\nimport time; time.sleep(0.3)\nprint('loss=0.5')", "mine"),
    ],
    ids=["named in the notebook", "nothing to tell", "of something else"],
)
def test_metrics__not_wanted__no_file_of_ours(cells: Cells, source: str, left: str | None) -> None:
    job = cells(source)
    assert job.run()[0] == 0
    path = job.output / "metrics.jsonl"
    assert (path.read_text() if path.exists() else None) == left


def test_finish__platform_has_a_folder_for_models__metrics_are_no_model(cells: Cells, runner, tmp_path: Path) -> None:
    job = cells("print('loss=0.5')\nopen('model.txt', 'w').write('weights')")
    assert job.run()[0] == 0
    model = tmp_path / "model"
    model.mkdir()
    platform = runner("platform").Platform("", job.output, runner("world").World(), model=model)
    output = runner("folder").OutputFolder(job.output, job.app, "train.ipynb")
    console = runner("console").Console()
    assert runner("run").finish(runner("run").Job(console, platform, output, {}, {}), 0) == 0
    assert {path.name for path in model.iterdir()} == {"model.txt"}
    assert "metrics.jsonl" in job.made()


def test_metric_lines__in_the_package_and_in_images__one_file() -> None:
    import jupyter_mlpack.metric_lines as ours

    theirs = Path(__file__).parents[2] / "buildpacks/notebook/runner/mlpack_runner/metric_lines.py"
    assert Path(ours.__file__).read_bytes() == theirs.read_bytes()


def test_run__outputs_go_to_a_registry__they_are_there_and_the_notebook_has_no_login(
    cells: Cells, shared_registry, tmp_path: Path
) -> None:
    job = cells("import os; print(sorted(n for n in os.environ if 'DELIVER' in n)); open('made.txt', 'w').write('x')")
    name = f"{shared_registry.host}/train:job-1"
    given = {"MLPACK_DELIVER": name, "MLPACK_DELIVER_PLAIN": "1", "MLPACK_DELIVER_LOGIN": "a:b"}
    status, out, err = job.run(**given)
    assert status == 0, err
    assert "[]" in out
    assert f"outputs are at {name}" in out + err
    assert fetch_artefact(name, tmp_path, insecure=True) == ()
    assert (tmp_path / "made.txt").read_text() == "x"
    assert (tmp_path / "train.ipynb").exists()
