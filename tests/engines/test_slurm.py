"""What only Slurm has: a queue, a shared folder, a controller that may be away; on a true one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from slurm_site import SlurmSite
from training_image import IMAGE

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Handle, LogChunk, StateChange, Update
from jupyter_mlpack.engines.slurm import SlurmEngine
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import JobState, Resources, Task

Make = Callable[..., SlurmEngine]


@pytest.fixture
def make(store: Store, slurm: SlurmSite, tmp_path: Path, slurm_process_engine: SlurmEngine) -> Make:
    """Engines of one more folder, as many processes of one user would have them."""
    del slurm_process_engine

    def make_engine(**options: object) -> SlurmEngine:
        return SlurmEngine(
            store, grace=1, options={"shared": str(tmp_path / "shared"), "runtime": "process", **options}
        )

    return make_engine


def named(output: Path, mode: str = "plain", **environment: str) -> Task:
    """A task whose name no other has."""
    output.mkdir(exist_ok=True)
    name = f"mlpack-tester-{os.urandom(9).hex()}"
    return Task(name, IMAGE, ("-p", f'mode="{mode}"'), tuple(environment.items()), output)


def text(updates: list[Update]) -> str:
    return "".join(update.text for update in updates if isinstance(update, LogChunk))


def last(updates: list[Update]) -> StateChange:
    assert isinstance(updates[-1], StateChange)
    return updates[-1]


def until(engine: SlurmEngine, handle: Handle, word: str) -> list[Update]:
    updates: list[Update] = []
    for update in engine.follow(handle):
        updates.append(update)
        if word in text(updates):
            break
    return updates


@pytest.mark.docker
def test_follow__container_on_the_node__log_outputs_and_end(slurm_docker_engine: SlurmEngine, tmp_path: Path) -> None:
    task = replace(named(tmp_path / "out", LEVEL="two\nlines"), resources=Resources(cpus=0.5, memory=64 << 20))
    handle = slurm_docker_engine.start(slurm_docker_engine.prepare(task))
    updates = list(slurm_docker_engine.follow(handle))
    # Docker's client writes two streams: what is last in the one may come before the other's last.
    assert {"[mlpack] done", "error 5"} <= set(text(updates).splitlines())
    assert last(updates) == StateChange(JobState.SUCCEEDED, 0)
    assert (task.output / "models/w.bin").read_text() == "weights\n"
    slurm_docker_engine.release(handle)
    assert subprocess.run(["docker", "ps", "-aqf", f"name={task.name}"], capture_output=True, check=True).stdout == b""


@pytest.mark.docker
def test_cancel__container_on_the_node__ends_and_brings_what_there_is(
    slurm_docker_engine: SlurmEngine, tmp_path: Path
) -> None:
    task = named(tmp_path / "out", "wait")
    handle = slurm_docker_engine.start(slurm_docker_engine.prepare(task))
    until(slurm_docker_engine, handle, "waiting")
    slurm_docker_engine.cancel(handle)
    assert last(list(slurm_docker_engine.follow(handle))) == StateChange(JobState.CANCELLED, 143)
    assert (task.output / "half").exists()


@pytest.mark.docker
def test_follow__node_without_what_the_container_needs__says_which_step_failed(
    slurm_docker_engine: SlurmEngine, tmp_path: Path
) -> None:
    task = replace(named(tmp_path / "out"), resources=Resources(gpus=1, accelerator="cuda12"))
    end = last(list(slurm_docker_engine.follow(slurm_docker_engine.start(slurm_docker_engine.prepare(task)))))
    assert isinstance(end.failure, errors.SlurmStepFailed)
    assert "start the container" in str(end.failure)
    assert "could not select device driver" in str(end.failure)


def test_attach__other_process__same_job_from_the_mark(make: Make, tmp_path: Path) -> None:
    task = replace(named(tmp_path / "out"), secrets=(("TOKEN", "hunter2"),))
    first = make()
    updates = until(first, first.start(first.prepare(task)), "out 1")
    mark = next(update.mark for update in reversed(updates) if isinstance(update, LogChunk))
    second = make()
    found = second.attach(replace(task, secrets=(("TOKEN", ""),)), mark)
    assert found is not None
    assert found.secrets == (("TOKEN", "hunter2"),)
    rest = list(second.follow(found.handle))
    lines = (text(updates) + text(rest)).splitlines()
    assert [line for line in lines if line.startswith("out")] == [f"out {number}" for number in range(1, 6)]
    assert last(rest) == StateChange(JobState.SUCCEEDED, 0)
    third = make()
    again = third.attach(task)
    assert again is not None
    assert text(list(third.follow(again.handle))).splitlines() == lines
    third.release(again.handle)
    third.release(again.handle)
    assert make().attach(task) is None


def test_start__twice_by_two_processes__one_job(make: Make, slurm: SlurmSite, tmp_path: Path) -> None:
    task = named(tmp_path / "out", "wait")
    first, second = make(), make()
    handle = first.start(first.prepare(task))
    assert second.start(second.prepare(task)) == handle
    assert len(slurm.run("squeue", "--noheader", f"--name={task.name}").splitlines()) == 1
    second.cancel(handle)
    assert last(list(first.follow(handle))).state is JobState.CANCELLED


START = """
import sys, pathlib, os, signal
from jupyter_mlpack.engines import slurm_folder
from jupyter_mlpack.engines.slurm import SlurmEngine
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Task
root, shared, name, output, where = sys.argv[1:]
def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
true = slurm_folder.submit
def after(*arguments):
    true(*arguments)
    die()
slurm_folder.submit = die if where == "before" else after
engine = SlurmEngine(Store(pathlib.Path(root)), options={"shared": shared, "runtime": "process"})
task = Task(name, "test/train:1", ("-p", 'mode="plain"'), (), pathlib.Path(output))
engine.start(engine.prepare(task))
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_attach__killed_in_the_middle_of_start__runs_exactly_once(
    make: Make, store: Store, slurm: SlurmSite, tmp_path: Path, where: str
) -> None:
    task = named(tmp_path / "out")
    words = (str(store.root), str(tmp_path / "shared"), task.name, str(task.output), where)
    died = subprocess.run([sys.executable, "-c", START, *words], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    engine = make()
    found = engine.attach(task)
    assert found is not None
    updates = list(engine.follow(found.handle))
    assert last(updates) == StateChange(JobState.SUCCEEDED, 0)
    assert text(updates).count("[mlpack] done") == 1
    listed = slurm.run("squeue", "--noheader", "--states=all", f"--name={task.name}")
    assert len(listed.splitlines()) == 1


def test_follow__controller_begins_anew__nothing_is_lost(make: Make, slurm: SlurmSite, tmp_path: Path) -> None:
    task = named(tmp_path / "out", "wait")
    engine = make()
    handle = engine.start(engine.prepare(task))
    until(engine, handle, "waiting")
    slurm.stop("slurmctld")
    slurm.begin("slurmctld")
    after = make()
    found = after.attach(task)
    assert found is not None
    after.cancel(found.handle)
    updates = list(after.follow(found.handle))
    assert last(updates) == StateChange(JobState.CANCELLED, 143)
    assert text(updates).count("waiting") == 1


def test_follow__partition_is_down__says_why_it_waits_and_is_cancelled(make: Make, tmp_path: Path) -> None:
    engine = make(partition="down")
    task = named(tmp_path / "out")
    handle = engine.start(engine.prepare(task))
    updates: list[Update] = []
    for update in engine.follow(handle):
        updates.append(update)
        if isinstance(update, StateChange) and update.state is JobState.QUEUED:
            assert "PartitionDown" in update.reason
            make().attach(task)
            engine.cancel(handle)
            engine.cancel(handle)
    assert last(updates) == StateChange(JobState.CANCELLED)


def test_follow__cancelled_by_slurms_own_command__says_so(make: Make, slurm: SlurmSite, tmp_path: Path) -> None:
    engine = make()
    task = named(tmp_path / "out", "wait")
    handle = engine.start(engine.prepare(task))
    until(engine, handle, "waiting")
    slurm.run("scancel", f"--name={task.name}")
    end = last(list(engine.follow(handle)))
    assert isinstance(end.failure, errors.SlurmEndedJob)
    assert "cancelled it with Slurm's own commands" in str(end.failure)
    assert (task.output / "half").exists()


@pytest.mark.parametrize(
    ("options", "resources", "reason", "hint"),
    [
        ({"partition": "none"}, Resources(), "nvalid partition", "partition"),
        ({}, Resources(gpus=9), "node configuration is not available", "wish for less"),
        ({"gres": "gpu:h100"}, Resources(gpus=1), "not available", "gres"),
        ({"gres": "tpu"}, Resources(gpus=1), "nvalid generic resource", '"gres"'),
        ({}, Resources(memory=1 << 50), "node configuration is not available", "wish for less"),
        ({"constraint": "a100"}, Resources(), "nvalid feature", '"constraint"'),
        ({"reservation": "none"}, Resources(), "reservation is invalid", '"reservation"'),
        ({"sbatch": ["--bogus"]}, Resources(), "unrecognized option '--bogus'", '"sbatch"'),
    ],
    ids=["partition", "GPUs", "gres", "other gres", "memory", "constraint", "reservation", "word of sbatch"],
)
def test_start__what_slurm_refuses__leaves_nothing_and_says_what_to_change(
    make: Make, tmp_path: Path, options: dict[str, str], resources: Resources, reason: str, *, hint: str
) -> None:
    engine = make(**options)
    task = replace(named(tmp_path / "out"), resources=resources)
    with pytest.raises(errors.SlurmRefused) as caught:
        engine.start(engine.prepare(task))
    assert reason in str(caught.value)
    assert hint in caught.value.sentence("hint")
    assert [path.name for path in (tmp_path / "shared").iterdir()] == []


def test_prepare__several_nodes__are_refused_before_anything(make: Make, tmp_path: Path) -> None:
    with pytest.raises(errors.SlurmOneNode):
        make().prepare(replace(named(tmp_path / "out"), resources=Resources(nodes=2)))


def test_start__secrets_and_the_servers_variables__slurm_hears_of_neither(
    make: Make, slurm: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_TOKEN", "hunter1")
    engine = make()
    task = replace(named(tmp_path / "out", "look"), secrets=(("TOKEN", "hunter2"),))
    request = engine.prepare(task)
    assert "hunter2" not in repr(request.options)
    updates = list(engine.follow(engine.start(request)))
    assert "env TOKEN=hunter2" in text(updates).splitlines()
    assert "hunter1" not in text(updates)
    folder = tmp_path / "shared" / task.name
    assert [path.stat().st_mode & 0o77 for path in (folder, folder / "environment")] == [0, 0]
    held = b"".join(path.read_bytes() for path in (slurm.folder / "state").rglob("*") if path.is_file())
    assert task.name.encode() in held
    assert not re.search(rb"hunter[12]", held)


@pytest.mark.parametrize(
    ("runtime", "said"), [("apptainer", "apptainer is not on this node"), ("pyxis", "no plugin pyxis")], ids=str
)
def test_follow__runtime_is_not_on_the_node__the_engine_says_so(
    make: Make, tmp_path: Path, runtime: str, said: str
) -> None:
    if shutil.which(runtime):
        pytest.skip(f"NOT TESTED: {runtime} is here")
    engine = make(runtime=runtime)
    task = replace(named(tmp_path / "out"), reference="registry.invalid/x@sha256:" + 64 * "0")
    end = last(list(engine.follow(engine.start(engine.prepare(task)))))
    assert isinstance(end.failure, errors.SlurmStepFailed)
    assert said in str(end.failure)
    assert "option runtime" in end.failure.sentence("hint")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"partition": "none,main"}, "has no partition none"),
        ({"runtime": "crio"}, "not known"),
        ({"shared": "/dev/null/shared"}, "cannot be written"),
    ],
    ids=["partition", "runtime", "folder"],
)
def test_probe__target_that_cannot_be__reason_names_what(make: Make, options: dict[str, str], words: str) -> None:
    availability = make(**options).probe()
    assert not availability.available
    assert words in availability.reason


def test_probe__no_slurm_here__says_what_to_install(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Run Jupyter on a login node" in make().probe().reason
