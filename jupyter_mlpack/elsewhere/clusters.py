"""A build on a target: what it needs goes to the target's registry, and its image comes back from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.common import as_progress, moment, own_builder, user_of, variables
from jupyter_mlpack.elsewhere.jobs import BuildJob
from jupyter_mlpack.elsewhere.kpack import KpackBuild
from jupyter_mlpack.elsewhere.phases import Story
from jupyter_mlpack.elsewhere.request import Places, kpack_build, places, ready_image, source_image
from jupyter_mlpack.elsewhere.result import Result
from jupyter_mlpack.engines.engine import open_engine
from jupyter_mlpack.events import BuildSucceeded, Emit, Noticed, PhaseEnded, PhaseStarted
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.outcome import count
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.provision import Provision
from jupyter_mlpack.signals import signals_wait
from jupyter_mlpack.values import BuildPlan, Image, JobTarget, Json
from jupyter_mlpack.workspaces import left_behind

if TYPE_CHECKING:
    from jupyter_mlpack.elsewhere.builds import Place


def build_on_target(plan: BuildPlan, provision: Provision, place: Place, target: JobTarget, emit: Emit) -> Image:
    """Build as a job of the target; the image is in its registry and in our store, where its name points at it.

    Raises leaves of ``EngineError``, ``PublishError``, ``StackError`` and those of ``errors/elsewhere.py``.
    """
    store, at = provision.machine.store, places(plan, target)
    registry = Traffic(provision, target, emit)
    for notice in left_behind(provision.inputs):
        emit(Noticed(notice))
    told = variables(plan, provision, emit, secrets=False)
    emit(PhaseStarted("stack"))
    run_image = provision.run_image(plan, emit)
    builder = own_builder(plan, provision, place.lifecycle, at.run, emit)
    source = source_image(plan, store) if place.kpack else ready_image(plan, builder, told, user_of(builder), store)
    pushed = [(run_image, at.run), (source, at.source), *([(builder, at.builder)] if place.kpack else [])]
    for image, name in pushed:
        registry.push(image, name)
    emit(PhaseEnded("stack", f"builder {builder.name}"))
    previous = store.image(plan.name)
    story = Story(emit)
    job = BuildJob(target, at, source.descriptor.digest, user_of(builder), moment(provision), store, place.network)
    if place.kpack:
        options = dict(target.options)
        document = kpack_build(plan, at, by_digest(at.source, source.descriptor.digest), told, options)
        KpackBuild(document, options, job.where).run(story)
    else:
        job.run(story)
    kept = registry.pull(at, plan)
    result = Result(kept, run_image, previous, provision.inputs, job.where)
    made = result.value(plan.name, kept)
    story.end(f"{count(result.tell(made, emit), 'layer')} reused")
    with signals_wait():
        for name in (*provision.inputs.tags, plan.name):
            store.tag(name, kept.descriptor)
        emit(BuildSucceeded(made))
    return made


def check_reachable(target: JobTarget, store: Store) -> None:
    """Raises ``TargetUnavailable``."""
    availability = open_engine(target.engine, store, options=dict(target.options)).probe()
    if not availability.available:
        raise errors.TargetUnavailable(target=target.name, reason=availability.reason)


def request_of(plan: BuildPlan, provision: Provision, place: Place, target: JobTarget, emit: Emit) -> dict[str, Json]:
    """The same as data, before anything is made: with a digest of zeros in the place of what is not known yet."""
    at, told = places(plan, target), variables(plan, provision, emit, secrets=False)
    if place.kpack:
        return kpack_build(plan, at, by_digest(at.source, UNKNOWN), told, dict(target.options))
    user = (plan.stack.uid, plan.stack.gid)
    job = BuildJob(target, at, UNKNOWN, user, moment(provision), provision.machine.store, place.network)
    return job.request().to_json()


def by_digest(name: str, digest: str) -> str:
    """A reference by digest instead of by its tag: what is fetched by it cannot be replaced by a later push."""
    return f"{parse_reference(name).name}@{digest}"


UNKNOWN = f"sha256:{'0' * 64}"


@dataclass(frozen=True)
class Traffic:
    """Between the store and a target's registry."""

    provision: Provision
    target: JobTarget
    emit: Emit

    def access(self, name: str) -> Access:
        """How the registry of ``name`` is spoken to."""
        hosts = (parse_reference(name).registry,) if self.target.insecure else ()
        return Access(insecure=self.target.insecure, insecure_hosts=frozenset(hosts))

    def push(self, image: StoredImage, name: str) -> None:
        """What the registry lacks of an image goes there."""
        from jupyter_mlpack.oci.registry import push_image

        store = self.provision.machine.store
        push_image(store, image, parse_reference(name), as_progress(self.emit), access=self.access(name))

    def pull(self, at: Places, plan: BuildPlan) -> StoredImage:
        """The finished image, with the layers that the store lacks."""
        from jupyter_mlpack.oci.registry import pull_image

        reference, store = parse_reference(at.image), self.provision.machine.store
        return pull_image(reference, store, plan.target.arch, as_progress(self.emit), access=self.access(at.image))
