"""``builder.toml``, as ``pack builder create`` takes it -> buildpacks, order, run images and the operator's defaults.

The embedded lifecycle is the builder: what only an image of one would hold (its base, a lifecycle) is not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_mlpack.errors import OrderUnreadable, SourceUnusable
from jupyter_mlpack.fetching import read_path
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.given.sources import Sources, packed_buildpacks
from jupyter_mlpack.lifecycle.descriptor import read_order
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.origin import LAYOUT, REGISTRY
from jupyter_mlpack.values import Buildpack

FORM = "It is a builder.toml as pack has it: [[buildpacks]] with a uri, [[order]], [[run.images]], [[build.env]]"
LOCAL = "mlpack/run:"
"""How run images are called that a machine made for itself: no registry is asked for one, a stack has it."""

NAME = "builder.toml"
ARCHIVES = (".cnb", ".tar", ".tgz", ".tar.gz")
ACTIONS = ("", "default", "override", "append", "prepend")


@dataclass(frozen=True)
class Builder:
    """What a builder offers; ``unused`` are its keys that the embedded lifecycle has no use for."""

    buildpacks: tuple[Buildpack, ...]
    order: Order
    before: tuple[GroupElement, ...] = ()
    after: tuple[GroupElement, ...] = ()
    run_images: tuple[RunImageNames, ...] = ()
    defaults: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    unused: tuple[str, ...] = ()


def find_builder(word: str, base: Path, where: str, sources: Sources) -> Builder:
    """The builder that a word names: a ``builder.toml``, a place with one, or a builder's image.

    Raises ``OrderUnreadable``, ``SourceUnusable``, ``BuildpackUnreadable``, and what fetching raises.
    """
    place = read_path(word, base, where)
    if place.kind == "local" and not Path(place.address).is_dir() and not place.address.endswith(ARCHIVES):
        return read_builder(Path(place.address), sources)
    fetched = sources.fetcher.fetch(place, where)
    if fetched.folder is not None:
        return read_builder(fetched.folder / NAME, sources)
    assert fetched.packed is not None
    labels = fetched.packed.labels
    if not labels.order:
        raise SourceUnusable(word=word, where=where, reason="It is no builder: its labels tell of no order.")
    return Builder(
        buildpacks=packed_buildpacks(fetched, where).buildpacks,
        order=labels.order,
        run_images=tuple(names for names in labels.run_images if not names.image.startswith(LOCAL)),
        defaults=fetched.packed.defaults,
        unused=("The image itself", "the lifecycle"),
    )


def read_builder(path: Path, sources: Sources) -> Builder:
    """The builder that a file describes; its buildpacks are fetched. Raises as ``find_builder``."""
    try:
        return _builder(Fields.read(path), sources)
    except MalformedError as error:
        raise OrderUnreadable(path=path, reason=f"{error.reason}.", form=FORM) from error
    except OSError as error:
        raise OrderUnreadable(path=path, reason=f"{error.strerror}.", form=FORM) from error


def _builder(fields: Fields, sources: Sources) -> Builder:
    if fields.tables("extensions") or fields.tables("order-extensions"):
        raise MalformedError(fields.path, "it uses image extensions, which need root")
    order = read_order(fields)
    if not any(order):
        raise MalformedError(fields.path, "its order names no buildpack")
    system, stack, build = fields.table("system"), fields.table("stack"), fields.table("build")
    images = {
        "[build] image": build.text("image"),
        "[stack] build-image": stack.text("build-image"),
        "[lifecycle]": fields.table("lifecycle").content,
    }
    return Builder(
        buildpacks=tuple(_buildpacks(fields, sources)),
        order=order,
        before=_elements(system.table("pre")),
        after=_elements(system.table("post")),
        run_images=tuple(_run_images(fields, stack)),
        defaults=tuple(_defaults(build)),
        unused=tuple(name for name, value in images.items() if value),
    )


def _buildpacks(fields: Fields, sources: Sources) -> Iterator[Buildpack]:
    for entry in fields.tables("buildpacks"):
        word = entry.text("uri") or image_word(entry.text("image"))
        if word:
            yield from sources.path(word, fields.path.parent, str(fields.path)).buildpacks


def image_word(reference: str) -> str:
    """The word for what a file calls an image."""
    return reference if not reference or "://" in reference or reference.startswith(LAYOUT) else REGISTRY + reference


def _elements(fields: Fields) -> tuple[GroupElement, ...]:
    return tuple(
        GroupElement(entry.text("id"), entry.text("version"), optional=entry.flag("optional"))
        for entry in fields.tables("buildpacks")
    )


def _run_images(fields: Fields, stack: Fields) -> Iterator[RunImageNames]:
    """Those of ``[run]``, else the one of the older ``[stack]``."""
    images = fields.table("run").tables("images")
    for entry in images:
        if not entry.text("image"):
            raise MalformedError(fields.path, "a run image has no name")
        yield RunImageNames(entry.text("image"), entry.texts("mirrors") or ())
    if not images and stack.text("run-image"):
        yield RunImageNames(stack.text("run-image"), stack.texts("run-image-mirrors") or ())


def _defaults(build: Fields) -> Iterator[tuple[str, str]]:
    """Files of ``<build-config>/env``: ``NAME[.action]`` and ``NAME.delim``."""
    for entry in build.tables("env"):
        name, action, delimiter = entry.text("name"), entry.text("suffix"), entry.text("delim")
        if not name or set("/.=\0") & set(name):
            raise MalformedError(build.path, f"{name!r} cannot be the name of a variable")
        if action not in ACTIONS:
            raise MalformedError(build.path, f"{action!r} is no suffix; there are {', '.join(ACTIONS[1:])}")
        if action in ("append", "prepend") and not delimiter:
            raise MalformedError(build.path, f"{name} has the suffix {action}, which needs a delim")
        yield f"{name}.{action}" if action else name, entry.text("value")
        if delimiter:
            yield f"{name}.delim", delimiter
