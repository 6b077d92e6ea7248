"""What a site and the files beside a notebook add to an image: a file for a buildpack, and that buildpack."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlpack.events import Emit, Noticed
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.given import certificates, tags
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.given.order import complete
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.values import BuildPlan, Catalog, PlannedFile


@dataclass(frozen=True)
class Addition:
    """``file`` of the application folder is what the buildpack called ``buildpack`` reads."""

    buildpack: str
    file: PlannedFile


def with_additions(plan: BuildPlan, additions: Iterable[Addition], catalog: Catalog) -> BuildPlan:
    """The plan with them; their buildpacks come first, in their own order. Raises ``BuildpackUnknown``."""
    additions = tuple(additions)
    if not additions:
        return plan
    references = (complete(GroupElement(one.buildpack, ""), catalog, one.file.path).reference for one in additions)
    files = sorted((*plan.files, *(one.file for one in additions)), key=lambda file: file.path)
    return replace(plan, files=tuple(files), order=(*references, *plan.order))


def with_their_buildpacks(order: Order, additions: Iterable[Addition], catalog: Catalog) -> Order:
    """An order that somebody wrote, with the buildpacks of the additions in each group: a site's word holds there, too.

    Raises ``BuildpackUnknown``.
    """
    wanted = [complete(GroupElement(one.buildpack, ""), catalog, one.file.path) for one in additions]
    return tuple(
        (*(element for element in wanted if element.id not in {one.id for one in group}), *group) for group in order
    )


def find_additions(given: Given, notebook: Path, named: Path | None, emit: Emit) -> Iterator[Addition]:
    """What the site and the notebook's folder add. ``named`` are the machine's own certificates.

    Raises leaves of ``InputError``.
    """
    merged, notices = tags.merge_tags(notebook, given.business_tags, given.required_tags)
    for notice in notices:
        emit(Noticed(notice))
    found = certificates.given_certificates(named, given.bindings)
    if found:
        yield Addition(certificates.BUILDPACK, PlannedFile(certificates.PLANNED, text="".join(found)))
    if merged:
        text = json.dumps(merged, indent=1, ensure_ascii=False) + "\n"
        yield Addition(tags.BUILDPACK, PlannedFile(tags.PLANNED, text=text))


def trust_settings(additions: Iterable[Addition]) -> dict[str, str]:
    """What uv and the buildpacks are told of the authorities that were given."""
    if all(one.buildpack != certificates.BUILDPACK for one in additions):
        return {}
    from jupyter_mlpack.given.trust import settings

    return settings(os.environ)
