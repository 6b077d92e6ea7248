"""From a notebook to an image in the store, built elsewhere: the same sentence, with another lifecycle at its end."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere import layouts
from jupyter_mlpack.elsewhere.common import as_progress, moment, own_builder, user_of, variables
from jupyter_mlpack.elsewhere.contents import Contents
from jupyter_mlpack.elsewhere.docker import Yard, yard
from jupyter_mlpack.elsewhere.phases import Names, Story, settings, steps
from jupyter_mlpack.elsewhere.result import Result
from jupyter_mlpack.engines.docker import bring_image, connect
from jupyter_mlpack.events import BuildSucceeded, Emit, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.inputs import credentials_in
from jupyter_mlpack.lifecycle.outcome import count
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.tar import write_tar
from jupyter_mlpack.provision import Provision
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.values import BuildPlan, Image, JobTarget, Json
from jupyter_mlpack.wishes import Machine, Wishes
from jupyter_mlpack.workspaces import application

DOCKER, CLUSTER = "docker", "kubernetes"
ENGINES = (DOCKER, CLUSTER)
"""Engines whose targets can build; the first is the word for Docker itself, too."""


@dataclass(frozen=True)
class Place:
    """Where a build runs: Docker, or ``target``, as a job of it.

    ``network`` is the one that its containers are in, the daemon's usual one if empty; ``lifecycle`` a word for a
    release of the official lifecycle, otherwise Go builds one. ``separate`` asks Docker for a container for each
    phase, ``kpack`` the target's cluster for a ``Build`` of kpack.
    """

    network: str = ""
    lifecycle: str = ""
    separate: bool = False
    kpack: bool = False
    target: JobTarget | None = None


def find_place(place: Place, on: str, targets: Mapping[str, JobTarget]) -> Place:
    """``place`` with what the word ``on`` means. Raises ``PlaceUnknown``, ``TargetWithoutRegistry``,
    ``KpackElsewhere``.
    """
    if place.kpack and (on not in targets or targets[on].engine != CLUSTER):
        raise errors.KpackElsewhere(name=on)
    if on == DOCKER:
        return place
    able = [name for name, target in targets.items() if target.engine in ENGINES and name != DOCKER]
    if on not in able:
        raise errors.PlaceUnknown(name=on, known=", ".join((DOCKER, *able)))
    if not targets[on].registry:
        raise errors.TargetWithoutRegistry(target=on)
    return replace(place, target=targets[on])


def request_elsewhere(path: Path, wishes: Wishes, machine: Machine, place: Place, emit: Emit) -> dict[str, Json]:
    """What would be asked of the target; nothing is built, pushed or started. Raises like ``build_elsewhere``."""
    from jupyter_mlpack.elsewhere.clusters import request_of

    assert place.target is not None
    with application(path, wishes, machine, emit) as (plan, provision):
        return request_of(plan, provision, place, place.target, emit)


def build_elsewhere(path: Path, wishes: Wishes, machine: Machine, place: Place, emit: Emit) -> Image:
    """Build the image where ``place`` says, keep it in the store and let its name point at it.

    Raises like ``build_image``, leaves of ``EngineError``, and those of ``errors/elsewhere.py``.
    """
    if place.target:
        from jupyter_mlpack.elsewhere.clusters import build_on_target, check_reachable

        check_reachable(place.target, machine.store)
    else:
        connect().close()  # so that nobody waits for a lock in vain
    with application(path, wishes, machine, emit) as (plan, provision):
        if place.target:
            return build_on_target(plan, provision, place, place.target, emit)
        return _Build(plan, provision, place, emit).image()


@dataclass(frozen=True)
class _Build:
    plan: BuildPlan
    provision: Provision
    place: Place
    emit: Emit

    def image(self) -> Image:
        plan, provision, emit = self.plan, self.provision, self.emit
        store, inputs = provision.machine.store, provision.inputs
        with yard(plan.name, plan.target.arch) as made:
            emit(PhaseStarted("stack"))
            run_image = provision.run_image(plan, emit)
            builder = own_builder(plan, provision, self.place.lifecycle, run_image.name, emit)
            name = bring_image(made.client, store, builder, as_progress(emit))
            emit(PhaseEnded("stack", f"builder {builder.name}"))
            made.images, made.user = (name, name), user_of(builder)
            made.network, made.mounts = self.place.network, self.volumes(made)
            made.told = settings(*made.user, moment(provision), os.environ)
            previous = store.image(plan.name)
            told = variables(plan, provision, emit, secrets=True)
            wheels = not (inputs.private or self.place.separate)
            if wheels:
                made.keep_wheels()
            contents = Contents(plan, inputs, told, run_image, previous, store, made.user, wheels)
            story = Story(emit, inputs.mask(credentials_in(told)))
            found = self.run(made, contents, story)
            result = Result(found, run_image, previous, inputs, made.where)
            kept = result.kept(store)
            image = result.value(plan.name, kept)
            reused = result.tell(image, emit)
            story.end(f"{count(reused, 'layer')} reused")
        with signals_wait():
            for tag in (*inputs.tags, plan.name):
                store.tag(tag, kept.descriptor)
            emit(BuildSucceeded(image))
        return image

    def run(self, made: Yard, contents: Contents, story: Story) -> StoredImage:
        """All phases; the image as the lifecycle wrote it, its blobs in the store."""
        previous = layouts.PREVIOUS if contents.previous else ""
        names = Names(self.plan.name, contents.run_image.name, previous)
        container = None
        for step in steps(names, trusted=not self.place.separate):
            fresh = made.create(step)
            if container is None:
                made.fill(fresh, functools.partial(write_tar, entries=contents.entries()))
            container = fresh
            if step.phase:
                story.begin(step.phase)
            made.run(container, step, story)
        assert container is not None
        with made.result(container, layouts.place(self.plan.name)) as stream:
            return layouts.take(stream, self.plan.name, contents.store, made.where)

    def volumes(self, made: Yard) -> tuple[object, ...]:
        """Folders of this machine that the buildpacks shall see; only a daemon of this machine can show them.

        Raises ``VolumeElsewhere``.
        """
        volumes = self.provision.inputs.volumes
        if not volumes:
            return ()
        from docker.types import Mount

        if not made.client.api.base_url.startswith("http+docker"):
            raise errors.VolumeElsewhere(targets=", ".join(one.target for one in volumes), place=made.where)
        return tuple(Mount(one.target, str(one.source.absolute()), type="bind", read_only=True) for one in volumes)
