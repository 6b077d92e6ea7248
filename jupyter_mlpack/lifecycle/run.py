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

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, PhaseEnded, PhaseStarted
from jupyter_mlpack.lifecycle import launch
from jupyter_mlpack.lifecycle.analyze import analyze
from jupyter_mlpack.lifecycle.assembly import Exported
from jupyter_mlpack.lifecycle.build import build
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.lifecycle.context import IMAGE_APP, IMAGE_LAYERS, BuildContext, Folders, Owner, Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptors
from jupyter_mlpack.lifecycle.detect import detect
from jupyter_mlpack.lifecycle.export import Exporter
from jupyter_mlpack.lifecycle.known_layers import KnownLayers
from jupyter_mlpack.lifecycle.layers_folder import buildpack_records, layer_sboms
from jupyter_mlpack.lifecycle.outcome import count, image_of_export
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.restore import Memory, restore
from jupyter_mlpack.lifecycle.toml import MalformedError, make_folders, write_text
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import BuildPlan, Catalog, Image

OUR_LAUNCHER = Path(launch.__file__)


def run_lifecycle(  # noqa: PLR0913, PLR0917 (the seam of the project: each is a different noun)
    plan: BuildPlan, run_image: StoredImage, store: Store, catalog: Catalog, context: BuildContext, emit: Emit
) -> Image:
    """Build the image of ``plan`` on ``run_image``, keep it in ``store`` and let its name point at it.

    Raises the ``LifecycleError`` of the phase that failed, and ``StoreError``. Whatever ``emit`` raises stops the
    build: children are ended and no name moves.
    """
    owner = Owner(plan.stack.uid, plan.stack.gid)
    folders = _prepare(plan, context)
    descriptors = _descriptors(catalog)
    previous = store.image(context.previous) if context.previous else None
    memory = Memory(LayerCache(store.root, plan.name), KnownLayers(store.root, store), store)

    emit(PhaseStarted("analyze"))
    analyzed = analyze(run_image, previous, store, folders)
    emit(PhaseEnded("analyze", "previous image found" if analyzed.previous else "no previous image"))

    session = Session(descriptors, folders, analyzed.target, _environ(context.workdir), emit)
    emit(PhaseStarted("detect"))
    resolution = detect(_order(plan, descriptors), session)
    emit(PhaseEnded("detect", count(len(resolution.group), "buildpack")))

    emit(PhaseStarted("restore"))
    offered = restore(resolution.group, analyzed, memory, folders)
    emit(PhaseEnded("restore", f"{count(offered, 'layer')} offered"))

    emit(PhaseStarted("build"))
    metadata = build(resolution.group, resolution.plan, session)
    emit(PhaseEnded("build", count(len(metadata.processes), "process", "processes")))

    if context.extend:
        run_image = context.extend(buildpack_records(resolution.group, folders.layers))

    emit(PhaseStarted("export"))
    exporter = Exporter(store, folders, owner, context.launcher or OUR_LAUNCHER, known=memory.known, emit=emit)
    exported = exporter.export(plan.name, resolution.group, analyzed, run_image)
    image = image_of_export(plan.name, exported, analyzed.metadata)
    emit(PhaseEnded("export", f"{count(sum(layer.reused for layer in image.layers), 'layer')} reused"))
    _remember(exported, memory, folders)
    store.tag(plan.name, exported.stored.descriptor)
    return image


def _prepare(plan: BuildPlan, context: BuildContext) -> Folders:
    """The build's folders: the application, and what the platform tells the buildpacks."""
    root = context.workdir
    folders = Folders(app=root / "app", layers=root / "layers", platform=root / "platform")
    write_workspace(plan, folders.app)
    paths = {"BP_IMAGE_LAYERS_DIR": IMAGE_LAYERS, "BP_IMAGE_APP_DIR": IMAGE_APP}
    tools, home = context.workdir / "tools", context.workdir / "home"
    try:
        for folder in (folders.layers, folders.platform / "env", tools, home):
            make_folders(folder)
        for name, value in {**dict(plan.environment), **context.settings, **paths}.items():
            write_text(folders.platform / "env" / name, value)
        # a program rather than a link: behind a link, Python would not find the environment it belongs to;
        # unbuffered, so that a buildpack's progress is seen when it happens
        write_text(tools / "python3", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u "$@"\n')
        (tools / "python3").chmod(0o755)
    except OSError as error:
        raise errors.WorkspaceUnwritable(
            path=error.filename or context.workdir, reason=error.strerror or error
        ) from error
    return folders


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


def _remember(exported: Exported, memory: Memory, folders: Folders) -> None:
    """Keep for later builds what they may reuse. The image is finished: what fails here costs time, not the image."""
    try:
        for record in exported.records:
            for name, layer in record.layers.items():
                if memory.known:
                    memory.known.remember(record.id, name, layer, layer_sboms(folders.layers, record.id, name))
        if memory.cache:
            memory.cache.commit(exported.records, folders.layers)
    except OSError:
        return
