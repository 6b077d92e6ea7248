"""``jupyter mlpack build NOTEBOOK``."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from pathlib import Path

from traitlets import Bool, List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import Interrupted, InterruptedAfterBuild, MlpackError, NotebookNotNamed, PurposeUnsupported
from jupyter_mlpack.events import BuildSucceeded, Event, Noticed
from jupyter_mlpack.inspection.choices import parse_choices
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.pipeline import build_image, plan_build
from jupyter_mlpack.publish import check_outputs, publish
from jupyter_mlpack.values import Image, Notice, Plan, PlannedPackage, Purpose, to_json
from jupyter_mlpack.wishes import Machine, Wishes


class BuildCommand(OutputsMixin, MachineMixin, Command):
    """Make an image of a notebook."""

    name = "jupyter-mlpack-build"
    usage = "jupyter mlpack build NOTEBOOK [options]"
    words = """
Reads the notebook without running it, locks the packages it needs at the versions of its kernel, and builds an
OCI image: in this process, without Docker and without root. The image is kept in the content store and found
again by its name; the options below send it to further places, any of them together."""
    options = (
        ("--name NAME", "name of the image (default: from the notebook's, e.g. train:training)"),
        *OutputsMixin.output_options,
        (
            "--require NAME",
            "a package the notebook needs and does not show, e.g. --require pyarrow; repeatable",
        ),
        ("--choices JSON", 'over the mlpack key of the notebook\'s metadata, e.g. \'{"ignore": ["x"]}\'; or @FILE'),
        ("--ignore-unresolved", "build although some imports are known to nobody"),
        ("--kernel NAME", "take the versions from this kernel instead of the notebook's own"),
        ("--python X.Y", "Python of the image (default: the kernel's)"),
        ("--stack NAME", "the run image: bookworm or trixie (default: by the Python version)"),
        ("--arch ARCH", "amd64 or arm64 (default: this machine's)"),
        ("--allow-index URL", "ask a package index that the notebook names; repeatable (one of yours is asked anyway)"),
        ("--upgrade", "choose versions and the base's packages anew instead of those of the last build"),
        ("--run-image REF", "take the run image from a registry instead of assembling it"),
        ("--mirror URL", "the Debian mirror (default: the one of this machine's apt)"),
        ("--dry-run", "show the plan; build nothing"),
    )
    examples = """
jupyter mlpack build train.ipynb
jupyter mlpack build train.ipynb --dry-run
jupyter mlpack build train.ipynb --load                      # then: docker run --rm train:training
jupyter mlpack build train.ipynb --push localhost:5000/train:1 --insecure
jupyter mlpack build train.ipynb --archive train.tar --format json"""
    aliases = {
        **Command.common_aliases,
        **OutputsMixin.output_aliases,
        **MachineMixin.machine_aliases,
        "name": "BuildCommand.image_name",
        "require": "BuildCommand.require",
        "choices": "BuildCommand.choices",
        "kernel": "BuildCommand.kernel",
        "python": "BuildCommand.python",
        "stack": "BuildCommand.stack",
        "purpose": "BuildCommand.purpose",
    }
    flags = {
        **Command.common_flags,
        **OutputsMixin.output_flags,
        "ignore-unresolved": (
            {"BuildCommand": {"ignore_unresolved": True}},
            "Build although imports are unresolved.",
        ),
        "upgrade": ({"BuildCommand": {"upgrade": True}}, "Choose versions anew."),
        "dry-run": ({"BuildCommand": {"dry_run": True}}, "Show the plan; build nothing."),
    }

    image_name = Unicode(help="Name of the image.").tag(config=True)
    require = List(Unicode(), help="Packages that are needed beside those found.").tag(config=True)
    ignore_unresolved = Bool(False, help="Build although imports are unresolved.").tag(config=True)
    upgrade = Bool(False, help="Choose versions anew.").tag(config=True)
    dry_run = Bool(False, help="Show the plan; build nothing.").tag(config=True)
    choices = Unicode(help="What was decided about the notebook, as JSON.").tag(config=True)
    kernel = Unicode(help="The kernel to ask instead of the notebook's own.").tag(config=True)
    python = Unicode(help="Python of the image, e.g. 3.11.").tag(config=True)
    stack = Unicode(help="Name of the stack.").tag(config=True)
    finished = ""
    purpose = Unicode(help="training; inference images are not there yet.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Build, deliver, and say what to type next."""
        started = time.monotonic()
        notebook, outputs, wishes = self.notebook(), self.outputs(), self.wishes()
        check_outputs(outputs)
        if wishes.name:
            parse_reference(wishes.name)
        if self.dry_run:
            plan = plan_build(notebook, wishes, self.machine(), reporter)
            reporter.result(describe_plan(plan), to_json(plan))
            return 0
        if outputs.push and outputs.insecure:
            reporter(Noticed(Notice("insecure", "The image and the credentials may travel unencrypted (--insecure).")))

        def emit(event: Event) -> None:
            if isinstance(event, BuildSucceeded):
                self.finished = event.image.reference
            reporter(event)

        image = build_image(notebook, wishes, self.machine(), emit)
        delivered = publish(image.reference, outputs, self.store(), reporter)
        text = describe_image(image, delivered, time.monotonic() - started)
        reporter.result(text, {"image": to_json(image), "delivered": list(delivered)})
        return 0

    def machine(self) -> Machine:
        """What this machine offers; ``--upgrade`` asks for the distribution's fixes, too."""
        machine = super().machine()
        settings = replace(machine.stack_settings, refresh=self.upgrade, insecure=self.insecure)
        return replace(machine, stack_settings=settings)

    def interruption(self) -> MlpackError:
        """Says what is true: whether the image was finished before."""
        return InterruptedAfterBuild(image=self.finished) if self.finished else Interrupted()

    def notebook(self) -> Path:
        """The one positional argument."""
        if len(self.extra_args) != 1:
            raise NotebookNotNamed(given=len(self.extra_args))
        return Path(self.extra_args[0])

    def wishes(self) -> Wishes:
        """What the options ask for."""
        if self.purpose not in ("", *(purpose.value for purpose in Purpose)):
            raise PurposeUnsupported(purpose=self.purpose)
        return Wishes(
            name=self.image_name or None,
            purpose=Purpose(self.purpose) if self.purpose else None,
            choices=parse_choices(self.choices) if self.choices else {},
            arch=self.arch,
            python=self.python or None,
            stack=self.stack or None,
            required=tuple(self.require),
            lenient=self.ignore_unresolved,
            refresh=self.upgrade,
            allowed_indexes=tuple(self.allow_index),
            kernel=self.kernel or None,
        )


def describe_image(image: Image, delivered: tuple[str, ...], seconds: float) -> str:
    """The last words of a build: name, digest, size, layers reused, seconds, and the next command."""
    reused = sum(layer.reused for layer in image.layers)
    size = f"{image.size / 1e6:.1f} MB, {len(image.layers)} layers ({reused} reused), {seconds:.1f} s"
    lines = ["", image.reference, f"  digest  {image.digest}", f"  size    {size}"]
    lines += [f"  done    {sentence}" for sentence in delivered]
    return "\n".join([*lines, f"  next    jupyter mlpack run {shlex.quote(image.reference)}"])


def describe_plan(plan: Plan) -> str:
    """The plan for people: what would be built, from what, and how much of it is new."""
    lines = [
        f"{plan.name}: a {plan.purpose.value} image",
        f"for linux/{plan.arch}, Python {plan.python}, on {plan.stack}",
        f"about {plan.size / 1e6:.0f} MB, {plan.reused / 1e6:.0f} MB of them are here already",
        "",
        "files:",
        *(f"  {path}" for path in plan.files),
        "",
        "packages:",
        *(f"  {package.name}=={package.version}{described(package)}" for package in plan.packages),
    ]
    system = [f"  {name}" for name in plan.system]
    return "\n".join([*lines, *(["", "system packages:", *system] if system else [])])


def described(package: PlannedPackage) -> str:
    """Its size where it counts."""
    size = f"  {package.size / 1e6:.1f} MB" if package.size >= 1_000_000 else ""
    return f"{size}, here already" if size and package.reused else size
