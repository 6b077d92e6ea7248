"""``rebase_image``: an image gets another run image where it is: in a registry, in a layout, in the store.

Only manifests and configurations are read. What is written is one configuration, one manifest, and those layers of the
run image that are not there yet: in a registry they are taken over from the run image's own repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_mlpack.errors import MlpackError, RebaseElsewhere, RunImageUnknown
from jupyter_mlpack.events import Emit, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.rebasable import run_image_names
from jupyter_mlpack.lifecycle.rebase import Rebased, rebase, stands_on
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.oci.layout_read import replace_in_layout
from jupyter_mlpack.oci.manifest import CONFIG, DOCKER_MANIFEST, Manifest
from jupyter_mlpack.oci.origin import Origin, find_origin, names_registry, read_image
from jupyter_mlpack.oci.reference import Reference, parse_reference
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.publish import one_phase
from jupyter_mlpack.values import Notice

if TYPE_CHECKING:
    from jupyter_mlpack.wishes import Machine

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
LOCAL = "mlpack/run:"
"""How the names of run images begin that are made on this machine; no registry is asked for them."""


@dataclass(frozen=True)
class RebaseWish:
    """``names`` are those of the result; none means the image's own. ``run_image`` is empty for the label's."""

    image: str
    run_image: str = ""
    names: tuple[str, ...] = ()
    force: bool = False
    arch: str = "amd64"
    access: Access = field(default=Access(), repr=False)


@dataclass(frozen=True)
class RebaseOutcome:
    """``kept`` layers of the image were not touched; ``already`` says that it stood on that run image before."""

    names: tuple[str, ...]
    digest: str
    run_image: str
    reference: str
    kept: int
    already: bool


def rebase_image(wish: RebaseWish, store: Store, emit: Emit) -> RebaseOutcome:
    """Do it. A name moves last. Raises ``ImageUnknown``, ``NotRebasable``, ``RebaseRefused``, ``RebaseElsewhere``,
    ``RunImageUnknown``, and leaves of ``StackError``, ``PublishError``, ``StoreError``.
    """
    with together(store.root):
        emit(PhaseStarted("rebase"))
        origin = find_origin(wish.image, store)
        targets = tuple(_target(origin, name) for name in wish.names or (origin.name,))
        app = read_image(origin, store, wish.arch, wish.access)
        base, run = find_run_image(wish, origin, app, store)
        rebased = rebase(app, run, force=wish.force)
        for text in rebased.warnings:
            emit(Noticed(Notice("rebase-forced", text)))
        already = stands_on(app, run)
        image = app if already else stored(rebased, app, store)
        _Delivery(wish, store, one_phase(emit), origin, base, app, image).bring(targets)
        kept = len(image.layers) - len(run.layers)
        emit(PhaseEnded("rebase", f"{kept} layers of the image's own, none of them read"))
    names = tuple(str(target.reference) if target.reference else target.name for target in targets)
    return RebaseOutcome(names, image.descriptor.digest, run.name, run.descriptor.digest, kept, already)


def refresh_run_image(wish: RebaseWish, machine: Machine, emit: Emit) -> None:
    """Make the run image that the image stands on anew, with today's packages, if it is one of this machine's."""
    from jupyter_mlpack.stack import ensure_run_image

    store = machine.store
    with together(store.root):
        app = read_image(find_origin(wish.image, store), store, wish.arch, wish.access)
        arch = app.config.architecture
        made = {f"{LOCAL}{stack.name}-{arch}": stack for stack in machine.catalog.stacks}
        for name in run_image_names(app).names:
            if name in made:
                emit(PhaseStarted("stack"))
                ensure_run_image(
                    made[name], arch, store, replace(machine.stack_settings, refresh=True, run_image=None), emit
                )
                emit(PhaseEnded("stack"))


def _target(origin: Origin, name: str) -> Origin:
    """Where the result goes: a place like the origin's. Raises ``RebaseElsewhere``."""
    if name == origin.name:
        return origin
    if origin.reference:
        reference = parse_reference(name.removeprefix("docker://"))
        if reference.registry == origin.reference.registry:
            return Origin(name, reference=reference)
    elif not origin.layout and "://" not in name:
        return Origin(name)
    raise RebaseElsewhere(name=origin.name, target=name)


# --- the run image ----------------------------------------------------------------------------------------------


def find_run_image(wish: RebaseWish, origin: Origin, app: StoredImage, store: Store) -> tuple[Origin, StoredImage]:
    """Where the new run image is, and what it is: the one that was asked for, or the best that the label names."""
    arch = app.config.architecture
    if wish.run_image:
        place = find_origin(wish.run_image, store)
        return place, read_image(place, store, arch, wish.access)
    known = run_image_names(app).names
    problems = [] if known else ["Its label names none."]
    for place in _candidates(known, origin.reference.registry if origin.reference else "", store):
        try:
            return place, read_image(place, store, arch, wish.access)
        except MlpackError as problem:  # noqa: PERF203 (the next mirror may answer)
            problems.append(f"{place.name}: {problem}")
    problems += [f"{name} is not in the store; build --upgrade makes it." for name in known if name.startswith(LOCAL)]
    raise RunImageUnknown(name=app.name, reason=" ".join(problems))


def _candidates(names: Sequence[str], host: str, store: Store) -> list[Origin]:
    """The places to look at, in order: in the image's own registry, then in others, then in the store."""
    asked = [name for name in names if names_registry(name) or not (name.startswith(LOCAL) or store.image(name))]
    remote = [Origin(name, reference=parse_reference(name)) for name in asked]
    remote.sort(key=lambda place: place.reference is None or place.reference.registry != host)
    return [*remote, *(Origin(name) for name in names if store.image(name))]


# --- the result -------------------------------------------------------------------------------------------------


def stored(rebased: Rebased, app: StoredImage, store: Store) -> StoredImage:
    """Configuration and manifest in the store, in the image's own media types; no name points at them yet."""
    docker = app.manifest.media_type == DOCKER_MANIFEST
    described = store.add_blob(rebased.config.to_bytes(), DOCKER_CONFIG if docker else CONFIG)
    manifest = Manifest(described, tuple(layer.descriptor for layer in rebased.layers), app.manifest.media_type)
    return StoredImage("", store.add_blob(manifest.to_bytes(), manifest.media_type), manifest, rebased.config)


@dataclass(frozen=True)
class _Delivery:
    """``image``, made of ``app`` at ``origin`` and the run image at ``base``, on its way to its names."""

    wish: RebaseWish
    store: Store
    emit: Emit
    origin: Origin
    base: Origin
    app: StoredImage
    image: StoredImage

    def bring(self, targets: Sequence[Origin]) -> None:
        """Layers first, names last."""
        if not self._at_hand():
            self._fetch()
        if self.origin.layout:
            replace_in_layout(self.origin.layout, self.app, self.image, self.store)
        for target in targets:
            if target.reference:
                self._push(target.reference)
            elif not target.layout:
                self.store.tag(target.name, self.image.descriptor)

    def _at_hand(self) -> bool:
        """Whether the run image's layers can be had where the image goes, or need not be."""
        mine, other = self.origin.reference, self.base.reference
        if mine and other and mine.registry == other.registry:
            return True
        had = {layer.digest for layer in self.app.manifest.layers}
        return all(layer.digest in had or self.store.has(layer.digest) for layer in self.image.manifest.layers)

    def _fetch(self) -> None:
        """Bring the run image's layers into the store."""
        if self.base.reference:
            from jupyter_mlpack.oci.registry import pull_image

            arch, access = self.app.config.architecture, self.wish.access
            pull_image(self.base.reference, self.store, arch, self.emit, access=access)
        elif self.base.layout:
            for layer in self.image.manifest.layers:
                place = self.base.layout.path(layer.digest)
                if place.is_file() and not self.store.has(layer.digest):
                    with place.open("rb") as file:
                        self.store.ingest(iter(lambda: file.read(1 << 20), b""), layer)

    def _push(self, reference: Reference) -> None:
        """Into the registry: each layer is taken over from where it is already."""
        from jupyter_mlpack.oci.registry import push_image

        origins = {layer.digest: self.base.reference for layer in self.image.manifest.layers if self.base.reference}
        if self.origin.reference:
            origins |= {layer.digest: self.origin.reference for layer in self.app.manifest.layers}
        push_image(self.store, self.image, reference, self.emit, origins=origins, access=self.wish.access)
