"""The process engine: unpacks the image and runs it in unprivileged Linux namespaces. No daemon, no root.

The network is the host's. Limits on memory and processors are those of the caller. Where the kernel, or the
container around us, does not allow namespaces, ``probe`` and ``start`` say which step was refused.
"""

from __future__ import annotations

import codecs
import os
import platform
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import (
    GRACE,
    OUTPUT,
    Availability,
    Found,
    Handle,
    LogChunk,
    Request,
    StateChange,
    Update,
    end_state,
    refusal,
)  # fmt: skip
from jupyter_mlpack.engines.launch import EMPTY, launch
from jupyter_mlpack.engines.outputs import give_to_caller
from jupyter_mlpack.engines.roots import FOLDERS, image_user, unpacked_root
from jupyter_mlpack.events import Emit, Progress, ignore
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.sharing import hold_folder, together
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import JobState, Json, Task

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "ppc64le": "ppc64le", "s390x": "s390x"}
DECODER = codecs.getincrementaldecoder("utf-8")


@dataclass
class Run:
    """A started job. ``end`` is set once, by whoever follows it to the end; until then ``hold`` keeps its root."""

    process: subprocess.Popen[bytes]
    task: Task
    hold: int | None = None
    cancelled: bool = False
    announced: bool = False
    end: StateChange | None = None
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: DECODER(errors="replace"))


class ProcessEngine:
    """Runs images of ``store`` in namespaces of this kernel. See ``engine.py`` for the contract."""

    name = "process"

    def __init__(self, store: Store, grace: float = GRACE, emit: Emit = ignore) -> None:
        self.store = store
        self.emit = emit
        self.grace = grace
        self.runs: dict[str, Run] = {}

    def probe(self) -> Availability:
        """Try the real thing on an empty root, in a child."""
        if sys.platform != "linux":
            return refusal(errors.NotLinux(system=platform.system()))
        try:
            with scratch_folder("mlpack-probe-") as scratch:
                scratch.chmod(0o755)
                for name in FOLDERS:
                    (scratch / name).mkdir(mode=0o755)
                launch({**EMPTY, "root": str(scratch)}).communicate()
        except errors.EngineError as error:
            return refusal(error)
        return Availability(True, "The kernel allows unprivileged namespaces; the job shares this machine's network.")

    def prepare(self, task: Task) -> Request:
        """The task, and what a sandbox around it is like."""
        options: dict[str, Json] = {"network": "host", "output": OUTPUT, "root": "read-only", "tmp": "memory"}
        return Request(self.name, task, tuple(sorted(options.items())))

    def start(self, request: Request) -> Handle:
        """Unpack the image if need be and run its entry point. Raises an ``EngineError`` leaf."""
        task = request.task
        image = self.store.image(task.image)
        if image is None:
            raise errors.ImageUnknown(name=task.image, known=", ".join(known.name for known in self.store.images()))
        check_machine(image)
        with together(self.store.root):
            root = unpacked_root(self.store, image, self.tell)
            hold = hold_folder(root)
        check_mount_points(root, task)
        handle, process = Handle(self.name, uuid.uuid4().hex[:12]), None
        try:
            process = launch(sandbox(image, root, task))
        finally:
            if process is None and hold is not None:
                os.close(hold)
        self.runs[handle.id] = Run(process, task, hold)
        return handle

    def follow(self, handle: Handle) -> Iterator[Update]:
        """Standard output and error as they come, then the end. Raises ``JobLost``."""
        run = self.find(handle)
        if not run.announced:
            run.announced = True
            yield StateChange(JobState.RUNNING)
        yield from read_log(run)
        yield finish(run)

    def cancel(self, handle: Handle) -> None:
        """SIGTERM to the training process, ``grace`` seconds, SIGKILL to all of its namespace."""
        run = self.find(handle)
        if run.process.poll() is not None:
            return
        run.cancelled = True
        run.process.terminate()
        try:
            run.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            run.process.kill()

    def attach(self, task: Task, mark: str = "") -> Found | None:
        """None: a job ends with the process that started it."""
        del task, mark
        return None

    def release(self, handle: Handle) -> None:
        """Nothing of it is kept but the unpacked image, which is the store's."""

    def tell(self, done: int, total: int) -> None:
        """The image is unpacked, once on each machine; a large one takes a while."""
        self.emit(Progress("run", "unpacking", done, total, "bytes"))

    def find(self, handle: Handle) -> Run:
        """The run behind a handle. Raises ``JobLost``."""
        run = self.runs.get(handle.id)
        if run is None:
            raise errors.JobLost(engine=self.name, id=handle.id)
        return run


def check_machine(image: StoredImage) -> None:
    """Raises ``ImageForOtherMachine`` when this processor cannot execute the image."""
    machine = MACHINES.get(platform.machine(), platform.machine())
    if image.config.architecture != machine:
        raise errors.ImageForOtherMachine(image=image.name, architecture=image.config.architecture, machine=machine)


def check_mount_points(root: Path, task: Task) -> None:
    """Raises ``MountPointMissing``: the root is read-only, and nothing can be mounted where there is no folder."""
    for mount in task.mounts:
        place = root.resolve() / mount.target.lstrip("/")
        if not place.is_dir() or place.resolve() != place:
            raise errors.MountPointMissing(path=mount.target)


def sandbox(image: StoredImage, root: Path, task: Task) -> dict[str, Json]:
    """The child's instructions (``namespace.Sandbox`` as JSON)."""
    uid, gid = image_user(root, image.config.user)
    arguments = task.arguments or (() if image.config.entrypoint == () else image.config.cmd)
    command: list[Json] = [*image.config.entrypoint, *arguments]
    binds: list[Json] = [[str(task.output.absolute()), OUTPUT, True]]
    binds += [[str(mount.source.absolute()), mount.target, mount.writable] for mount in task.mounts]
    environment: dict[str, Json] = {**dict(image.config.env), **dict(task.environment), **dict(task.secrets)}
    if task.listen:  # the network is the machine's: what is in the image must not listen everywhere
        environment |= {"MLPACK_HOST": task.listen[0], "PORT": str(task.listen[1])}
    return {
        "root": str(root.absolute()), "command": command, "environment": environment,
        "directory": image.config.working_dir or "/", "uid": uid, "gid": gid, "binds": binds,
    }  # fmt: skip


def read_log(run: Run) -> Iterator[LogChunk]:
    """The command's output until its last writer is gone."""
    assert run.process.stdout is not None
    while not run.process.stdout.closed:
        data = os.read(run.process.stdout.fileno(), 65536)
        text = run.decoder.decode(data, final=not data)
        if text:
            yield LogChunk(text)
        if not data:
            run.process.stdout.close()


def finish(run: Run) -> StateChange:
    """How it ended; outputs belong to the caller from here on."""
    if run.end is None:
        code = run.process.wait()
        assert run.process.stdin is not None
        run.process.stdin.close()
        if run.hold is not None:
            os.close(run.hold)
        give_to_caller(run.task.output)
        run.end = end_state(code if code >= 0 else 128 - code, run.cancelled, errors.JobKilled())
    return run.end
