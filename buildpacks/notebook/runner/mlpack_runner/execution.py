"""The notebook's run: papermill's engine, told when a cell starts, what it prints, and when to stop."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
from itertools import groupby
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, DeadKernelError
from nbformat.v4 import output_from_msg
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.execute import prepare_notebook_metadata
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from traitlets.config import Config

from mlpack_runner.assignments import assign
from mlpack_runner.console import Console
from mlpack_runner.failure import Failure
from mlpack_runner.launching import without_launching
from mlpack_runner.measures import NAME, Measures
from mlpack_runner.stopping import Stopper

KERNEL = "python3"
INJECTED = "injected-parameters"
LAST_WORDS = 4096  # bytes
LATE = 0.2  # seconds of silence after the last cell


class StopError(Exception):
    """SIGTERM or SIGINT arrived."""


class Run:
    """One run of one notebook; ``failure`` and ``stopped`` say how it ended. ``folder`` gets the file of metrics."""

    def __init__(
        self, console: Console, connection: dict[str, str], log: Path, patience: float, folder: Path | None = None
    ) -> None:
        self.console, self.connection, self.log = console, connection, log
        self.folder = folder
        self.measures = Measures(None)
        self.failure: Failure | None = None
        self.stopper = Stopper(self._kernel, patience)
        self.source = ""
        self.cell = 0
        self.total = 0
        self.places: list[int] = []
        self.client: Client | None = None

    def execute(self, notebook: Path, output: Path, parameters: dict[str, Any], places: dict[str, Any]) -> None:
        """Runs ``notebook`` in the folder of ``output``, which is written again and again, and on failure too.

        Parameters with a place are put there; the others go into a cell of their own, as papermill does it.
        """
        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # failures are told below, in our words
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        document = load_notebook_node(str(notebook))
        if self.folder is not None and not any(NAME in cell.source for cell in document.cells):
            self.measures = Measures(self.folder / NAME)  # a notebook that names such a file has its own
        self.places = [number for number, cell in enumerate(document.cells, 1) if is_counted(cell)]
        self.total = len(self.places)
        document = assign(document, {name: parameters[name] for name in parameters if name in places}, places)
        parameters = {name: value for name, value in parameters.items() if name not in places}
        if parameters:
            document = parameterize_notebook(document, parameters, kernel_name=KERNEL, language="python")
        document = prepare_notebook_metadata(document, notebook.name, output.name)
        try:
            TrainEngine.execute_notebook(document, KERNEL, output_path=str(output), progress_bar=False, run=self)
        except StopError:
            pass
        except (DeadKernelError, RuntimeError) as error:
            if not self.stopper.stopped:
                last_words = self.log.read_bytes()[-LAST_WORDS:].decode(errors="replace")
                self.fail(type(error).__name__, self._death() or str(error), last_words)
        finally:
            self.measures.close()

    def show(self, output: Any) -> None:
        """One output of a cell, for those who follow the job and for the file of metrics."""
        self.console.show(output)
        if is_stream(output):
            self.measures.hear(output.name, "".join(output.text))
        elif "text/plain" in output.get("data", {}):
            self.measures.hear("result", "".join(output.data["text/plain"]) + "\n")

    def fail(self, name: str, value: str, traceback: str) -> None:
        """The cell that runs ends the run."""
        place = self.places[self.cell - 1] if self.cell else 0
        self.failure = Failure(self.cell, place, name, value, traceback, self.source)

    def _kernel(self) -> subprocess.Popen[bytes] | None:
        return self.client.kernel_process() if self.client else None

    def _death(self) -> str:
        status = self.client.kernel_status if self.client else None
        if status is None:
            return ""
        if status == -signal.SIGKILL:
            return "the kernel was killed, most likely because the memory was used up"
        return f"the kernel ended with status {status}"


class TrainEngine(Engine):
    """papermill's way to run a notebook, with our client."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, run, **kwargs):
        """Called by papermill between ``notebook_start`` and ``notebook_complete``."""
        run.client = Client(
            nb_man,
            kernel_name=kernel_name,
            startup_timeout=300,  # a cold network file system can be slow
            resources={"metadata": {"path": os.getcwd()}},
            config=Config({"KernelManager": run.connection}),
        )
        run.client.run = run
        with run.log.open("wb") as log:  # ipykernel repeats there what it sends to us
            return run.client.execute(stdout=subprocess.DEVNULL, stderr=log)


class Client(PapermillNotebookClient):
    """papermill's client, which says what it does."""

    run: Run
    kernel_status: int | None = None

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.finished: dict[str, Any] = {}  # cells by the request that ran them

    def kernel_process(self) -> subprocess.Popen[bytes] | None:
        """The kernel's process, while there is one."""
        provisioner = self.km.provisioner if self.km else None
        return provisioner.process if provisioner else None

    def execute_cell(self, cell, cell_index, *args, **kwargs):
        """Runs one cell."""
        if not self.run.stopper.may_go_on:
            raise StopError
        if is_counted(cell):
            self.run.cell += 1
            self.run.source = cell.source
            self.run.console.progress(f"cell {self.run.cell} of {self.run.total}")
        written = cell.source
        cell.source = without_launching(written)
        try:
            return super().execute_cell(cell, cell_index, *args, **kwargs)
        except CellExecutionError as error:
            if not (error.ename == "SystemExit" and error.evalue in ("", "0", "None")):
                self.run.fail(error.ename, error.evalue, error.traceback)
            raise
        except DeadKernelError:
            process = self.kernel_process()
            self.kernel_status = process.poll() if process else None
            raise
        finally:
            cell.source = written

    def process_message(self, msg, cell, cell_index):
        """Shows a result as soon as the kernel sends it; streams are shown by ``overhear``."""
        try:
            output = super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            self.finished[msg["parent_header"]["msg_id"]] = cell
            raise
        if output and not is_stream(output):
            self.run.show(output)
        return output

    def start_new_kernel_client(self, **kwargs):
        """Connects to the kernel, and listens to all it says."""
        client = super().start_new_kernel_client(**kwargs)
        receive = client.iopub_channel.get_msg

        async def get_msg(*args, **kwargs):
            message = await ensure_async(receive(*args, **kwargs))
            self.overhear(message)
            return message

        client.iopub_channel.get_msg = get_msg
        return client

    def papermill_execute_cells(self):
        """Runs all cells, then takes what their child processes still have to say."""
        try:
            super().papermill_execute_cells()
            with contextlib.suppress(Empty):
                while True:
                    run_sync(self.kc.iopub_channel.get_msg)(timeout=LATE)
        finally:
            # Not before: an output that is replaced later is known by its number.
            for cell in self.nb.cells:
                if cell.cell_type == "code":
                    cell.outputs = joined(cell.outputs)

    def overhear(self, message):
        """Shows a stream. What a child process prints may come after its cell has ended, when nbclient drops it."""
        if message["msg_type"] == "stream":
            output = output_from_msg(message)
            self.run.show(output)
            cell = self.finished.get(message["parent_header"].get("msg_id"))
            if cell is not None:
                cell.outputs.append(output)


def joined(outputs):
    """With consecutive pieces of one stream as one output, as front ends show them: a kernel cuts where time is up."""
    found = []
    for stream, pieces in groupby(outputs, lambda output: output.get("name") if is_stream(output) else None):
        kept = list(pieces)
        if stream is not None:
            kept[0].text = "".join(piece.text for piece in kept)
            del kept[1:]
        found += kept
    return found


def is_stream(output) -> bool:
    """Whether it is a piece of stdout or stderr."""
    return output.output_type == "stream"


def is_counted(cell) -> bool:
    """Whether a cell is a code cell of the notebook as it stands in the image."""
    return cell.cell_type == "code" and INJECTED not in cell.metadata.get("tags", [])
