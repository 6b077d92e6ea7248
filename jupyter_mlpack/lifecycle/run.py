"""The lifecycle: BuildPlan -> Image, by the phases of the specification, in this process.

analyze (what was there before) -> detect (who takes part) -> restore (what may be kept) -> build (layers)
-> extend (the run image, if the caller has one to offer) -> export (image). Only when all is done does the image's name
move.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.events import BuildSucceeded, Emit, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.lifecycle.analyze import analyze, restore_sboms
from jupyter_mlpack.lifecycle.assembly import Exported
from jupyter_mlpack.lifecycle.build import build
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.lifecycle.context import IMAGE_APP, IMAGE_LAYERS, BuildContext, Folders, Owner, Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptors
from jupyter_mlpack.lifecycle.detect import detect
from jupyter_mlpack.lifecycle.export import Exporter
from jupyter_mlpack.lifecycle.identity import PLANS, check_architecture, check_views, make_views, taking_part
from jupyter_mlpack.lifecycle.inputs import credentials_in, furnish
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.layers_folder import buildpack_records, layer_sboms
from jupyter_mlpack.lifecycle.outcome import count, image_of_export
from jupyter_mlpack.lifecycle.outcomes import Outcomes
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.restore import Memory, restore
from jupyter_mlpack.lifecycle.reuse import Elsewhere
from jupyter_mlpack.lifecycle.toml import MalformedError, make_folders, write_text
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.values import BuildPlan, Catalog, Image, Notice

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.known_slices import KnownSlices

OUR_LAUNCHER = Path(__file__).with_name("launch.py")


def run_lifecycle(  # noqa: PLR0913, PLR0917 (the seam of the project: each is a different noun)
    plan: BuildPlan, run_image: StoredImage, store: Store, catalog: Catalog, context: BuildContext, emit: Emit
) -> Image:
    """Build the image of ``plan`` on ``run_image``, keep it in ``store`` and let its name point at it.

    Raises the ``LifecycleError`` of the phase that failed, and ``StoreError``. Whatever ``emit`` raises stops the
    build: children are ended and no name moves. When it has moved, ``emit`` hears it first (``BuildSucceeded``).
    """
    owner = Owner(plan.stack.uid, plan.stack.gid)
    folders = _prepare(plan, context)
    descriptors = _descriptors(catalog)
    elsewhere = context.previous if isinstance(context.previous, Elsewhere) else None
    previous = elsewhere.image if elsewhere else store.image(str(context.previous)) if context.previous else None
    cache = context.cache or LayerCache(store.root, plan.name)
    memory = Memory(cache, KnownLayers(store.root, store), store, elsewhere)

    emit(PhaseStarted("analyze"))
    analyzed = analyze(run_image, previous, store, folders, sboms=False)
    emit(PhaseEnded("analyze", "previous image found" if analyzed.previous else "no previous image"))

    mask = _mask(context)
    order = context.inputs.order or _order(plan, descriptors)
    views = make_views(context.workdir, folders, owner, context.inputs)
    check_architecture(taking_part(order, descriptors), analyzed.target.arch, host_architecture())
    check_views(views, taking_part(order, descriptors))
    outcomes = None if context.inputs.private else Outcomes(store)
    session = Session(descriptors, folders, analyzed.target, _environ(context.workdir), emit, outcomes, mask, views)
    emit(PhaseStarted("detect"))
    resolution = detect(order, session)
    emit(PhaseEnded("detect", count(len(resolution.group), "buildpack")))

    emit(PhaseStarted("restore"))
    if outcomes and outcomes.settle(resolution.group, resolution.plan, session, analyzed):
        emit(PhaseEnded("restore", "nothing is to be made"))
    else:
        if elsewhere:
            elsewhere.bring([analyzed.metadata.sbom])
        restore_sboms(analyzed.metadata.sbom, store, folders)
        offered = restore(resolution.group, analyzed, memory, folders)
        emit(PhaseEnded("restore", f"{count(offered, 'layer')} offered"))

    emit(PhaseStarted("build"))
    metadata = build(resolution.group, resolution.plan, session)
    emit(PhaseEnded("build", count(len(metadata.processes), "process", "processes")))

    if context.extend:
        run_image = context.extend(buildpack_records(resolution.group, folders.layers))

    emit(PhaseStarted("export"))
    launcher, kept = context.launcher or OUR_LAUNCHER, outcomes.kept if outcomes else {}
    exporter = Exporter(
        store, folders, owner, launcher, known=memory.known, emit=emit, kept=kept, inputs=context.inputs,
        elsewhere=elsewhere, slices=_known_slices(plan, store, folders), finish=context.finish,
    )  # fmt: skip
    recorded = context.inputs.recorded(analyzed)
    exported = exporter.export(plan.name, resolution.group, recorded, run_image)
    image = image_of_export(plan.name, exported, analyzed.metadata)
    emit(PhaseEnded("export", f"{count(sum(layer.reused for layer in image.layers), 'layer')} reused"))
    if outcomes:
        outcomes.remember(exported.records, folders.layers)
    shared = None if outcomes else {known.id for known in descriptors.values() if known.promise and known.promise.build}
    _remember(exported, memory, folders, shared)
    with signals_wait():  # who stops us hears truly whether the name has moved
        for name in (*context.inputs.tags, plan.name):
            store.tag(name, exported.stored.descriptor)
        emit(BuildSucceeded(image))
    _keep_cache(exported, memory, folders, emit)
    return image


def _prepare(plan: BuildPlan, context: BuildContext) -> Folders:
    """The build's folders: the application, and what the platform tells the buildpacks."""
    root = context.workdir
    folders = Folders(root / "app", root / "layers", root / "platform", root / "build-config")
    write_workspace(plan, folders.app)
    image = {"BP_IMAGE_LAYERS_DIR": IMAGE_LAYERS, "BP_IMAGE_APP_DIR": IMAGE_APP}
    paths = {**image, "BP_LISTINGS_DIR": str(folders.listings)}
    tools, home = context.workdir / "tools", context.workdir / "home"
    try:
        for folder in (folders.layers, folders.platform / "env", tools, home, context.workdir / PLANS):
            make_folders(folder)
        for name, value in {**dict(plan.environment), **context.settings, **paths}.items():
            write_text(folders.platform / "env" / name, value)
        furnish(folders.platform, root / "build-config", context.inputs)
        # a program rather than a link: behind a link, Python would not find the environment it belongs to;
        # unbuffered, so that a buildpack's progress is seen when it happens
        write_text(tools / "python3", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u "$@"\n')
        (tools / "python3").chmod(0o755)
    except OSError as error:
        from jupyter_mlpack.lifecycle.failure import unprepared

        raise unprepared(error, context.workdir, context.workdir) from error
    return folders


def _known_slices(plan: BuildPlan, store: Store, folders: Folders) -> KnownSlices | None:
    """What is known of the application's files before they are read, if anything is."""
    contents = {f"{folders.image_app}/{file.path}": file.sha256 for file in plan.files if file.sha256}
    if not contents:
        return None
    from jupyter_mlpack.lifecycle.known_slices import KnownSlices

    return KnownSlices(store, contents)


def _mask(context: BuildContext) -> Mask:
    """What hides the secrets of this build in logs. Raises ``BindingUnreadable``."""
    try:
        return context.inputs.mask(credentials_in(context.settings))
    except OSError as error:
        raise errors.BindingUnreadable(path=error.filename, reason=error.strerror or error) from error


def _environ(workdir: Path) -> dict[str, str]:
    """The machine's environment for buildpacks: our Python first, a home of their own, no host name."""
    environ = {name: value for name, value in os.environ.items() if name != "HOSTNAME"}
    path = environ.get("PATH", os.defpath)
    return {**environ, "PATH": f"{workdir / 'tools'}{os.pathsep}{path}", "HOME": str(workdir / "home")}


def _descriptors(catalog: Catalog) -> dict[str, Descriptor]:
    try:
        return read_descriptors(catalog.buildpacks)
    except MalformedError as error:
        raise errors.DetectBroken(path=error.path, reason=error.reason) from error
    except OSError as error:
        raise errors.DetectBroken(path=error.filename, reason=error.strerror) from error


def _order(plan: BuildPlan, descriptors: dict[str, Descriptor]) -> Order:
    """The plan's order as one group. A name without a version means the buildpack of that id."""
    by_id = {descriptor.id: descriptor for descriptor in descriptors.values()}
    group = []
    for name in plan.order:
        found = descriptors.get(name) or by_id.get(name)
        if found is None:
            raise errors.DetectBroken(path=name, reason="There is no such buildpack in the catalog.")
        group.append(GroupElement(found.id, found.version))
    return (tuple(group),)


def _remember(exported: Exported, memory: Memory, folders: Folders, shared: set[str] | None) -> None:
    """Keep for later builds what they may reuse. The image is finished: what fails here costs time, not the image.

    ``shared`` are the buildpacks whose layers other images may have, too: after a build that was given secrets only
    those that promise what their layers depend on; ``None`` for all.
    """
    try:
        for record in exported.records:
            if shared is not None and record.id not in shared:
                continue
            for name, layer in record.layers.items():
                if memory.known:
                    memory.known.remember(record.id, name, layer, layer_sboms(folders.layers, record.id, name))
    except OSError:
        return


def _keep_cache(exported: Exported, memory: Memory, folders: Folders, emit: Emit) -> None:
    """Keep cached layers; a cache that cannot be written or reached is told, and the image is finished all the same."""
    try:
        if memory.cache:
            memory.cache.commit(exported.records, folders.layers)
    except (OSError, ValueError, errors.MlpackError) as error:
        if isinstance(error, errors.StoppedError):
            raise
        emit(
            Noticed(Notice("cache-not-kept", f"Layers that buildpacks cache are not kept for the next build: {error}"))
        )
