"""A training image handed to a target: checked, pushed if need be, written down, then started.

The order matters: the ledger knows the job's name before the engine hears of it, so that a job is found again wherever
this process was killed, and none is started twice.
"""

from __future__ import annotations

import getpass
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Engine, Request
from jupyter_mlpack.events import Emit, JobChanged, ignore
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.jobs import NOTEBOOK, Secrets, check_job, find_image, make_output, make_task
from jupyter_mlpack.ledger import Ledger, Record, Writing, new_id
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import DEFAULT_TAG, parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.publish import Outputs, publish
from jupyter_mlpack.submission.choosing import choose_target
from jupyter_mlpack.submission.following import end, engine_of, is_there, written
from jupyter_mlpack.values import JobSpec, JobState, JobTarget, Json, Parameter, Resources, Task, to_json

ACCELERATOR, COUNT = "org.jupyter-mlpack.accelerator", "org.jupyter-mlpack.accelerator.count"
"""Labels: the row of ``accelerators.toml`` that an image is for, and how many the notebook declares."""

OTHERS = re.compile(r"[^a-z0-9]+")
LONGEST_USER = 20


@dataclass(frozen=True)
class Order:
    """What is wished of a job. ``on`` names a target, empty for any; ``output`` is for what it writes.

    ``variables`` and ``secrets`` are names and values of its environment. ``notebook`` is the one it was built of.
    """

    output: Path
    on: str = ""
    parameters: tuple[tuple[str, Parameter], ...] = field(default=(), hash=False)
    resources: Resources = field(default_factory=Resources)
    variables: tuple[tuple[str, str], ...] = ()
    secrets: Secrets = field(default=(), repr=False, hash=False)
    notebook: str = ""


@dataclass(frozen=True)
class Wish:
    """An order whose image and target are known. ``image`` is the name, ``digest`` that of the image in the store."""

    image: str
    digest: str
    target: JobTarget
    order: Order


def submit_image(name: str, targets: Mapping[str, JobTarget], order: Order, store: Store, emit: Emit) -> Record:
    """Hand a training image of the store to a target: the job as the ledger has it, once the engine has taken it.

    Raises ``JobError`` and ``EngineError`` leaves, ``PublishError``, ``StoreUnwritable``.
    """
    return submit(wish_of(name, targets, order, store), store, Ledger(store.root), emit)


def wish_of(name: str, targets: Mapping[str, JobTarget], order: Order, store: Store) -> Wish:
    """The target chosen by what the image says of its hardware. Raises ``ImageUnknown`` and ``TargetError`` leaves."""
    image = find_image(store, name)
    needs = image_needs(image, order.resources)
    target = choose_target(targets, order.on, needs, f"{image.config.os}/{image.config.architecture}")
    notebook = order.notebook or dict(image.config.labels).get(NOTEBOOK, "")
    return Wish(name, image.descriptor.digest, target, replace(order, resources=needs, notebook=notebook))


def submit(wish: Wish, store: Store, ledger: Ledger, emit: Emit) -> Record:
    """Check, push, write down, start. Raises before anything is written down or started if the job cannot run."""
    check_job(spec_of(wish), store)
    record = make_record(wish)
    engine = engine_of(record, store, emit)
    make_ready(record, engine, store, emit)
    writing = begin(ledger, record)
    try:
        written(writing, emit)(JobChanged(JobState.QUEUED))
        task = task_of(record, wish)
        try:
            engine.start(engine.prepare(task))
        except errors.MlpackError as error:
            there = is_there(engine, task)
            if there is False:
                end(writing, JobState.FAILED, ignore, failure=error)
            if not there:
                raise
        return writing.change(taken=True)
    finally:
        writing.close()


def make_ready(record: Record, engine: Engine, store: Store, emit: Emit) -> None:
    """All that comes before the start: the target answers, the folder for outputs is there, the image is pushed.

    Raises ``TargetWithoutRegistry``, ``TargetUnavailable`` with the engine's own reason, ``OutputNotEmpty``,
    ``OutputNotWritable`` and ``PublishError`` leaves.
    """
    pushed = str(record.place.get("push", ""))
    if getattr(engine, "needs_registry", False) and not pushed:
        raise errors.TargetWithoutRegistry(target=record.target)
    availability = engine.probe()
    if not availability.available:
        raise errors.TargetUnavailable(target=record.target, reason=availability.reason)
    make_output(Path(record.output))
    if pushed:
        insecure = bool(record.place.get("insecure"))
        hosts = (parse_reference(pushed).registry,) if insecure else ()
        publish(record.image, Outputs(push=(pushed,), insecure=insecure, insecure_hosts=hosts), store, emit)


def dry_run(wish: Wish, store: Store) -> Request:
    """What would be asked of the engine; nothing is built, pushed or started."""
    record = make_record(wish)
    return engine_of(record, store).prepare(task_of(record, wish))


def image_needs(image: StoredImage, wished: Resources) -> Resources:
    """What is wished, and where that says nothing, what the image's labels say of its hardware."""
    labels = dict(image.config.labels)
    count = labels.get(COUNT, "")
    return with_gpus(wished, labels.get(ACCELERATOR, "cpu"), int(count) if count.isdecimal() else 0)


def with_gpus(wished: Resources, accelerator: str, count: int) -> Resources:
    """For an accelerator as many of it as are wished, else as are declared, else one."""
    row = hardware_images().get(accelerator)
    least = 0 if (row.kind if row else accelerator) == "cpu" else count or 1
    return replace(wished, accelerator=accelerator, gpus=wished.gpus or least)


# --- steps --------------------------------------------------------------------------------------------------------


def spec_of(wish: Wish) -> JobSpec:
    """What ``jobs`` checks."""
    return JobSpec(wish.image, wish.order.parameters, wish.order.output, wish.target.engine)


def pushed_tag(wish: Wish) -> str:
    """Where an image is pushed for a target: its prefix, the image's own repository and tag; empty without one."""
    if not wish.target.registry:
        return ""
    own = parse_reference(wish.image)
    return f"{wish.target.registry.rstrip('/')}/{own.repository.removeprefix('library/')}:{own.tag or DEFAULT_TAG}"


def reference_of(wish: Wish) -> str:
    """The same by digest: what a node pulls cannot be replaced by a later push. Empty for a target without registry."""
    return f"{pushed_tag(wish).rpartition(':')[0]}@{wish.digest}" if wish.target.registry else ""


def make_record(wish: Wish) -> Record:
    """The job as it will stand in the ledger. Values of secrets are not in it, nor are those of variables."""
    now = time.time()
    id, user = new_id(now), user_name()
    target, order = wish.target, wish.order
    place: dict[str, Json] = {"options": to_json(dict(target.options)), "resources": to_json(order.resources)}
    place |= {"push": pushed_tag(wish), "insecure": target.insecure}
    place["whole"] = not order.variables and not order.secrets
    return Record(
        kind="job",
        id=id,
        notebook=order.notebook,
        image=wish.image,
        digest=wish.digest,
        user=user,
        created=now,
        parameters=dict(order.parameters),
        engine=target.engine,
        output=str(order.output.absolute()),
        target=target.name,
        place=place,
        task=task_name(user, id),
        reference=reference_of(wish),
        secrets=tuple(name for name, _ in order.secrets),
    )


def task_of(record: Record, wish: Wish) -> Task:
    """What the engine is given."""
    order = wish.order
    task = make_task(spec_of(wish), order.secrets)
    environment = (*task.environment, *order.variables)
    return replace(
        task, name=record.task, environment=environment, resources=order.resources, reference=record.reference
    )


def begin(ledger: Ledger, record: Record) -> Writing:
    """The job's file, before anything is started. Raises ``StoreUnwritable``."""
    try:
        return ledger.begin(record)
    except OSError as error:
        raise errors.StoreUnwritable(path=ledger.folder, reason=error.strerror or str(error)) from error


def user_name() -> str:
    """Who submits: the hub's user, else the system's; nothing where neither is known."""
    name = os.environ.get("JUPYTERHUB_USER", "")
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError, ImportError):
            return ""
    return name


def task_name(user: str, id: str) -> str:
    """A name that a cluster accepts (a DNS label), that is unique in it, and that says whose job it is."""
    word = OTHERS.sub("-", user.lower()).strip("-")[:LONGEST_USER].rstrip("-")
    return "-".join(filter(None, ("mlpack", word, id)))
