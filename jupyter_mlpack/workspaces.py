"""The application folder of a build for others to build: ``pack``, kpack, a container with the official lifecycle.

The same plan as ``build_image`` has, written and left alone. Beside the folder stands ``NAME.env``: what the buildpacks
have to be told, one ``NAME=VALUE`` a line, as ``pack build --env-file`` and ``docker run --env-file`` read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.events import Emit, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.inputs import BuildInputs, credentials_in
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.locking import allowed_machine
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.pipeline import inspect, plan_image, scripted
from jupyter_mlpack.plan import notebook_folder
from jupyter_mlpack.provision import Provision, provide, trusted_bindings
from jupyter_mlpack.resolution import accelerator_settings
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import BuildPlan, Inspection, Notice
from jupyter_mlpack.wishes import Machine, Wishes

PLACES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_FIND_LINKS")
WHERE = (*PLACES, "UV_INDEX_STRATEGY", "UV_TORCH_BACKEND", "UV_EXCLUDE_NEWER", "UV_PRERELEASE")
"""Settings of uv that mean the same on another machine: where the wheels of the lock are."""


@dataclass(frozen=True)
class Workspace:
    """A written application folder; ``settings`` is the file of variables beside it."""

    folder: Path
    settings: Path
    plan: BuildPlan


def write_application(path: Path, wishes: Wishes, machine: Machine, folder: Path, emit: Emit) -> Workspace:
    """Inspect, lock and plan as a build does, write the application to ``folder``, and stop.

    Raises like ``build_image``, and ``WorkspaceTaken`` for a folder with something in it.
    """
    check_free(folder)
    with application(path, wishes, machine, emit) as (plan, provision):
        emit(PhaseStarted("workspace"))
        check_free(folder)
        write_workspace(plan, folder)
        settings = folder.with_name(f"{folder.name}.env")
        open_ones = {one.name: one.value for one in provision.inputs.variables if not one.secret}
        told = {**dict(plan.environment), **open_ones}
        told |= portable(accelerator_settings(provision.machine.index_settings, plan.target), emit)
        write_atomically(settings, "".join(f"{name}={told[name]}\n" for name in sorted(told)))
        for notice in left_behind(provision.inputs):
            emit(Noticed(notice))
        emit(PhaseEnded("workspace", f"{len(plan.files)} files"))
    return Workspace(folder, settings, plan)


@contextmanager
def application(path: Path, wishes: Wishes, machine: Machine, emit: Emit) -> Iterator[tuple[BuildPlan, Provision]]:
    """The plan of a build by the official lifecycle, and what the build is given; files and assets last for the block.

    Raises like ``build_image``.
    """
    notebook, inspection = inspect(path, wishes, emit, machine.store.root / "kernels")
    with scratch_folder() as workdir, trusted_bindings(wishes.given, machine.store.root):
        provision = provide(wishes.given, path, allowed_machine(inspection, wishes, machine), workdir, emit)
        plan = plan_image(notebook, inspection, wishes, provision.machine, emit)
        at = notebook_folder(inspection, path)
        plan = with_system(provision.files(plan, path, at, emit), provision.machine)
        check_elsewhere(inspection)
        plan = scripted(plan, inspection, path, provision.machine, emit)[0]
        with together(machine.store.root):
            if plan.assets:
                from jupyter_mlpack.assets.bring import bring_assets, ways

                fetching = ways(machine.store, path.parent, provision.inputs.bindings, refresh=wishes.refresh)
                plan = bring_assets(plan, fetching, at, provision.machine.catalog, emit)
            yield plan, provision


def with_system(plan: BuildPlan, machine: Machine) -> BuildPlan:
    """The plan with the system packages that it names as a file: our own lifecycle extends the run image instead."""
    from jupyter_mlpack.extend import apt_file

    file = apt_file(plan, machine.catalog)
    if file is None:
        return plan
    return replace(plan, files=tuple(sorted((*plan.files, file), key=lambda one: one.path)))


def check_elsewhere(inspection: Inspection) -> None:
    """A lifecycle that is not ours runs nothing in the finished image. Raises ``PostBuildImpossible``."""
    for file in inspection.files:
        if file.kind == "postBuild":
            reason = "The official lifecycle builds it, which runs nothing in the finished image."
            raise errors.PostBuildImpossible(script=file.path, reason=reason)


def check_free(folder: Path) -> None:
    """``folder`` is not there, or empty. Raises ``WorkspaceTaken``."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise errors.WorkspaceTaken(folder=folder, reason="It is no folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise errors.WorkspaceTaken(folder=folder, reason="It is not empty.")


def portable(settings: Mapping[str, str], emit: Emit, *, secrets: bool = False) -> dict[str, str]:
    """Those settings of uv that another machine can use. What is a folder of this one, or has a login (unless those may
    go along: ``secrets``), stays here, and that is told.
    """
    found = {name: value for name, value in settings.items() if name in WHERE and "\n" not in value}
    here = [name for name in PLACES if any("://" not in place for place in re.split(r"[\s,]+", found.get(name, "://")))]
    secret = [name for name, value in found.items() if not secrets and any(credentials_in({name: value}))]
    for names, what in ((here, "names a folder of this machine"), (secret, "holds a login")):
        for name in names:
            text = f"The setting {name} {what} and is not written: say what the builder shall use instead."
            emit(Noticed(Notice("setting-not-written", text)))
    return {"UV_NO_CONFIG": "1", **{name: value for name, value in found.items() if name not in (*here, *secret)}}


def left_behind(inputs: BuildInputs) -> Iterator[Notice]:
    """What the folder and its settings do not hold."""
    secret = [variable.name for variable in inputs.variables if variable.secret]
    names = [*sorted(secret), *(f"the binding {binding.name}" for binding in inputs.bindings if binding.secret)]
    if names:
        text = f"Not written, because it may be secret: {', '.join(names)}. Say it where the image is built."
        yield Notice("setting-not-written", text)
    if inputs.order:
        text = "The order of buildpacks is the builder's, not the one that was given."
        yield Notice("order-not-written", text)
