"""jupyter-scheduler's execution manager: the notebook runs in the image that is built of it.

One object is one job, in a process of its own (``process``, which calls the methods below).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from jupyter_scheduler.executors import DefaultExecutionManager
from jupyter_scheduler.models import JobFeature, Status
from jupyter_scheduler.orm import Job
from jupyter_scheduler.utils import get_utc_timestamp

from jupyter_mlpack.errors import MlpackError, ScheduledRunCancelled
from jupyter_mlpack.scheduling.running import Wanted, run, typed
from jupyter_mlpack.scratch import scratch_folder

LONGEST = 1024
"""Characters of the database's column for what is said of a job."""

OFTEN = 1.0
"""Seconds between two words about how far it is."""


class ContainerExecutionManager(DefaultExecutionManager):  # type: ignore[misc]  # it has no types
    """Builds (or reuses) the notebook's image and runs it, on this machine or on the target called ``compute_type``."""

    said = 0.0

    def execute(self) -> None:
        """Run it; the formats that were asked for are made of what it left, also when it failed."""
        from jupyter_mlpack.api import configured
        from jupyter_mlpack.cli.jobs import JobsCommand

        job, notebook = self.model, Path(self.staging_paths["input"])
        parameters = {name: typed(text) for name, text in (job.parameters or {}).items()}
        home = configured(JobsCommand, []).store().root
        with scratch_folder() as scratch:
            wanted = Wanted(notebook, parameters, job.compute_type or "", scratch / "output", home)
            try:
                self.set(status_message=run(wanted, self.tell)[:LONGEST])
            finally:
                self.bring(wanted.output, job)

    def bring(self, output: Path, job: Any) -> None:
        """The executed notebook in its formats, and the files that it made, to where the list looks for them."""
        import nbformat

        notebook = Path(self.staging_paths["input"])
        executed = output / notebook.name
        if executed.is_file():
            read = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
            self.create_output_files(job, read)
        brought = []
        for path in sorted(output.rglob("*")):
            if path != executed and path.is_file() and not path.is_symlink():
                name = path.relative_to(output)
                (notebook.parent / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, notebook.parent / name)
                brought.append(str(name))
        if brought:
            self.set(packaged_files=sorted({*(job.packaged_files or ()), *brought}))

    def on_failure(self, e: Exception) -> None:
        """What the user reads: what happened, why, and the next step. Who cancelled it sees it stopped."""
        status = Status.STOPPED if isinstance(e, ScheduledRunCancelled) else Status.FAILED
        self.set(status=status, status_message=words(e)[:LONGEST], end_time=get_utc_timestamp())

    def tell(self, text: str) -> None:
        """How far it is, now and then."""
        if time.monotonic() - self.said >= OFTEN:
            self.said = time.monotonic()
            self.set(status_message=text[:LONGEST])

    def set(self, **columns: object) -> None:
        """Write down what is to be known of the job."""
        with self.db_session() as session:
            session.query(Job).filter(Job.job_id == self.job_id).update(columns)
            session.commit()

    def supported_features(cls) -> dict[JobFeature, bool]:  # noqa: N805 (jupyter-scheduler calls it with the class)
        """What the form may offer."""
        features: dict[JobFeature, bool] = DefaultExecutionManager.supported_features(cls)
        return {**features, JobFeature.parameters: True}

    def validate(cls, input_path: str) -> bool:  # noqa: N805 (the same)
        """Every notebook may be tried: one without a kernel's name gets the Python of a stack."""
        return Path(input_path).is_file()


def words(error: Exception) -> str:
    """An error's sentences in one."""
    if not isinstance(error, MlpackError):
        return f"{type(error).__name__}: {error}"
    return " ".join(sentence for part in ("what", "where", "why", "hint") if (sentence := error.sentence(part)))
