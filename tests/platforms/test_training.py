"""One training image under each platform's contract, in real containers: no network, no right, nothing writable."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import nbformat
import pytest

pytestmark = [pytest.mark.docker, pytest.mark.network]

ANYONE = "12345"
TORCHRUN = {"PET_NNODES": "2", "PET_NPROC_PER_NODE": "1", "PET_MASTER_ADDR": "job-node-0-0.job"}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A volume that everybody may write to."""
    folder = tmp_path / "output"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def start(docker: str, training_image: str, output: Path, tmp_path: Path) -> Start:
    """Starts the image's train process as a cluster does, with its words, environment and further options."""

    def begin(*words: str, options: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[str]:
        variables = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        return subprocess.Popen(
            [docker, "run", "--rm", "--read-only", "--user", ANYONE, "--network", "none", "--cap-drop", "ALL",
             "--cidfile", str(tmp_path / "id"), "--volume", f"{output}:/output", *variables, *options,
             training_image, *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    return begin


def end(process: subprocess.Popen[str], expected: int = 0) -> list[str]:
    """The log of a container that has ended as expected."""
    out, _ = process.communicate(timeout=120)
    assert process.returncode == expected, out
    return out.splitlines()


def made(output: Path) -> set[str]:
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ((), {}, {"lr": 0.5, "epochs": 2, "name": "a", "sizes": [1, 2], "fast": False}),
        (("train", "-p", "lr", "0.1"), {}, {"lr": 0.1}),
        ((), {"MLPACK_PARAM_lr": "1", "MLPACK_PARAM_FAST": "true", "MLPACK_PARAMETERS": '{"lr": 9}'},
         {"lr": 1.0, "fast": True}),
    ],
    ids=["docker run", "name of the process first", "environment"],
)  # fmt: skip
def test_train__any_user_nothing_writable_no_network__values_arrive(
    start: Start, output: Path, words: tuple[str, ...], environment: dict[str, str], expected: dict[str, object]
) -> None:
    log = end(start(*words, **environment))
    assert log[-1] == "[mlpack] done"
    assert made(output) == {"probe.ipynb", "model-0.json", "metrics.jsonl"}
    values = json.loads((output / "model-0.json").read_text())["values"]
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("environment", "files", "variables"),
    [
        ({**TORCHRUN, "PET_NODE_RANK": "0"}, {"probe.ipynb", "model-0.json", "metrics.jsonl"},
         {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "job-node-0-0.job"}),
        ({**TORCHRUN, "PET_NODE_RANK": "1"}, {"node-1/model-1.json"}, {"RANK": "1", "MLPACK_MODEL_DIR": "/output"}),
        ({"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "m", "MASTER_PORT": "23456"}, {"node-1/model-1.json"},
         {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "m", "MASTER_PORT": "23456"}),
        ({"JOB_COMPLETION_INDEX": "2"}, {"2/probe.ipynb", "2/model-0.json", "2/metrics.jsonl"},
         {"MLPACK_OUTPUT_DIR": "/output/2"}),
        ({"MLPACK_PROCESSES": "2"}, {"probe.ipynb", "model-0.json", "model-1.json", "metrics.jsonl"},
         {"WORLD_SIZE": "2"}),
        ({**TORCHRUN, "PET_NODE_RANK": "1", "PET_NPROC_PER_NODE": "2"}, {"node-1/model-2.json", "node-1/model-3.json"},
         {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MLPACK_OUTPUT_DIR": "/output/node-1"}),
    ],
    ids=["TrainJob's first node", "TrainJob's second", "PyTorchJob's worker", "indexed Job",
         "two processes", "two processes of the second node"],
)  # fmt: skip
def test_train__as_a_platform_starts_it__ranks_and_folders(
    start: Start, output: Path, environment: dict[str, str], files: set[str], variables: dict[str, str]
) -> None:
    end(start("-p", "lr", "0.1", options=("--entrypoint", "train"), **environment))
    assert made(output) == files
    given = json.loads((output / max(name for name in files if name.endswith(".json"))).read_text())["environment"]
    assert {name: given.get(name) for name in variables} == variables


def test_train__vertex__results_are_in_the_bucket(start: Start, output: Path, tmp_path: Path) -> None:
    bucket = tmp_path / "gcs/bucket"
    bucket.mkdir(parents=True)
    bucket.chmod(0o777)
    end(start(options=("--volume", f"{bucket.parent}:/gcs"), AIP_MODEL_DIR="gs://bucket/jobs/7/model"))
    results = {f"jobs/7/output/{name}" for name in ("model-0.json", "probe.ipynb", "metrics.jsonl")}
    assert made(bucket) == {"jobs/7/model/model-0.json", *results}


def test_train__failing_cell_of_two_processes__status_line_and_reason(
    start: Start, output: Path, tmp_path: Path
) -> None:
    told = tmp_path / "termination-log"
    told.touch()
    told.chmod(0o666)
    options = ("--volume", f"{told}:/dev/termination-log")
    log = end(start("-p", "mode=fail", options=options, MLPACK_PROCESSES="2"), expected=1)
    failed = next(line for line in log if line.startswith("[mlpack] cell 4 failed (cell 5 of the notebook): ValueErr"))
    assert log[log.index(failed) - 1] == "[mlpack] at line 4: check(mode)"
    assert told.read_text().splitlines()[1] == "line 4: check(mode)"
    assert told.read_text().endswith("ValueError: no such mode\n")
    assert "probe.ipynb" in made(output)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_train__stopped__the_notebooks_handler_saves(
    docker: str, start: Start, output: Path, tmp_path: Path, processes: str
) -> None:
    process = start("-p", "mode=wait", MLPACK_PROCESSES=processes)
    assert process.stdout
    for _ in range(int(processes)):
        next(line for line in process.stdout if line == "waiting\n")
    begun = time.monotonic()
    subprocess.run([docker, "stop", (tmp_path / "id").read_text()], capture_output=True, check=True)
    end(process, expected=128 + signal.SIGTERM)
    assert time.monotonic() - begun < 9  # Docker kills after ten seconds
    assert made(output) == {"probe.ipynb", "checkpoint.txt", "metrics.jsonl"}


def test_train__folder_belongs_to_others__is_told_before_anything_runs(start: Start, output: Path) -> None:
    output.chmod(0o755)
    log = end(start(), expected=2)
    assert f"the output folder /output cannot be written to (Permission denied) by user {ANYONE}: give it" in log[-1]


def test_train__papermill_runs_the_same_notebook__outputs_are_the_same(
    docker: str, start: Start, training_image: str, output: Path, tmp_path: Path
) -> None:
    end(start("-p", "lr=0.1", "-p", "name=b"))
    copied = [docker, "run", "--rm", "--entrypoint", "cat", training_image, "/workspace/probe.ipynb"]
    (tmp_path / "probe.ipynb").write_bytes(subprocess.run(copied, capture_output=True, check=True).stdout)
    theirs = tmp_path / "theirs.ipynb"
    words = ["-p", "lr", "0.1", "-p", "name", "b", "--cwd", str(tmp_path), "--kernel", "python3"]
    papermill = [sys.executable, "-m", "papermill", str(tmp_path / "probe.ipynb"), str(theirs), *words]
    ran = subprocess.run(papermill, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr

    def told(path: Path) -> list[tuple[str, list[str], list[tuple[str, str]]]]:
        """Pieces of one stream, which papermill leaves as they came, as one."""
        cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        runs = [groupby(cell.outputs, lambda item: str(item.get("name"))) for cell in cells]
        outputs = [[(name, "".join(str(item.get("text")) for item in items)) for name, items in run] for run in runs]
        return [(cell.source, cell.metadata.tags, out) for cell, out in zip(cells, outputs, strict=True)]

    assert told(output / "probe.ipynb") == told(theirs)
