"""``jupyter mlpack inspect NOTEBOOK|FOLDER``: what it needs, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets import Bool, Enum, Unicode

from jupyter_mlpack.cli.answer import AnswerReporter
from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.inspecting import Inspecting
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.inspection.choices import parse_choices
from jupyter_mlpack.survey import Kernels
from jupyter_mlpack.values import Inspection

if TYPE_CHECKING:
    from jupyter_mlpack.cli.report import Reporter


class InspectCommand(MachineMixin, Command):
    """What a notebook needs, and why."""

    name = "jupyter-mlpack-inspect"
    usage = "jupyter mlpack inspect NOTEBOOK|FOLDER [options]"
    words = """
Tells what a notebook needs (packages with their versions, hardware, Python, system packages, files, parameters and
secrets), each with the cell and line that says so. Names that nobody knows are listed as unresolved, never guessed;
sources that disagree are shown side by side. The notebook is read, never run. Its kernel's interpreter is asked which
versions it holds; nothing needs the network (only a lock does).

A folder stands for all notebooks below it, read in one process; one that is broken costs one line."""
    options = (
        ("--format text", "a table for people (default); -v shows every place and every rule"),
        ("--format json", "one JSON object; of a folder, one object a line"),
        ("--format requirements", "a requirements file, each line with its reason as a comment"),
        ("--format pylock", "a lock with hashes (pylock.toml) for --python, --arch and --stack; asks the index"),
        ("--no-kernel", "do not ask the kernel's interpreter: only the notebook and the files beside it speak"),
        ("--kernel NAME", "ask this kernel instead of the notebook's own"),
        ("--choices JSON", 'over the mlpack key of the notebook\'s metadata, e.g. \'{"ignore": ["x"]}\'; or @FILE'),
        ("--python X.Y", "Python of the lock (default: the notebook's)"),
        ("--stack NAME", "the run image the lock is for: bookworm or trixie"),
        ("--accelerator NAME", "what the lock is for: cpu, cuda13 ... (default: what the notebook asks for)"),
        ("--platform OS/ARCH", "linux/amd64 or linux/arm64: where the lock is for (default: this machine's)"),
    )
    examples = """
jupyter mlpack inspect train.ipynb
jupyter mlpack inspect train.ipynb -v                         # every place, every rule
jupyter mlpack inspect train.ipynb --no-kernel --format json | jq '.dependencies[].name'
jupyter mlpack inspect train.ipynb --format requirements > requirements.txt
jupyter mlpack inspect train.ipynb --format pylock --python 3.11 > pylock.toml
jupyter mlpack inspect .                                      # all notebooks below this folder

exit status: 0 all was read; 2 a notebook could not be read (of a folder: at least one; the others are shown);
3 the kernel named with --kernel cannot be asked; 4 there is no lock; 130 stopped."""
    aliases = {
        **Command.common_aliases,
        **MachineMixin.machine_aliases,
        "choices": "InspectCommand.choices",
        "kernel": "InspectCommand.kernel",
        "python": "InspectCommand.python",
        "stack": "InspectCommand.stack",
    }
    flags = {
        **Command.common_flags,
        "no-kernel": ({"InspectCommand": {"ask_kernel": False}}, "Do not ask the kernel's interpreter."),
    }

    format = Enum(
        ["text", "json", "requirements", "pylock"], default_value="text", help="text, json, requirements or pylock."
    ).tag(config=True)
    ask_kernel = Bool(True, help="Ask the kernel's interpreter what it holds.").tag(config=True)
    choices = Unicode(help="What was decided about the notebook, as JSON.").tag(config=True)
    kernel = Unicode(help="The kernel to ask instead of the notebook's own.").tag(config=True)
    python = Unicode(help="Python of the lock, e.g. 3.11.").tag(config=True)
    stack = Unicode(help="Name of the stack that the lock is for.").tag(config=True)
    work: Inspecting | None = None

    @contextmanager
    def reporter(self) -> Iterator[Reporter]:
        """The answer alone on standard output, everything else on standard error."""
        yield AnswerReporter(self.format, sys.stdout)

    def run(self, reporter: Reporter) -> int:
        """Inspect and show."""
        cache = None if not self.ask_kernel else Path(self.home) / "kernels"
        kernels = Kernels(self.kernel or None, self.ask_kernel or bool(self.kernel), cache)
        choices = parse_choices(self.choices) if self.choices else {}
        self.work = Inspecting(tuple(self.extra_args), self.format, kernels, self.verbose, self.lock, choices=choices)
        return self.work.run(reporter)

    def lock(self, inspection: Inspection, reporter: Reporter) -> str:
        """The lock that a build would install, as ``pylock.toml``. Raises the leaves of ``ResolutionError``."""
        from jupyter_mlpack.pipeline import pylock
        from jupyter_mlpack.wishes import Wishes

        wishes = Wishes(
            arch=self.architecture(),
            accelerator=self.accelerator or None,
            python=self.python or None,
            stack=self.stack or None,
            allowed_indexes=tuple(self.allow_index),
            folder=Path(self.extra_args[0]).parent if self.extra_args else None,
        )
        return pylock(inspection, wishes, self.machine(), reporter)

    def interruption(self) -> MlpackError:
        """How far it came."""
        return self.work.interruption() if self.work else super().interruption()
