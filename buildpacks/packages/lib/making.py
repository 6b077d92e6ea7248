"""Makes the layers that are not kept: wheels, each installed and compiled once, and what joins them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence

from bytecode import CompileError
from contents import content_listing
from environment import Link, Owned, choose, environment_listing
from install import InstallError
from layer import environment_metadata, layer_metadata, write_metadata
from listing import Listing, write_folder, write_listing
from needs import Objects, find_needs, join_needs
from plan import ENVIRONMENT, Content, Plan, needs_rules
from supply import Supplied, Supply
from wheels import Wheel, making_folder

__all__ = ["CompileError", "InstallError", "make"]


def make(plan: Plan) -> None:
    """Makes all layers that are not kept. Raises InstallError, CompileError."""
    new = [content for content in plan.contents if content.kept is None]
    print(f"---> Installing {sum(len(content.requirements) for content in new)} packages for {plan.platform}")
    if len(new) < len(plan.contents):
        print(f"     Keeping {len(plan.contents) - len(new)} layers of the previous image")
    if plan.interpreter is None:
        print("     The target's Python does not run on this machine: the packages are not compiled to bytecode")
    # beside the layers, so that files need not be copied, and as a name that is no layer's
    with making_folder(plan.wheels or plan.layers) as scratch:
        supply = Supply(plan, scratch)
        wheels = supply.wheels()
        if supply.found:
            print(f"     {supply.found} of them were installed on this machine before")
        join(plan, wheels)


def join(plan: Plan, supplied: Mapping[str, Supplied]) -> None:
    """Writes the layers, their metadata last. ``supplied`` are the wheels of all layers, by their lines of the lock."""
    owned = [Owned(content.name, *supplied[line]) for content in plan.contents for line in content.requirements]
    wheels = {content.name: [supplied[line].wheel for line in content.requirements] for content in plan.contents}
    for content in plan.contents:
        shutil.rmtree(plan.layers / content.name, ignore_errors=True)
        if content.kept is None:
            write(plan, content.name, content_listing(wheels[content.name], plan.python))
    links, shared = choose(plan, owned, lambda text: print(f"     {text}"))
    shutil.rmtree(plan.layers / ENVIRONMENT, ignore_errors=True)
    write(plan, ENVIRONMENT, environment_listing(plan, owned, links, shared))
    tops = [top.files for one in owned for name, top in one.outline.tops.items() if name not in shared]
    print(f"---> Joined {len(owned)} packages: {len(links) + sum(tops)} files")
    needs = find_needs(objects(plan, owned, links))
    print(f"---> Needs of the system: {', '.join(need.library for need in needs) or 'nothing'}")
    for content in plan.contents:
        without = without_bytecode(plan, content, wheels[content.name])
        write_metadata(plan.layers, content.name, layer_metadata(content.key, without))
    write_metadata(plan.layers, ENVIRONMENT, environment_metadata(plan.key, join_needs(needs), needs_rules()))


def write(plan: Plan, name: str, listing: Listing) -> None:
    """One layer, in the form that the platform takes."""
    if plan.listings:
        write_listing(listing, plan.listings / plan.layers.name / f"{name}.json")
    else:
        (plan.layers / name).mkdir(parents=True)
        write_folder(listing, plan.layers / name)


def objects(plan: Plan, wheels: Sequence[Owned], links: Mapping[str, Link]) -> Objects:
    """The objects of all wheels that are in the environment."""
    return list(found_objects(plan, wheels, links))


def found_objects(plan: Plan, wheels: Sequence[Owned], links: Mapping[str, Link]) -> Iterator[tuple]:
    """One by one."""
    for owned in wheels:
        for part, name, found, program in owned.outline.objects:
            link = links.get(f"{plan.site}/{name}" if part == "site" else name)
            if link is None or link.owned is owned:
                yield owned.outline.project, name, found, program


def without_bytecode(plan: Plan, content: Content, wheels: Sequence[Wheel]) -> list[str]:
    """The sources of a layer that do not compile."""
    if plan.interpreter is None:
        return []
    if content.kept is not None:
        return list(content.kept)
    return sorted({name for wheel in wheels for name in wheel.without_bytecode()})
