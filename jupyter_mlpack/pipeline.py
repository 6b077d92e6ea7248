"""The sentence: read the **Notebook**, inspect it into an **Inspection**, plan a **BuildPlan**, run the **lifecycle**
to get an **Image**.

Each clause is one call; each capital noun is one frozen class in ``values.py``. ``jobs.py`` has the last clause
(submit the image as a **Job**).
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jupyter_mlpack.errors import KernelUnknown
from jupyter_mlpack.events import BuildSucceeded, Emit, Event, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.extend import Extender
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.kernel import read_kernel
from jupyter_mlpack.lifecycle import BuildContext, run_lifecycle
from jupyter_mlpack.locking import allowed_machine, lock_packages, wanted_python
from jupyter_mlpack.notebook import check_runnable, read_notebook
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.plan import choose_stack, default_name, make_plan, make_target
from jupyter_mlpack.preflight import check_hardware
from jupyter_mlpack.resolution import find_uv, pylock_text
from jupyter_mlpack.stack import Assembly, ensure_run_image, run_root, target_python
from jupyter_mlpack.values import BuildPlan, Conflict, Image, Inspection, Lock, Notebook, Notice, Plan, Purpose
from jupyter_mlpack.wishes import Machine, Wishes


def build_image(path: Path, wishes: Wishes, machine: Machine, emit: Emit) -> Image:
    """From a notebook to an image in the store, named last. Raises ``MlpackError`` leaves; then no name moved."""
    notebook, inspection = inspect(path, wishes, emit, machine.store.root / "kernels")
    machine = allowed_machine(inspection, wishes, machine)
    plan = plan_image(notebook, inspection, wishes, machine, emit)
    with together(machine.store.root), scratch_folder() as workdir:
        with phase("stack", emit):
            run_image = ensure_run_image(plan.stack, plan.target.arch, machine.store, machine.stack_settings, emit)
        assembly = Assembly(plan.stack, plan.target.arch, machine.store, machine.stack_settings, emit)
        extend = Extender(assembly, run_image, machine.catalog, plan.system)
        context = BuildContext(workdir, build_settings(plan, run_image, machine), previous=plan.name, extend=extend)
        image = run_lifecycle(plan, run_image, machine.store, machine.catalog, context, emit)
        emit(BuildSucceeded(image))  # the name has moved: tell it before anything else
    return image


def inspect(path: Path, wishes: Wishes, emit: Emit, answers: Path | None = None) -> tuple[Notebook, Inspection]:
    """Read the notebook and find out what it needs; nothing of it is executed. ``answers`` keeps those of kernels."""
    with phase("inspect", emit) as summary:
        notebook = read_notebook(path, wishes.choices)
        check_runnable(notebook)
        environment, notices = read_kernel(wishes.kernel or notebook.kernel, cache=answers)
        if wishes.kernel and environment is None:
            raise KernelUnknown(kernel=wishes.kernel)
        inspection = inspect_notebook(notebook, environment)
        for notice in (*notices, *map(disagreement, inspection.conflicts), *inspection.notices):
            emit(Noticed(notice))
        summary.append(f"{len(inspection.dependencies)} packages needed, {len(inspection.files)} files beside it")
    return notebook, inspection


def disagreement(conflict: Conflict) -> Notice:
    """What a conflict is to somebody who watches a build."""
    followed, *others = conflict.claims
    against = ", ".join(f"{claim.says} ({claim.source})" for claim in others)
    text = f"{conflict.subject}: {followed.says} ({followed.source}) is followed, against {against}."
    return Notice("conflict", text, followed.evidence.location)


def plan_image(notebook: Notebook, inspection: Inspection, wishes: Wishes, machine: Machine, emit: Emit) -> BuildPlan:
    """Choose the stack, lock the packages for its target, and write down what to build."""
    return lock_and_plan(notebook, inspection, wishes, machine, emit)[1]


def lock_and_plan(
    notebook: Notebook, inspection: Inspection, wishes: Wishes, machine: Machine, emit: Emit
) -> tuple[Lock, BuildPlan]:
    """``plan_image``, and the lock that it is made of."""
    wishes = wishes.over(notebook)
    with phase("resolve", emit) as summary:
        where = str(notebook.path.name)
        stack = choose_stack(machine.catalog, wanted_python(inspection, wishes), where, wishes.stack)
        target = make_target(stack, wishes.arch)
        lock = lock_packages(inspection, target, wishes, machine, emit)
        for notice in (*check_hardware(inspection.hardware, lock, target), *still_there(notebook, lock)):
            emit(Noticed(notice))
        name = wishes.name or default_name(notebook.path, wishes.aim)
        summary.append(f"{len(lock.packages)} packages, {sum(package.size for package in lock.packages) / 1e6:.0f} MB")
        return lock, make_plan(inspection, notebook, wishes.aim, lock, (name, stack, target, machine.catalog))


def plan_build(path: Path, wishes: Wishes, machine: Machine, emit: Emit) -> Plan:
    """What ``build_image`` would build, for a person to look at. Nothing is built. Raises like ``build_image``."""
    from jupyter_mlpack.estimate import estimate_plan

    notices: list[Notice] = []

    def hear(event: Event) -> None:
        if isinstance(event, Noticed):
            notices.append(event.notice)
        emit(event)

    notebook, inspection = inspect(path, wishes, hear, machine.store.root / "kernels")
    lock, plan = lock_and_plan(notebook, inspection, wishes, allowed_machine(inspection, wishes, machine), hear)
    return estimate_plan(plan, lock, inspection, machine, notices)


def still_there(notebook: Notebook, lock: Lock) -> Iterator[Notice]:
    """What the user left out and other packages bring along."""
    for package in lock.packages:
        if package.name in read_decided(notebook.metadata).without:
            yield Notice("left-out-needed", f"{package.name} is in the image all the same: other packages need it.")


def pylock(inspection: Inspection, wishes: Wishes, machine: Machine, emit: Emit) -> str:
    """What the notebook itself needs as a ``pylock.toml`` for its target; raises like ``plan_image``."""
    with phase("resolve", emit) as summary:
        stack = choose_stack(machine.catalog, wanted_python(inspection, wishes), inspection.notebook, wishes.stack)
        target = make_target(stack, wishes.arch)
        lock = lock_packages(inspection, target, replace(wishes, purpose=Purpose.INFERENCE), machine, emit)
        summary.append(f"{len(lock.packages)} packages")
        return pylock_text(lock, target)


def build_settings(plan: BuildPlan, run_image: StoredImage, machine: Machine) -> dict[str, str]:
    """What the buildpacks may see of this machine: uv, its indexes, and a way to run the target's Python."""
    settings = {**machine.index_settings, "UV_NO_CONFIG": "1", "BP_UV": find_uv()}
    if plan.target.arch == host_architecture():
        root = run_root(machine.store, run_image)
        settings["BP_TARGET_PYTHON"] = shlex.join(target_python(root, plan.target.python))
    return settings


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder that is gone afterwards, even if the user stops us while it is removed."""
    folder = Path(tempfile.mkdtemp(prefix="mlpack-"))
    try:
        yield folder
    finally:
        try:
            shutil.rmtree(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def host_architecture() -> str:
    """This machine's architecture in Go's words."""
    import platform

    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


@contextmanager
def phase(name: str, emit: Emit) -> Iterator[list[str]]:
    """Tell that a phase begins and, if it went well, how it ended."""
    summary: list[str] = []
    emit(PhaseStarted(name))
    yield summary
    emit(PhaseEnded(name, ", ".join(summary)))
