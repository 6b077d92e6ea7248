"""A notebook job of jupyter-scheduler, with its own database and folders, in our container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlpack.engines import make_engine
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

scheduler = pytest.importorskip("jupyter_scheduler.scheduler", reason="LOUD: no jupyter-scheduler")
from jupyter_scheduler.models import CreateJob, Status  # noqa: E402
from jupyter_scheduler.orm import Job, create_tables  # noqa: E402

from jupyter_mlpack.scheduling import ContainerExecutionManager, TargetsEnvironmentManager  # noqa: E402
from jupyter_mlpack.scheduling.running import typed  # noqa: E402


@pytest.fixture
def held(
    tmp_path: Path, machine_store: Store, run_image: Callable[..., StoredImage], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Their scheduler; the job's process is left to the test, which is it."""
    run_image("bookworm")
    monkeypatch.setenv("MLPACK_HOME", str(machine_store.root))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", lambda self: None)
    monkeypatch.setattr("multiprocessing.context.SpawnProcess.pid", 0, raising=False)
    root = tmp_path / "root"
    root.mkdir()
    cells = [
        nbformat.v4.new_code_cell("lr = 0.5", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print('rate', lr)\nopen('result.txt', 'w').write('x')"),
        nbformat.v4.new_code_cell("assert lr != 7, 'seven'"),
    ]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
    nbformat.write(made, root / "n.ipynb")
    url = f"sqlite:///{tmp_path}/scheduler.sqlite"
    create_tables(url)
    return scheduler.Scheduler(
        root_dir=str(root),
        environments_manager=TargetsEnvironmentManager(),
        db_url=url,
        execution_manager_class=ContainerExecutionManager,
        staging_path=str(tmp_path / "staging"),
        task_runner_class=None,
    )


def run(held: Any, **wishes: Any) -> tuple[Any, dict[str, Path]]:
    """A job from the form to its end, and its files."""
    wanted = CreateJob(
        input_uri="n.ipynb", runtime_environment_name="container", name="n", output_formats=["ipynb", "html"], **wishes
    )
    job = held.get_job(held.create_job(wanted))
    paths = held.get_staging_paths(job)
    ContainerExecutionManager(
        job_id=job.job_id, root_dir=held.root_dir, db_url=held.db_url, staging_paths=paths
    ).process()
    return held.get_job(job.job_id), {name: Path(path) for name, path in paths.items()}


def test_manager__runs_fails_and_refuses__each_as_the_list_shows_it(held: Any, machine_store: Store) -> None:
    engine = make_engine("", machine_store)
    if engine.name != "process":
        pytest.skip("the kernel allows no namespaces here")
    job, files = run(held, parameters={"lr": "1e-3"})
    assert (job.status, job.end_time >= job.start_time) == (Status.COMPLETED, True), job.status_message
    assert job.status_message.startswith("Ran in scheduled/n:training (sha256:")
    cells = nbformat.read(files["ipynb"], 4).cells
    assert any("rate 0.001" in output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    assert "rate 0.001" in files["html"].read_text()
    assert (files["input"].parent / "result.txt").read_text() == "x"
    assert job.packaged_files == ["result.txt"]

    job, files = run(held, parameters={"lr": "7"})
    assert job.status == Status.FAILED
    assert job.end_time
    assert "Code cell 3 failed: AssertionError: seven" in job.status_message
    assert "seven" in files["html"].read_text(), "what was executed is shown also when it failed"

    job, files = run(held, parameters={"rate": "1"})
    assert job.status == Status.FAILED
    assert "rate" in job.status_message
    assert not files["ipynb"].exists()

    job, _ = run(held, compute_type="nowhere")
    assert (job.status, "no target called nowhere" in job.status_message) == (Status.FAILED, True)


def test_environments__form__offers_this_machine_and_the_targets(held: Any) -> None:
    [environment] = held.environments_manager.list_environments()
    assert environment.compute_types == ["this machine", "docker"]
    assert environment.default_compute_type == "this machine"
    assert set(environment.output_formats) == set(held.environments_manager.output_formats_mapping())


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5", 0.5), ("1e-3", 0.001), ("'a'", "a"), ("a", "a"), ("True", True), ("[1, 'x']", [1, "x"]), ("{1}", "{1}")],
)
def test_typed__text_of_the_form__is_python(text: str, value: object) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_progress__is_told_in_the_database(held: Any) -> None:
    job = held.get_job(held.create_job(CreateJob(input_uri="n.ipynb", runtime_environment_name="c", name="n")))
    manager = ContainerExecutionManager(job.job_id, held.root_dir, held.db_url, held.get_staging_paths(job))
    manager.tell("Running cell 1 of 3")
    manager.tell("Running cell 2 of 3")  # too soon after the first
    assert held.get_job(job.job_id).status_message == "Running cell 1 of 3"
    with held.db_session() as session:
        assert session.query(Job).count() == 1
