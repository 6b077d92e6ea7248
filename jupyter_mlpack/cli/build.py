"""``jupyter mlpack build NOTEBOOK``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets import Bool, List, Unicode

from jupyter_mlpack.cli.assets import AssetsMixin
from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.building import Building, show_plan, show_request, write_folder
from jupyter_mlpack.cli.elsewhere import ElsewhereMixin
from jupyter_mlpack.cli.giving import GivenMixin
from jupyter_mlpack.cli.machine import MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.scripts import ScriptsMixin
from jupyter_mlpack.errors import MlpackError, NotebookNotNamed, PurposeUnsupported
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.choices import parse_choices
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.publish import check_outputs
from jupyter_mlpack.values import Purpose
from jupyter_mlpack.wishes import Machine, Wishes


class BuildCommand(ElsewhereMixin, ScriptsMixin, AssetsMixin, GivenMixin, OutputsMixin, MachineMixin, Command):
    """Make an image of a notebook."""

    name = "jupyter-mlpack-build"
    usage = "jupyter mlpack build NOTEBOOK [options]"
    words = """
Reads the notebook without running it, locks the packages it needs at the versions of its kernel, and builds an
OCI image: in this process, without Docker and without root. The image is kept in the content store and found
again by its name; the options below send it to further places, any of them together."""
    options = (
        ("--name NAME", "name of the image (default: from the notebook's, e.g. train:training)"),
        (
            "--purpose WHAT",
            "training (default), or inference: an image that answers with the predict function",
        ),
        ("--model PATH", "a model, or what a training run left, put where the predict function's code loads it"),
        *OutputsMixin.output_options,
        (
            "--require NAME",
            "a package the notebook needs and does not show, e.g. --require pyarrow; repeatable",
        ),
        ("--requirements FILE", "all that a file declares, imported or not: a lock, pyproject.toml, ...; repeatable"),
        ("--group NAME", "also a group or an extra that these files name; repeatable"),
        ("--choices JSON", 'over the mlpack key of the notebook\'s metadata, e.g. \'{"ignore": ["x"]}\'; or @FILE'),
        ("--ignore-unresolved", "build although some imports are known to nobody"),
        ("--kernel NAME", "take the versions from this kernel instead of the notebook's own"),
        ("--python X.Y", "Python of the image (default: the kernel's)"),
        ("--stack NAME", "the run image: bookworm, trixie, or one of them -minimal (default: by the Python version)"),
        ("--conda FILE", "run in the conda environment that an environment.yml, or a lock of conda or pixi, describes"),
        ("--accelerator NAME", "cpu, cuda12, cuda13, rocm, tpu, neuron, gaudi, apple (default: the notebook's)"),
        ("--platform OS/ARCH", "linux/amd64 or linux/arm64 (default: this machine's); --arch ARCH says the same"),
        ("--allow-index URL", "ask a package index that the notebook names; repeatable (one of yours is asked anyway)"),
        ("--upgrade", "choose versions and the base's packages anew instead of those of the last build"),
        ("--run-image REF", "take the run image from a registry instead of assembling it"),
        ("--mirror URL", "the Debian mirror (default: the one of this machine's apt)"),
        *AssetsMixin.assets_options,
        *GivenMixin.given_options,
        *ElsewhereMixin.elsewhere_options,
        *ScriptsMixin.scripts_options,
        ("--workspace DIR", "write the application folder for `pack`, kpack or a builder image, and stop"),
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
        **AssetsMixin.assets_aliases,
        **ScriptsMixin.scripts_aliases,
        **GivenMixin.given_aliases,
        **ElsewhereMixin.elsewhere_aliases,
        "name": "BuildCommand.image_name",
        "require": "BuildCommand.require",
        "choices": "BuildCommand.choices",
        "kernel": "BuildCommand.kernel",
        "python": "BuildCommand.python",
        "stack": "BuildCommand.stack",
        "conda": "BuildCommand.conda",
        "requirements": "BuildCommand.requirements",
        "group": "BuildCommand.group",
        "purpose": "BuildCommand.purpose",
        "workspace": "BuildCommand.workspace",
        "model": "BuildCommand.model",
    }
    flags = {
        **Command.common_flags,
        **OutputsMixin.output_flags,
        **ElsewhereMixin.elsewhere_flags,
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
    workspace = Unicode(help="A folder for the application, which others build.").tag(config=True)
    dry_run = Bool(False, help="Show the plan; build nothing.").tag(config=True)
    choices = Unicode(help="What was decided about the notebook, as JSON.").tag(config=True)
    kernel = Unicode(help="The kernel to ask instead of the notebook's own.").tag(config=True)
    python = Unicode(help="Python of the image, e.g. 3.11.").tag(config=True)
    stack = Unicode(help="Name of the stack.").tag(config=True)
    requirements = List(Unicode(), help="Files all of whose packages are needed.").tag(config=True)
    group = List(Unicode(), help="Groups and extras of these files that are needed, too.").tag(config=True)
    conda = Unicode(help="A conda environment to run in: environment.yml, a lock.").tag(config=True)
    purpose = Unicode(help="training or inference.").tag(config=True)

    model = Unicode(help="A file or a folder with what the predict function's code loads.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.work = Building()

    def run(self, reporter: Reporter) -> int:
        """Build, deliver, and say what to type next."""
        notebook, outputs, wishes, place = self.notebook(), self.outputs(), self.wishes(), self.place()
        check_outputs(outputs)
        if self.dry_run and place and place.target:
            return show_request(reporter, notebook, wishes, self.machine(), place)
        if self.dry_run:
            return show_plan(reporter, notebook, wishes, self.machine())
        if self.workspace:
            return write_folder(reporter, notebook, wishes, self.machine(), Path(self.workspace).expanduser())
        return self.work.run(reporter, notebook, wishes, self.machine(), outputs, place)

    def machine(self) -> Machine:
        """What this machine offers; ``--upgrade`` asks for the distribution's fixes, too."""
        machine = super().machine()
        hosts = frozenset(self.insecure_hosts)
        settings = replace(machine.stack_settings, refresh=self.upgrade, insecure=self.insecure, insecure_hosts=hosts)
        return replace(machine, stack_settings=settings)

    def interruption(self) -> MlpackError:
        """Says what is true: whether the image was finished before."""
        return self.work.interruption()

    def notebook(self) -> Path:
        """The one positional argument."""
        if len(self.extra_args) != 1:
            raise NotebookNotNamed(given=len(self.extra_args))
        return Path(self.extra_args[0])

    def wishes(self) -> Wishes:
        """What the options ask for."""
        if self.purpose not in ("", *(purpose.value for purpose in Purpose)):
            raise PurposeUnsupported(purpose=self.purpose)
        target = next(iter((*self.push, self.image_name)), "")
        return Wishes(
            name=self.image_name or None,
            purpose=Purpose(self.purpose) if self.purpose else None,
            choices=parse_choices(self.choices) if self.choices else {},
            arch_said=bool(self.platform) or self.trait_has_value("arch"),
            arch=self.architecture(),
            accelerator=self.accelerator or None,
            python=self.python or None,
            stack=self.stack or None,
            required=tuple(self.require),
            lenient=self.ignore_unresolved,
            refresh=self.upgrade,
            allowed_indexes=tuple(self.allow_index),
            kernel=self.kernel or None,
            requirement_files=tuple(map(Path, self.requirements)),
            groups=tuple(self.group),
            conda_file=Path(self.conda) if self.conda else None,
            model=Path(self.model).expanduser() if self.model else None,
            assets=self.named_assets(),
            post_build=self.post_build or "",
            start_script=self.start_script or "",
            given=self.given(parse_reference(target).registry if target else ""),
        )
