"""What a build is given beside its notebook, put where the sentence needs it: machine, files, run image, last image."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.lifecycle.inputs import BuildInputs, RunImageNames
from jupyter_mlpack.lifecycle.reuse import Elsewhere
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.stack import StackSettings, ensure_run_image, run_root
from jupyter_mlpack.values import BuildPlan, Catalog, Notice
from jupyter_mlpack.wishes import Machine

if TYPE_CHECKING:
    from jupyter_mlpack.given.additions import Addition
    from jupyter_mlpack.given.project import Project
    from jupyter_mlpack.lifecycle.cache import Cache

DESCRIPTOR = "project.toml"
TAGS = "business-tags.yaml"


@dataclass(frozen=True)
class Provision:
    """One build's. ``names`` are the run image and its mirrors, where one is named."""

    given: Given
    machine: Machine
    inputs: BuildInputs
    names: RunImageNames | None = None
    project: Project | None = None
    additions: tuple[Addition, ...] = ()

    def files(self, plan: BuildPlan, notebook: Path, at: str, emit: Emit) -> BuildPlan:
        """The plan with the files that the descriptor lets in, and with what the site and the notebook's folder add.

        ``at`` is the notebook's folder in the application.
        """
        if self.project is not None:
            from jupyter_mlpack.given.application import choose_files

            plan, notices = choose_files(plan, self.project, notebook, at)
            for notice in notices:
                emit(Noticed(notice))
        if self.additions:
            from jupyter_mlpack.given.additions import with_additions

            plan = with_additions(plan, self.additions, self.machine.catalog)
        return plan

    def settings(self, run_image: StoredImage) -> dict[str, str]:
        """What the buildpacks that the site's additions are for may see of this machine."""
        if not self.additions:
            return {}
        from jupyter_mlpack.given.trust import bundle_settings

        return bundle_settings(run_root(self.machine.store, run_image))

    def run_image(self, plan: BuildPlan, emit: Emit) -> StoredImage:
        """The run image: in the registry that the image goes to if there is one, else the first that can be had.

        Raises what the first one raised when none can be had.
        """
        settings = self.machine.stack_settings
        if self.names is None:
            return self._ensured(plan, settings, emit)
        failures: list[errors.MlpackError] = []
        for place in in_order(self.names, self.given.registry):
            if failures:
                text = f"The run image cannot be had from there: {failures[-1]} {place} is tried."
                emit(Noticed(Notice("run-image-mirror", text)))
            found = self._tried(plan, replace(settings, run_image=place), emit)
            if isinstance(found, StoredImage):
                return found
            failures.append(found)
        raise failures[0]

    def _tried(self, plan: BuildPlan, settings: StackSettings, emit: Emit) -> StoredImage | errors.MlpackError:
        try:
            return self._ensured(plan, settings, emit)
        except errors.StoppedError:
            raise
        except errors.MlpackError as error:
            return error

    def _ensured(self, plan: BuildPlan, settings: StackSettings, emit: Emit) -> StoredImage:
        return ensure_run_image(plan.stack, plan.target.arch, self.machine.store, settings, emit)

    def cache(self, plan: BuildPlan) -> Cache | None:
        """Where cached layers are kept, if not in the store."""
        given, stack = self.given, plan.stack
        if given.cache_folder is None and given.cache_image is None:
            return None
        from jupyter_mlpack.lifecycle.cache_folder import CacheFolder, CacheLayers
        from jupyter_mlpack.lifecycle.context import Owner

        layers = CacheLayers(Owner(stack.uid, stack.gid))
        if given.cache_image is None:
            assert given.cache_folder is not None
            return CacheFolder(given.cache_folder.absolute(), layers)
        from jupyter_mlpack.lifecycle.cache_image import CacheImage

        reference = parse_reference(given.cache_image)
        access = self.machine.stack_settings.access(reference.registry)
        return CacheImage(reference, self.machine.store, access, layers)

    def previous(self, plan: BuildPlan, emit: Emit) -> str | Elsewhere:
        """The image whose layers may be kept: its name in the store, or where it is. Of one in a registry only that is
        fetched which tells of its layers, and later those that are kept.
        """
        text = self.given.previous
        if text is None:
            return plan.name
        store, reference = self.machine.store, parse_reference(text)
        for name in (text, str(reference)):
            if store.image(name):
                return name
        if text.partition("/")[0] not in (reference.registry, "index.docker.io"):
            emit(Noticed(missing(text, "the content store has none of this name")))
            return plan.name
        from jupyter_mlpack.oci.registry import pull_image, pull_layers

        access = self.machine.stack_settings.access(reference.registry)
        try:
            image = pull_image(reference, store, plan.target.arch, emit, layers=False, access=access)
        except errors.PullNotFound as error:
            emit(Noticed(missing(text, str(error))))
            return plan.name

        def fetch(diff_ids: Collection[str]) -> None:
            layers = [layer for layer in image.layers if layer.diff_id in diff_ids]
            pull_layers(reference, store, layers, emit, access=access)

        return Elsewhere(image, fetch)


def missing(name: str, reason: str) -> Notice:
    """The first build of a pipeline has no image before it: no error."""
    return Notice("previous-image-missing", f"No layers are kept from {name}: {reason.rstrip('.')}.")


def in_order(names: RunImageNames, registry: str) -> tuple[str, ...]:
    """All places of the run image, those in ``registry`` first, each once."""
    places = dict.fromkeys((names.image, *names.mirrors))
    return tuple(sorted(places, key=lambda place: parse_reference(place).registry != registry))


def provide(given: Given | None, path: Path, machine: Machine, scratch: Path, emit: Emit) -> Provision:
    """Read what is given and what the notebook's folder says. Raises leaves of ``InputError``."""
    beside = any((path.parent / name).is_file() for name in (DESCRIPTOR, TAGS))
    if given is None and machine.certificates is None and not beside:
        return bare(machine)
    from jupyter_mlpack.fetching import Fetcher
    from jupyter_mlpack.given.additions import find_additions, trust_settings, with_their_buildpacks
    from jupyter_mlpack.given.settle import settle
    from jupyter_mlpack.given.sources import Sources

    given = given or Given()
    additions = tuple(find_additions(given, path, machine.certificates, emit))
    fetcher = Fetcher(machine.store, machine.stack_settings.access, emit)
    settled = settle(given, path, machine.catalog, Sources(fetcher, scratch))
    for notice in settled.notices:
        emit(Noticed(notice))
    named = machine.stack_settings.run_image
    names = RunImageNames(named) if named else settled.run_image
    if given.mirrors and names is None:
        raise errors.MirrorAlone(mirror=given.mirrors[0])
    if names is not None:
        names = replace(names, mirrors=(*names.mirrors, *given.mirrors))
    order = with_their_buildpacks(settled.inputs.order, additions, settled.catalog)
    inputs = replace(settled.inputs, run_image=names, order=order, origins=origins(settled.catalog))
    indexes = {**machine.index_settings, **trust_settings(additions)}
    if inputs.bindings:
        from jupyter_mlpack.given.indexes import with_bound_indexes

        indexes = with_bound_indexes(inputs.bindings, indexes)
    machine = replace(machine, catalog=settled.catalog, index_settings=indexes)
    return Provision(given, machine, inputs, names, settled.project, additions)


def trusted_bindings(given: Given | None, store: Path) -> AbstractContextManager[None]:
    """Inside of it, this process trusts the authorities that a binding names."""
    if given is None or all(binding.secret for binding in given.bindings):
        return nullcontext()
    from jupyter_mlpack.given.trust import trusting

    return trusting(given.bindings, store)


def bare(machine: Machine) -> Provision:
    """Nothing given."""
    named = machine.stack_settings.run_image
    names = RunImageNames(named) if named else None
    return Provision(Given(), machine, BuildInputs(run_image=names, origins=origins(machine.catalog)), names)


def origins(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """Where buildpacks were fetched from, by their references: what may stand in a label, so no paths, no queries."""
    told = ((pack.reference, pack.origin) for pack in catalog.buildpacks)
    return tuple((name, word) for name, word in told if word and "?" not in word and not word.startswith("git+file:"))
