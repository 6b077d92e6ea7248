"""A recipe -> a builder image in the content store, named last. The same recipe makes the same bytes."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from jupyter_mlpack import errors
from jupyter_mlpack.builder import layers
from jupyter_mlpack.builder.golang import VERSION, build_official
from jupyter_mlpack.builder.labels import STACK_ID, builder_labels
from jupyter_mlpack.builder.official import Official, read_official
from jupyter_mlpack.builder.recipe import Recipe
from jupyter_mlpack.events import Emit, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, Layer, StoredImage
from jupyter_mlpack.oci.sharing import together
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.stack import StackSettings, ensure_run_image
from jupyter_mlpack.stack.build_image import ensure_build_image

LIFECYCLES = "lifecycles"
"""Where in the store unpacked and built lifecycles are kept."""


@dataclass(frozen=True)
class Created:
    """A builder, the run images that it names, and the stack's own where that is at hand: ``run``."""

    image: StoredImage
    lifecycle: str
    run_images: tuple[RunImageNames, ...]
    run: StoredImage | None


def create_builder(recipe: Recipe, store: Store, settings: StackSettings, emit: Emit) -> Created:
    """Make the image and let its name point at it. Raises leaves of ``StackError``, ``BuilderUnusable``."""
    with together(store.root):
        check_runnable(recipe)
        emit(PhaseStarted("lifecycle"))
        official = find_official(recipe, store)
        emit(PhaseEnded("lifecycle", f"official lifecycle {official.version}"))
        emit(PhaseStarted("stack"))
        base = build_image(recipe, store, settings, emit)
        own = not (recipe.build_image and recipe.run_images)
        known = replace(settings, refresh=settings.refresh and bool(recipe.build_image))  # else it was asked just now
        run = ensure_run_image(recipe.stack, recipe.arch, store, known, emit) if own else None
        run_images = recipe.run_images or (RunImageNames(run.name if run else ""),)
        emit(PhaseEnded("stack", base.name))
        emit(PhaseStarted("export"))
        image = assembled(recipe, base, official, run_images, store, emit)
        store.tag(recipe.name, image.descriptor)
        emit(PhaseEnded("export", f"{len(recipe.buildpacks)} buildpacks"))
    return Created(image.named(recipe.name), official.version, run_images, run)


def build_image(recipe: Recipe, store: Store, settings: StackSettings, emit: Emit) -> StoredImage:
    """What the builder stands on: the image that the recipe names, in the store or its registry, else the stack's."""
    if not recipe.build_image:
        return ensure_build_image(recipe.stack, recipe.arch, store, settings, emit)
    known = store.image(recipe.build_image)
    if known is None:
        from jupyter_mlpack.oci.reference import parse_reference
        from jupyter_mlpack.oci.registry import pull_image

        reference = parse_reference(recipe.build_image)
        known = pull_image(reference, store, recipe.arch, emit, access=settings.access(reference.registry))
    if known.config.architecture != recipe.arch:
        reason = f"The build image {recipe.build_image} is for {known.config.architecture}, not for {recipe.arch}."
        raise errors.BuilderUnusable(name=recipe.name, reason=reason, next="Name one for it, or say --platform.")
    return known.named(recipe.build_image)


def find_official(recipe: Recipe, store: Store) -> Official:
    """The official lifecycle: where the recipe says it is, else built by Go, once for each version."""
    keep = store.root.absolute() / LIFECYCLES
    official = recipe.lifecycle or read_official(
        build_official(recipe.version or VERSION, recipe.arch, keep), recipe.arch
    )
    spoken = official.buildpack.supported
    for pack in recipe.buildpacks:
        if pack.api not in spoken:
            reason = (
                f"{pack.reference} speaks Buildpack API {pack.api}, lifecycle {official.version} {', '.join(spoken)}."
            )
            raise errors.BuilderUnusable(name=recipe.name, reason=reason, next="Take another version of one of them.")
    return official


def assembled(  # noqa: PLR0913, PLR0917 (each is a different noun)
    recipe: Recipe,
    base: StoredImage,
    official: Official,
    run_images: tuple[RunImageNames, ...],
    store: Store,
    emit: Emit,
) -> StoredImage:
    """The image, not yet named."""
    uid, gid = user_of(base, recipe)
    made: list[tuple[str, Layer]] = []
    total = len(recipe.buildpacks) + 3

    def add(origin: str, entries: Iterable[TarEntry]) -> Layer:
        layer = store.add_layer(functools.partial(write_tar, entries=entries))
        made.append((origin, layer))
        emit(Progress("export", "layers", len(made), total, "layers"))
        return layer

    add("Folders of a builder", layers.folders(uid, gid))
    add(f"Official lifecycle {official.version}", layers.lifecycle(official))
    diff_ids = {
        pack.reference: add(f"Buildpack {pack.reference}", layers.buildpack(pack)).diff_id for pack in recipe.buildpacks
    }
    add("Order and run images", layers.descriptions(recipe, run_images))
    labels = builder_labels(recipe, official, run_images, diff_ids)
    config = builder_config(recipe, base.config, labels, made)
    return store.add_image(config, [*base.layers, *(layer for _, layer in made)])


def check_runnable(recipe: Recipe) -> None:
    """All buildpacks can be started. Raises ``BuilderUnusable``."""
    for pack in recipe.buildpacks:
        if not layers.is_runnable(pack):
            reason = f"{pack.reference} has no bin/detect and bin/build that may be executed."
            hint = f"Look into {pack.root}: chmod +x bin/detect bin/build"
            raise errors.BuilderUnusable(name=recipe.name, reason=reason, next=hint)


def user_of(base: StoredImage, recipe: Recipe) -> tuple[int, int]:
    """Who builds: what the build image says by the specification, else the stack. Raises ``BuilderUnusable``."""
    said = dict(base.config.env)
    uid, gid = (
        said.get(name, str(own))
        for name, own in (("CNB_USER_ID", recipe.stack.uid), ("CNB_GROUP_ID", recipe.stack.gid))
    )
    if not (uid.isdecimal() and gid.isdecimal() and int(uid)):
        reason = f"The build image {base.name} says that user {uid}:{gid} builds."
        hint = "CNB_USER_ID and CNB_GROUP_ID of a build image are numbers, and no build runs as root."
        raise errors.BuilderUnusable(name=recipe.name, reason=reason, next=hint)
    return int(uid), int(gid)


def builder_config(
    recipe: Recipe, base: ImageConfig, labels: dict[str, str], made: list[tuple[str, Layer]]
) -> ImageConfig:
    """The build image's configuration with what makes it a builder: both who it is by its stack and by its target."""
    told = dict(base.labels)
    own = told.get(STACK_ID) or f"mlpack.stacks.{recipe.stack.name}"
    if recipe.stack_id not in ("", own):
        reason = f"Its stack id is {recipe.stack_id}, but that of the build image is {own}."
        raise errors.BuilderUnusable(name=recipe.name, reason=reason, next="Leave [stack] id out, or say the same.")
    told |= {STACK_ID: own, **labels}
    env = dict(base.env)
    uid, gid = str(recipe.stack.uid), str(recipe.stack.gid)
    env = {**env, "CNB_USER_ID": env.get("CNB_USER_ID", uid), "CNB_GROUP_ID": env.get("CNB_GROUP_ID", gid)}
    env["CNB_STACK_ID"] = own
    history = base.history or tuple(History(CREATED, "") for _ in base.diff_ids)
    return replace(
        base,
        created=CREATED,
        diff_ids=(*base.diff_ids, *(layer.diff_id for _, layer in made)),
        history=(*history, *(History(CREATED, origin) for origin, _ in made)),
        env=tuple(env.items()),
        entrypoint=(),
        cmd=(),
        working_dir="/layers",
        user=f"{env['CNB_USER_ID']}:{env['CNB_GROUP_ID']}",
        labels=tuple(sorted(told.items())),
    )
