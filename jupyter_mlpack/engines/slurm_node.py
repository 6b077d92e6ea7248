"""What a node runs for the runtime ``process``: the image in namespaces of the node's kernel, no container runtime.

``python -m jupyter_mlpack.engines.slurm_node FOLDER``: the log on standard output, outputs in ``FOLDER/output``; the
exit status is the training's. What the engine refuses goes to standard output too, and the file ``refused`` says so.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Handle, LogChunk, StateChange
from jupyter_mlpack.engines.process import ProcessEngine
from jupyter_mlpack.engines.slurm_folder import JobFolder
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Task

REFUSED = 125


def main(words: list[str]) -> int:
    """Run the task whose folder is named; the exit status."""
    folder = JobFolder(Path(words[0]))
    read = dict(line.partition("=")[::2] for line in folder.text("settings").splitlines())
    known = {name: "".join(shlex.split(value)) for name, value in read.items()}
    arguments = tuple(folder.text("arguments").split("\0")[:-1])
    environment = tuple(folder.pairs().items())
    task = Task(known["name"], known["image"], arguments, environment, folder.file("output"))
    engine = ProcessEngine(Store(Path(known["store"])))
    try:
        handle = engine.start(engine.prepare(task))
    except errors.MlpackError as error:
        folder.file("refused").touch()
        print(" ".join(filter(None, (error.sentence("what"), error.sentence("why")))), file=sys.stderr)
        return REFUSED
    cancel_when_told(engine, handle)
    return tell(engine, handle)


def cancel_when_told(engine: ProcessEngine, handle: Handle) -> None:
    """SIGTERM, which Slurm sends, ends the training."""

    def end(number: int, frame: object) -> None:
        del number, frame
        threading.Thread(target=engine.cancel, args=(handle,), daemon=True).start()

    signal.signal(signal.SIGTERM, end)


def tell(engine: ProcessEngine, handle: Handle) -> int:
    """The log, as it comes; the exit status."""
    status = 1
    for update in engine.follow(handle):
        if isinstance(update, LogChunk):
            data = update.text.encode(errors="replace")
            while data:
                data = data[os.write(1, data) :]
        elif isinstance(update, StateChange) and update.exit_status is not None:
            status = update.exit_status
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
