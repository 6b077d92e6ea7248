"""What all builds elsewhere share: our builder image, what its buildpacks are told, when the image shall be made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jupyter_mlpack.builder import Recipe, create_builder
from jupyter_mlpack.builder.recipe import named_official, needed
from jupyter_mlpack.events import Emit, Event, Progress
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.given.builder import Builder
from jupyter_mlpack.given.order import default_order
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.oci.manifest import CREATED, StoredImage
from jupyter_mlpack.provision import Provision
from jupyter_mlpack.resolution import accelerator_settings
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.values import BuildPlan
from jupyter_mlpack.workspaces import portable


def own_builder(plan: BuildPlan, provision: Provision, lifecycle: str, run: str, emit: Emit) -> StoredImage:
    """Our builder image for a plan: made once, then found in the store. ``run`` is what it calls its run image.

    ``lifecycle`` is a word for a release of the official one; Go builds one without. Raises as ``create_builder``.
    """
    machine, inputs = provision.machine, provision.inputs
    order = inputs.order or default_order(machine.catalog)
    with scratch_folder() as scratch:
        sources = Sources(Fetcher(machine.store, machine.stack_settings.access, emit), scratch)
        official = named_official(lifecycle, plan.target.arch, Path(), "--lifecycle", sources)
    recipe = Recipe(
        name=f"mlpack/builder:{plan.stack.name}-{plan.target.arch}",
        arch=plan.target.arch,
        stack=plan.stack,
        buildpacks=needed(Builder((), order), machine.catalog, order),
        order=order,
        run_images=(inputs.run_image or RunImageNames(run),),
        defaults=tuple(sorted(inputs.defaults.items())),
        lifecycle=official,
    )
    stack_settings = replace(machine.stack_settings, run_image=None)
    return create_builder(recipe, machine.store, stack_settings, as_progress(emit)).image


def variables(plan: BuildPlan, provision: Provision, emit: Emit, *, secrets: bool) -> dict[str, str]:
    """What the buildpacks are told; secrets only where they reach nobody else."""
    settings = accelerator_settings(provision.machine.index_settings, plan.target)
    given = {one.name: one.value for one in provision.inputs.variables if secrets or not one.secret}
    return {**dict(plan.environment), **portable(settings, emit, secrets=secrets), **given}


def moment(provision: Provision) -> int | None:
    """The seconds that the image shall tell; nothing for the usual moment."""
    created = provision.inputs.created
    return None if created == CREATED else int(datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp())


def user_of(builder: StoredImage) -> tuple[int, int]:
    """Who builds."""
    told = dict(builder.config.env)
    return int(told["CNB_USER_ID"]), int(told["CNB_GROUP_ID"])


def as_progress(emit: Emit) -> Emit:
    """Of what happens beside the phases only how far it is, as part of ``stack``."""

    def within(event: Event) -> None:
        if isinstance(event, Progress):
            emit(replace(event, phase="stack"))

    return within
