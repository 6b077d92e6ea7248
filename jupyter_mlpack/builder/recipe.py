"""What a builder image is made of: our own, or what a ``builder.toml`` says, as ``pack builder create`` takes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.builder.official import Official, read_official
from jupyter_mlpack.fetching import read_path
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.given.builder import Builder, read_builder
from jupyter_mlpack.given.folders import with_buildpacks
from jupyter_mlpack.given.order import complete, complete_order, default_order
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptor
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.values import Buildpack, Catalog, Stack

DESCRIPTION = "Notebooks as images that train and answer: jupyter-mlpack's buildpacks"


@dataclass(frozen=True)
class BuilderWish:
    """What the caller asks for: ``lifecycle`` is a word for a release of the official one, ``config`` a builder.toml.

    ``stack`` is the name of one of the catalog, ``run_image`` what the builder's users shall build on.
    """

    name: str
    arch: str
    config: Path | None = None
    stack: str = ""
    lifecycle: str = ""
    run_image: str = ""
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """All of it, decided. ``build_image`` is a reference; empty for that of ``stack``.

    ``lifecycle`` is the official one, or it is built, at ``version``. Without ``run_images`` it is the
    stack's own, without ``stack_id`` the build image's.
    """

    name: str
    arch: str
    stack: Stack
    buildpacks: tuple[Descriptor, ...]
    order: Order
    before: tuple[GroupElement, ...] = ()
    after: tuple[GroupElement, ...] = ()
    run_images: tuple[RunImageNames, ...] = ()
    defaults: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    description: str = DESCRIPTION
    build_image: str = ""
    stack_id: str = ""
    lifecycle: Official | None = None
    version: str = ""


def read_recipe(wish: BuilderWish, catalog: Catalog, sources: Sources) -> Recipe:
    """Decide what the builder is made of, and fetch what lies elsewhere; nothing is made.

    Raises leaves of ``InputError``, and what fetching raises.
    """
    named = (RunImageNames(wish.run_image, wish.mirrors),) if wish.run_image else ()
    stack = choose(catalog, wish)
    if wish.config is None:
        order = default_order(catalog)
        packs = described(catalog.buildpacks)
        own = named_official(wish.lifecycle, wish.arch, Path(), "--lifecycle", sources)
        return Recipe(wish.name, wish.arch, stack, packs, order, run_images=named, lifecycle=own)
    builder, said = read_builder(wish.config, sources), Fields.read(wish.config)
    at_hand = with_buildpacks(catalog, builder.buildpacks)
    where = str(wish.config)
    order = complete_order(builder.order, at_hand, where)
    before, after = (
        tuple(complete(element, at_hand, where) for element in part) for part in (builder.before, builder.after)
    )
    check_targets(said, wish)
    table, older = said.table("lifecycle"), said.table("stack")
    word, base, teller = wish.lifecycle, Path(), "--lifecycle"
    if not word:
        word, base, teller = table.text("uri"), wish.config.parent, where
    return Recipe(
        name=wish.name,
        arch=wish.arch,
        stack=stack,
        buildpacks=needed(builder, at_hand, (*order, before, after)),
        order=order,
        before=before,
        after=after,
        run_images=named or builder.run_images,
        defaults=builder.defaults,
        description=said.text("description"),
        build_image=said.table("build").text("image") or older.text("build-image"),
        stack_id=older.text("id"),
        lifecycle=named_official(word, wish.arch, base, teller, sources),
        version=table.text("version").removeprefix("v"),
    )


def choose(catalog: Catalog, wish: BuilderWish) -> Stack:
    """The stack that is asked for, else the first of the catalog. Raises ``BuilderUnusable``."""
    for stack in catalog.stacks:
        if wish.stack in ("", stack.name):
            return stack
    known = ", ".join(stack.name for stack in catalog.stacks)
    reason = f"There is no stack {wish.stack}."
    raise errors.BuilderUnusable(name=wish.name, reason=reason, next=f"There are: {known}.")


def check_targets(said: Fields, wish: BuilderWish) -> None:
    """The file's ``[[targets]]``, if it has any, name the architecture. Raises ``BuilderUnusable``."""
    arches = {target.text("arch") for target in said.tables("targets")}
    if arches and wish.arch not in arches | ({wish.arch} if "" in arches else set()):
        reason = f"{wish.config} is for {', '.join(sorted(arches))}, not for {wish.arch}."
        hint = "Say which with --platform, for example --platform linux/arm64."
        raise errors.BuilderUnusable(name=wish.name, reason=reason, next=hint)


def named_official(word: str, arch: str, base: Path, where: str, sources: Sources) -> Official | None:
    """The release that a word names: a folder, an archive, the address of one; none without a word."""
    return read_official(sources.fetcher.folder(read_path(word, base, where), where), arch) if word else None


def described(buildpacks: Iterable[Buildpack]) -> tuple[Descriptor, ...]:
    """What the buildpacks say of themselves, by their references. Raises ``BuildpackUnreadable``."""
    found = {pack.reference: pack for pack in buildpacks}
    return tuple(description(found[name]) for name in sorted(found))


def description(pack: Buildpack) -> Descriptor:
    """What one says of itself."""
    try:
        return read_descriptor(pack.root)
    except (MalformedError, OSError) as error:
        raise errors.BuildpackUnreadable(path=pack.root, where="the builder", reason=f"{error}.") from error


def needed(builder: Builder, catalog: Catalog, groups: Iterable[tuple[GroupElement, ...]]) -> tuple[Descriptor, ...]:
    """All that the file lists, and of those at hand what the order names, composite ones with what they name."""
    by_reference = {pack.reference: pack for pack in catalog.buildpacks}
    wanted = {pack.reference for pack in builder.buildpacks}
    waiting = [*wanted, *(element.reference for group in groups for element in group)]
    wanted.update(waiting)
    while waiting:
        pack = description(by_reference[waiting.pop()])
        inside = [complete(element, catalog, pack.reference).reference for group in pack.order for element in group]
        fresh = [name for name in inside if name not in wanted]
        wanted.update(fresh)
        waiting.extend(fresh)
    return described(by_reference[name] for name in sorted(wanted))
