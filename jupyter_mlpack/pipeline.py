"""The sentence: read the **Notebook**, inspect it into an **Inspection**, plan a **BuildPlan**, run the **lifecycle**
to get an **Image**.

Each clause is one call; each capital noun is one frozen class in ``values.py``. ``jobs.py`` has the last clause
(submit the image as a **Job**).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.accelerating import candidates, lock_for_hardware, wanted_arch
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.environments import conda_settings, over_conda, with_conda
from jupyter_mlpack.events import Emit, Event, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.extend import Exposed, Extender
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.hardware import with_hardware
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.inspection.assets import KIND as ASSET
from jupyter_mlpack.inspection.choices import read_decided
from jupyter_mlpack.inspection.declarations.read import RAN, SCRIPTS
from jupyter_mlpack.inspection.kernel import read_kernel
from jupyter_mlpack.inspection.served import may_serve
from jupyter_mlpack.lifecycle import BuildContext, run_lifecycle
from jupyter_mlpack.locking import allowed_machine, lock_packages, wanted_python
from jupyter_mlpack.notebook import check_runnable, read_notebook
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.oci.sharing import is_due, together
from jupyter_mlpack.plan import choose_stack, default_name, make_plan, make_target, notebook_folder
from jupyter_mlpack.preflight import check_hardware
from jupyter_mlpack.provision import provide, trusted_bindings
from jupyter_mlpack.resolution import accelerator_settings, cache_settings, find_uv, pylock_text
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.stack import Assembly, run_root, target_python
from jupyter_mlpack.toml import keep
from jupyter_mlpack.values import (
    BuildPlan,
    CellFate,
    Conflict,
    Image,
    Inspection,
    Lock,
    Notebook,
    Notice,
    Plan,
    Purpose,
    PythonVersion,
    Target,
)
from jupyter_mlpack.wishes import Machine, Wishes

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.finish import Finish

TEXTS = Path("outcomes", "texts", "toml.json")
"""Where in the store it is kept what TOML texts say."""

listeners: list[Callable[[Notebook, Inspection], None]] = []
"""Who wants to know in this process what was found out about a notebook: the worker, which would look again."""


def build_image(path: Path, wishes: Wishes, machine: Machine, emit: Emit) -> Image:
    """From a notebook to an image in the store, named last. Raises ``MlpackError`` leaves; then no name moved."""
    notebook, inspection = inspect(path, wishes, emit, machine.store.root / "kernels")
    machine = allowed_machine(inspection, wishes, machine)
    with scratch_folder() as workdir, trusted_bindings(wishes.given, machine.store.root):
        provision = provide(wishes.given, path, machine, workdir, emit)
        machine = provision.machine
        plan = plan_image(notebook, inspection, wishes, machine, emit)
        plan = provision.files(plan, path, notebook_folder(inspection, path), emit)
        plan, finish = scripted(plan, inspection, path, machine, emit)
        with together(machine.store.root):
            if plan.assets:
                from jupyter_mlpack.assets.bring import bring_assets, ways

                fetching = ways(machine.store, path.parent, provision.inputs.bindings, refresh=wishes.refresh)
                plan = bring_assets(plan, fetching, notebook_folder(inspection, path), machine.catalog, emit)
            with phase("stack", emit):
                run_image = provision.run_image(plan, emit)
                previous = provision.previous(plan, emit)
            assembly = Assembly(plan.stack, plan.target.arch, machine.store, machine.stack_settings, emit)
            extend = Exposed(Extender(assembly, run_image, machine.catalog, plan.system), plan.target.accelerator)
            settings = {**build_settings(plan, run_image, machine), **conda_settings(plan, machine, workdir)}
            settings |= provision.settings(run_image)
            inputs, cache = provision.inputs, provision.cache(plan)
            context = BuildContext(
                workdir, settings, previous, extend=extend, inputs=inputs, cache=cache, finish=finish
            )
            image = run_lifecycle(plan, run_image, machine.store, machine.catalog, context, emit)
        if not inputs.private:
            keep(machine.store.root / TEXTS)
    if is_due(machine.store.root):
        from jupyter_mlpack.collection import tidy

        tidy(machine.store)
    return image


def inspect(path: Path, wishes: Wishes, emit: Emit, answers: Path | None = None) -> tuple[Notebook, Inspection]:
    """Read the notebook and find out what it needs; nothing of it is executed. ``answers`` keeps those of kernels."""
    with phase("inspect", emit) as summary:
        notebook = read_notebook(path, wishes.choices)
        if wishes.assets:
            from jupyter_mlpack.assets.declared import with_given

            notebook = with_given(notebook, wishes.assets)
        check_runnable(notebook)
        environment, notices = read_kernel(wishes.kernel or notebook.kernel, cache=answers)
        if wishes.kernel and environment is None:
            raise errors.KernelUnknown(kernel=wishes.kernel)
        inspection = inspect_notebook(notebook, environment)
        if any(notice.code == RAN for notice in inspection.notices):
            from jupyter_mlpack.binder import settle_scripts

            inspection = settle_scripts(notebook, inspection, wishes)
        for notice in (*notices, *map(disagreement, inspection.conflicts), *inspection.notices):
            emit(Noticed(notice))
        summary.append(f"{len(inspection.dependencies)} packages needed, {len(inspection.files)} files beside it")
    for tell in listeners:
        tell(notebook, inspection)
    return notebook, inspection


def scripted(
    plan: BuildPlan, inspection: Inspection, path: Path, machine: Machine, emit: Emit
) -> tuple[BuildPlan, Finish | None]:
    """The plan with the scripts of its binder folder that shall run, and the lifecycle's last step.

    Raises ``ScriptNeedsShell``, ``ScriptUnusable``, ``PostBuildImpossible``.
    """
    if not any(file.kind in SCRIPTS for file in inspection.files):
        return plan, None
    from jupyter_mlpack.binder import check_runs, with_scripts

    check_runs(inspection, plan.stack, plan.target, machine.catalog, machine.store)
    return with_scripts(plan, inspection, path.parent, notebook_folder(inspection, path), (machine.store, emit))


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
        wanted = PythonVersion() if wishes.conda_file else wanted_python(inspection, wishes)
        stack = choose_stack(machine.catalog, wanted, where, wishes.stack)
        wishes, target = with_conda(wishes, make_target(stack, wanted_arch(notebook, wishes)), machine, emit)
        side = None
        if wishes.aim is Purpose.INFERENCE or may_serve(notebook):
            from jupyter_mlpack.serving import find_side, tell_side
            from jupyter_mlpack.twins import lock_twins

            side = find_side(notebook, inspection, wishes, machine)

        def locked(target: Target, emit: Emit) -> Lock:
            if side is None:
                return lock_packages(inspection, target, wishes, machine, emit)
            return lock_twins((inspection, side.inspection), target, wishes, machine, emit)

        images = candidates(notebook, inspection, wishes)
        target, lock = lock_for_hardware(images, inspection, target, emit, locked)
        for notice in (*check_hardware(inspection.hardware, lock, target), *still_there(notebook, lock)):
            emit(Noticed(notice))
        if not stack.shell:
            from jupyter_mlpack.shellless import check_shell

            serving = side.serving if side and wishes.aim is Purpose.INFERENCE else None
            for notice in check_shell(notebook, serving, stack, machine.catalog):
                emit(Noticed(notice))
        name = wishes.name or default_name(notebook.path, wishes.aim)
        summary.append(f"{len(lock.packages)} packages, {sum(package.size for package in lock.packages) / 1e6:.0f} MB")
        frame = (name, stack, target, machine.catalog)
        if side is None or wishes.aim is Purpose.TRAINING:
            plan = make_plan(inspection, notebook, wishes.aim, lock, frame)
        else:
            from jupyter_mlpack.plan_serving import make_serving_plan

            for notice in tell_side(side):
                emit(Noticed(notice))
            plan = make_serving_plan(side, notebook, notebook_folder(inspection, notebook.path), lock, frame)
        code, needs = notebook, inspection
        if side is not None and wishes.aim is Purpose.INFERENCE:
            from jupyter_mlpack.inspection.serving import serving_notebook

            code, needs = serving_notebook(notebook, side.serving), side.inspection
        plan = with_hardware(plan, code, needs, lock, machine.catalog)
        if read_decided(notebook.metadata).assets or any(file.kind == ASSET for file in inspection.files):
            from jupyter_mlpack.assets.declared import wanted_assets

            sliced = wishes.aim is Purpose.INFERENCE
            own = side.inspection if side is not None and sliced else inspection
            plan = replace(plan, assets=wanted_assets(notebook, wishes.assets, own, sliced=sliced))
        return lock, over_conda(plan, wishes, machine)


def plan_build(path: Path, wishes: Wishes, machine: Machine, emit: Emit) -> Plan:
    """What ``build_image`` would build, for a person to look at. Nothing is built. Raises like ``build_image``."""
    from jupyter_mlpack.estimate import estimate_plan

    notices: list[Notice] = []

    def hear(event: Event) -> None:
        if isinstance(event, Noticed):
            notices.append(event.notice)
        emit(event)

    notebook, inspection = inspect(path, wishes, hear, machine.store.root / "kernels")
    with scratch_folder() as workdir:
        provision = provide(wishes.given, path, allowed_machine(inspection, wishes, machine), workdir, hear)
        lock, plan = lock_and_plan(notebook, inspection, wishes, provision.machine, hear)
        plan = provision.files(plan, path, notebook_folder(inspection, path), hear)
        plan, _ = scripted(plan, inspection, path, provision.machine, hear)
        return replace(estimate_plan(plan, lock, inspection, machine, notices), cells=cell_fates(notebook, plan))


def cell_fates(notebook: Notebook, plan: BuildPlan) -> tuple[CellFate, ...]:
    """What an inference image holds of each code cell; a training image holds all."""
    if plan.purpose is Purpose.TRAINING:
        return ()
    from jupyter_mlpack.inspection.serving import find_serving

    serving = find_serving(notebook)
    return serving.cells if serving else ()


def still_there(notebook: Notebook, lock: Lock) -> Iterator[Notice]:
    """What the user left out and other packages bring along."""
    for package in lock.packages:
        if package.name in read_decided(notebook.metadata).without:
            yield Notice("left-out-needed", f"{package.name} is in the image all the same: other packages need it.")


def pylock(inspection: Inspection, wishes: Wishes, machine: Machine, emit: Emit) -> str:
    """What the notebook itself needs as a ``pylock.toml`` for its target; raises like ``plan_image``."""
    with phase("resolve", emit) as summary:
        stack = choose_stack(machine.catalog, wanted_python(inspection, wishes), inspection.notebook, wishes.stack)
        wishes = replace(wishes, runner=())

        def locked(target: Target, emit: Emit) -> Lock:
            return lock_packages(inspection, target, wishes, machine, emit)

        base = make_target(stack, wanted_arch(None, wishes))
        images = candidates(None, inspection, wishes)
        target, lock = lock_for_hardware(images, inspection, base, emit, locked)
        summary.append(f"{len(lock.packages)} packages")
        return pylock_text(lock, target)


def build_settings(plan: BuildPlan, run_image: StoredImage, machine: Machine) -> dict[str, str]:
    """What the buildpacks may see of this machine: uv, its indexes, and a way to run the target's Python."""
    wheels = str(machine.store.root.absolute() / "wheels")
    settings = {**cache_settings(), **accelerator_settings(machine.index_settings, plan.target), "UV_NO_CONFIG": "1"}
    settings |= {"BP_UV": find_uv(), "BP_WHEELS_DIR": wheels}
    if plan.target.arch == host_architecture():
        root = run_root(machine.store, run_image)
        settings["BP_TARGET_PYTHON"] = shlex.join(target_python(root, plan.target.python))
    return settings


@contextmanager
def phase(name: str, emit: Emit) -> Iterator[list[str]]:
    """Tell that a phase begins and, if it went well, how it ended."""
    summary: list[str] = []
    emit(PhaseStarted(name))
    yield summary
    emit(PhaseEnded(name, ", ".join(summary)))
