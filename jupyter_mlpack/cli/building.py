"""What ``jupyter mlpack build`` does, whoever read the command line."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack.errors import Interrupted, InterruptedAfterBuild, MlpackError
from jupyter_mlpack.events import BuildSucceeded, Event, Noticed
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pipeline import TEXTS, build_image, plan_build
from jupyter_mlpack.provision import trusted_bindings
from jupyter_mlpack.publish import Outputs, check_outputs, publish, pushing_ahead
from jupyter_mlpack.values import Buildpack, Image, Notice, to_json

if TYPE_CHECKING:
    from jupyter_mlpack.cli.mirrors import Mirrors
    from jupyter_mlpack.cli.report import Reporter
    from jupyter_mlpack.elsewhere.builds import Place
    from jupyter_mlpack.oci import Store
    from jupyter_mlpack.wishes import Machine, Wishes


@dataclass
class Building:
    """One build; ``finished`` is the image's name once there is one."""

    finished: str = ""

    def run(  # noqa: PLR0913, PLR0917 (each is a different noun)
        self,
        reporter: Reporter,
        notebook: Path,
        wishes: Wishes,
        machine: Machine,
        outputs: Outputs,
        place: Place | None = None,
    ) -> int:
        """Build here or at ``place``, deliver, and say what to type next. Returns the exit status."""
        started = time.monotonic()
        check_outputs(outputs)
        if wishes.name:
            from jupyter_mlpack.oci.reference import parse_reference

            parse_reference(wishes.name)
        if outputs.push and outputs.insecure:
            reporter(Noticed(Notice("insecure", "The image and the credentials may travel unencrypted (--insecure).")))

        def emit(event: Event) -> None:
            if isinstance(event, BuildSucceeded):
                self.finished = event.image.reference
            reporter(event)

        with trusted_bindings(wishes.given, machine.store.root), pushing_ahead(outputs, machine.store, emit) as early:
            if place is None:
                image = build_image(notebook, wishes, machine, early.hear)
            else:
                from jupyter_mlpack.elsewhere.builds import build_elsewhere

                image = build_elsewhere(notebook, wishes, machine, place, early.hear)
            delivered = publish(image.reference, outputs, machine.store, reporter, early) if outputs.wanted else ()
        text = describe_image(image, delivered, time.monotonic() - started)
        reporter.result(text, {"image": to_json(image), "delivered": list(delivered)})
        return 0

    def interruption(self) -> MlpackError:
        """Says what is true: whether the image was finished before."""
        return InterruptedAfterBuild(image=self.finished) if self.finished else Interrupted()


def show_plan(reporter: Reporter, notebook: Path, wishes: Wishes, machine: Machine) -> int:
    """Say what would be built; returns the exit status."""
    from jupyter_mlpack.cli.planned import describe_plan

    if wishes.name:
        from jupyter_mlpack.oci.reference import parse_reference

        parse_reference(wishes.name)
    with trusted_bindings(wishes.given, machine.store.root):
        plan = plan_build(notebook, wishes, machine, reporter)
    reporter.result(describe_plan(plan), to_json(plan))
    return 0


def show_request(reporter: Reporter, notebook: Path, wishes: Wishes, machine: Machine, place: Place) -> int:
    """Say what would be asked of a target; returns the exit status."""
    import json

    from jupyter_mlpack.elsewhere.builds import request_elsewhere

    with trusted_bindings(wishes.given, machine.store.root):
        request = request_elsewhere(notebook, wishes, machine, place, reporter)
    reporter.result(json.dumps(request, indent=2), {"request": request})
    return 0


def write_folder(reporter: Reporter, notebook: Path, wishes: Wishes, machine: Machine, folder: Path) -> int:
    """Write what others shall build, and say how they do; returns the exit status."""
    from jupyter_mlpack.workspaces import write_application

    if wishes.name:
        from jupyter_mlpack.oci.reference import parse_reference

        parse_reference(wishes.name)
    written = write_application(notebook, wishes, machine, folder.absolute(), reporter)
    name, at, settings = (shlex.quote(str(part)) for part in (written.plan.name, written.folder, written.settings))
    lines = ["", str(written.folder), f"  settings  {written.settings}"]
    lines += [f"  next      pack build {name} --path {at} --env-file {settings} --builder BUILDER"]
    told = {"folder": str(written.folder), "settings": str(written.settings), "name": written.plan.name}
    reporter.result("\n".join(lines), {"workspace": told})
    return 0


def make_machine(
    store: Store,
    buildpacks: Sequence[Buildpack] | None = None,
    stacks: Path | None = None,
    mirrors: Mirrors | None = None,
    run_image: str = "",
) -> Machine:
    """What this machine offers; without buildpacks and stacks these are the ones that came with the package."""
    from jupyter_mlpack.catalog import read_catalog
    from jupyter_mlpack.resolution import index_settings
    from jupyter_mlpack.stack import StackSettings
    from jupyter_mlpack.toml import recall
    from jupyter_mlpack.wishes import Machine

    recall(store.root / TEXTS)
    catalog = read_catalog(buildpacks, stacks)
    settings = StackSettings(run_image=run_image or None)
    machine = Machine(store, catalog, settings, index_settings(os.environ))
    return mirrors.over(machine) if mirrors else machine


def describe_image(image: Image, delivered: tuple[str, ...], seconds: float) -> str:
    """The last words of a build: name, digest, size, layers reused, seconds, and the next command."""
    reused = sum(layer.reused for layer in image.layers)
    size = f"{image.size / 1e6:.1f} MB, {len(image.layers)} layers ({reused} reused), {seconds:.1f} s"
    lines = ["", image.reference, f"  digest  {image.digest}", f"  size    {size}"]
    lines += [f"  done    {sentence}" for sentence in delivered]
    return "\n".join([*lines, f"  next    jupyter mlpack run {shlex.quote(image.reference)}"])
