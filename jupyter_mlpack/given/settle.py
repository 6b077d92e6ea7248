"""Options, project descriptor, builder and order files -> what this build is given, all of it decided.

The nearest wins: an option beats the descriptor, the descriptor beats the builder, the builder beats our own order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from jupyter_mlpack.errors import DescriptorNotTrusted, OrdersDisagree, OrderUnreadable
from jupyter_mlpack.fetching.words import is_place
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.given.builder import Builder, find_builder
from jupyter_mlpack.given.folders import read_folder, with_buildpacks
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.given.order import (
    BUILDER_ID,
    complete,
    complete_order,
    default_order,
    one_named,
    order_of_words,
    read_order_file,
    surrounded,
)
from jupyter_mlpack.given.project import FORM, NAME, Named, Project, read_project
from jupyter_mlpack.given.scripts import write_script
from jupyter_mlpack.given.sources import Sources, single
from jupyter_mlpack.lifecycle.inputs import BuildInputs, RunImageNames
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.oci.manifest import CREATED
from jupyter_mlpack.values import Catalog, Notice

HARMLESS = ("BP_", "BPE_", "BPL_")
"""How variables of buildpacks begin: a descriptor that was found, not named, may set these and no others."""


@dataclass(frozen=True)
class Settled:
    """What a build is given: its catalog and order, the lifecycle's inputs, the run image, the descriptor."""

    catalog: Catalog
    inputs: BuildInputs
    run_image: RunImageNames | None = None
    project: Project | None = None
    notices: tuple[Notice, ...] = ()


def settle(given: Given, notebook: Path, catalog: Catalog, sources: Sources) -> Settled:
    """Read what is named and decide. ``sources`` finds buildpacks that are not in the catalog.

    Raises leaves of ``InputError``, and what fetching raises.
    """
    project, notices = _project(given, notebook)
    described = _builder_word(given, project)
    builder = find_builder(*described, sources) if described else None
    if builder is not None:
        catalog = with_buildpacks(catalog, builder.buildpacks)
    order, catalog = _order(given, project, builder, catalog, sources)
    inputs = BuildInputs(
        variables=(*(project.variables if project else ()), *given.variables),
        bindings=given.bindings,
        volumes=given.volumes,
        defaults=dict(builder.defaults) if builder else {},
        order=order,
        tags=given.tags,
        created=given.created or CREATED,
        source=project.source if project else None,
    )
    run_image = builder.run_images[0] if builder and builder.run_images else None
    return Settled(catalog, inputs, run_image, project, (*notices, *_unused(given, project, builder)))


# --- the descriptor ---------------------------------------------------------------------------------------------


def _project(given: Given, notebook: Path) -> tuple[Project | None, tuple[Notice, ...]]:
    """The descriptor that is named, else the one beside the notebook as far as it may be followed unasked."""
    if given.descriptor is not None:
        project = read_project(given.descriptor)
        if project is None:
            raise OrderUnreadable(path=given.descriptor, reason="It is no project descriptor.", form=FORM)
        return project, ()
    path = notebook.parent / NAME
    project = read_project(path) if path.is_file() else None
    if project is None:
        return None, ()
    if project.programs:
        raise DescriptorNotTrusted(path=path, named=", ".join(project.programs))
    taken = tuple(variable for variable in project.variables if variable.name.startswith(HARMLESS))
    left = [variable.name for variable in project.variables if variable not in taken]
    text = f"{NAME} sets {', '.join(left)}, which is left out: name the file to have it (--descriptor {path})."
    notices = (Notice("descriptor-variable", text),) if left else ()
    return replace(project, variables=taken), notices


def _builder_word(given: Given, project: Project | None) -> tuple[str, Path, str] | None:
    """What names the builder, where it stands, and who says so: a descriptor's only if the descriptor was named.

    A descriptor's builder that is a name without a host is for ``pack``: it is not looked for.
    """
    if given.builder is not None:
        return given.builder, Path().absolute(), "--builder"
    if project and given.descriptor and (project.builder.endswith(".toml") or is_place(project.builder)):
        return project.builder, project.path.parent, str(project.path)
    return None


def _unused(given: Given, project: Project | None, builder: Builder | None) -> Iterable[Notice]:
    """What was said and has no effect here."""
    if project and project.builder and not _builder_word(given, project):
        text = f"{NAME} names the builder {project.builder}, which is not used: the lifecycle here is its own builder."
        yield Notice("builder-unused", text)
    if builder and builder.unused:
        text = f"{', '.join(builder.unused)} of the builder have no effect: buildpacks run on this machine."
        yield Notice("builder-unused", text)


# --- the order --------------------------------------------------------------------------------------------------


def _order(
    given: Given, project: Project | None, builder: Builder | None, catalog: Catalog, sources: Sources
) -> tuple[Order, Catalog]:
    """The groups to try; empty where nobody says anything."""
    if given.buildpacks and given.order:
        raise OrdersDisagree(one="--buildpack", other="--order")
    base = complete_order(builder.order, catalog, given.builder or NAME) if builder else default_order(catalog)
    order: Order | None = base if builder else None
    if given.buildpacks:
        order, catalog = order_of_words(given.buildpacks, base, catalog, "--buildpack", sources)
    elif given.order:
        order = complete_order(read_order_file(given.order), catalog, str(given.order))
    elif project and project.group:
        group, catalog = _elements(project, project.group, catalog, sources)
        order = (group,)
    before, catalog = _around(given.before, project, project.before if project else (), catalog, sources)
    after, catalog = _around(given.after, project, project.after if project else (), catalog, sources)
    if builder:
        before = (*(complete(element, catalog, "[system]") for element in builder.before), *before)
        after = (*after, *(complete(element, catalog, "[system]") for element in builder.after))
    if order is None and not before and not after:
        return (), catalog
    return surrounded(base if order is None else order, before, after), catalog


def _around(
    words: tuple[str, ...], project: Project | None, listed: tuple[Named, ...], catalog: Catalog, sources: Sources
) -> tuple[tuple[GroupElement, ...], Catalog]:
    """What goes before or after each group: the options' words, else the descriptor's."""
    if not words:
        return _elements(project, listed, catalog, sources) if project else ((), catalog)
    made = []
    for word in words:
        element, catalog = one_named(word, catalog, "--pre-buildpack, --post-buildpack", sources)
        made.append(element)
    return tuple(made), catalog


def _elements(
    project: Project, listed: tuple[Named, ...], catalog: Catalog, sources: Sources
) -> tuple[tuple[GroupElement, ...], Catalog]:
    """Buildpacks that a descriptor names, and the catalog with its own among them. An id is never taken for a place."""
    made, where = [], str(project.path)
    for one in listed:
        word = one.uri.removeprefix(BUILDER_ID)
        if one.script or word != one.uri or not word:
            name, _, version = (word or one.id).partition("@")
            if one.script:
                catalog = with_buildpacks(catalog, [read_folder(write_script(one, sources.scratch), where)])
                name, version = catalog.buildpacks[-1].id, catalog.buildpacks[-1].version
            made.append(complete(GroupElement(name, one.version or version), catalog, where))
            continue
        found = sources.path(word, project.path.parent, where)
        catalog = with_buildpacks(catalog, found.buildpacks)
        made.append(complete(single(found.order, word, where), catalog, where))
    return tuple(made), catalog
