"""``jupyter mlpack stack list|show|dockerfile``: what images stand on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from traitlets import Unicode

from jupyter_mlpack.atomic import write_atomically
from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.style import make_sheet
from jupyter_mlpack.errors import OptionWrong, StackUnknown
from jupyter_mlpack.values import Stack, to_json


class StackPart(MachineMixin, Command):
    """What the commands share: the stacks of this machine."""

    options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--stacks WORD", "a folder of stacks instead of those that came with the package"),
    )
    aliases = {**Command.common_aliases, "stacks": "MachineMixin.stacks"}
    flags = dict(Command.common_flags)

    def catalog_stacks(self) -> tuple[Stack, ...]:
        """All of them: those that came with the package, or those that ``--stacks`` names."""
        return self.machine().catalog.stacks

    def one_stack(self) -> Stack:
        """The one that is named. Raises ``OptionWrong`` and ``StackUnknown``."""
        if len(self.extra_args) != 1:
            problem = f"one stack must be named, and there are {len(self.extra_args)}"
            raise OptionWrong(problem=problem, command=self.name.replace("-", " "))
        stacks = {stack.name: stack for stack in self.catalog_stacks()}
        if self.extra_args[0] not in stacks:
            raise StackUnknown(stack=self.extra_args[0], available=", ".join(stacks))
        return stacks[self.extra_args[0]]


class StackListCommand(StackPart):
    """List the stacks."""

    name = "jupyter-mlpack-stack-list"
    usage = "jupyter mlpack stack list [options]"
    words = """
The stacks that images can stand on, the first one with the notebook's Python being taken unless --stack names one."""
    examples = """
jupyter mlpack stack list"""

    def run(self, reporter: Reporter) -> int:
        """A line for each."""
        sheet, stacks = make_sheet(sys.stdout), self.catalog_stacks()
        sheet.columns(
            [
                [
                    (stack.name, "bold"),
                    (f"{stack.distribution} {stack.version}", ""),
                    (f"Python {stack.python}", ""),
                    (stack.libc, "dim"),
                    ("with a shell" if stack.shell else "no shell, no programs", ""),
                ]
                for stack in stacks
            ]
        )
        reporter.result(sheet.text(), {"stacks": [{**as_json(stack)} for stack in stacks]})
        return 0


class StackShowCommand(StackPart):
    """Show a stack."""

    name = "jupyter-mlpack-stack-show"
    usage = "jupyter mlpack stack show NAME [options]"
    words = """
What the recipe of a stack says: its packages, and those that its build image has beside."""
    examples = """
jupyter mlpack stack show bookworm-minimal"""

    def run(self, reporter: Reporter) -> int:
        """The page."""
        stack, sheet = self.one_stack(), make_sheet(sys.stdout)
        head = f"  {stack.distribution} {stack.version} ({stack.suite}), Python {stack.python}, {stack.libc}"
        sheet.line((stack.name, "bold"), (head, ""))
        rows = [
            ("account", f"{stack.user} {stack.uid}:{stack.gid}"),
            ("shell", "yes" if stack.shell else "no"),
            ("packages", ", ".join(stack.packages)),
            ("left out", ", ".join((*stack.left_out, *stack.left_out_files))),
            ("to build", ", ".join(stack.build)),
            ("labels", ", ".join(f"{key}={value}" for key, value in stack.labels)),
        ]
        sheet.columns([[(key, "dim"), (value, "")] for key, value in rows if value], wrap=True)
        reporter.result(sheet.text(), {"stack": as_json(stack)})
        return 0


class StackDockerfileCommand(StackPart):
    """Write a stack as a Dockerfile."""

    name = "jupyter-mlpack-stack-dockerfile"
    usage = "jupyter mlpack stack dockerfile NAME [options]"
    words = """
The stack as a Dockerfile with the targets run and build, for teams that build their base images with Docker. The images
serve wherever a run image or a build image is asked for: --run-image here, a builder.toml, pack, kpack."""
    options = (("--output FILE", "write it there instead of showing it"), *StackPart.options)
    examples = """
jupyter mlpack stack dockerfile bookworm --output Dockerfile
docker build --target run --tag localhost:5000/run:1 --build-arg BASE=debian@sha256:... .
jupyter mlpack build train.ipynb --run-image localhost:5000/run:1 --insecure"""
    aliases = {**StackPart.aliases, "output": "StackDockerfileCommand.output"}

    output = Unicode(help="File to write.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Show or write."""
        from jupyter_mlpack.stack.dockerfile import dockerfile

        text = dockerfile(self.one_stack())
        if self.output:
            write_atomically(Path(self.output).expanduser(), text)
        shown = f"wrote {self.output}" if self.output else text.rstrip("\n")
        reporter.result(shown, {"dockerfile": text, "file": self.output or None})
        return 0


class StackCommand(Command):
    """Stacks."""

    name = "jupyter-mlpack-stack"
    usage = "jupyter mlpack stack COMMAND ..."
    words = """
What images stand on: a distribution's packages, listed in a stack.toml, as a run image and a build image."""
    subcommands = {
        "list": (StackListCommand, "the stacks there are"),
        "show": (StackShowCommand, "what a stack is made of"),
        "dockerfile": (StackDockerfileCommand, "a stack as a Dockerfile"),
    }
    examples = """
jupyter mlpack stack list
jupyter mlpack stack show bookworm-minimal
jupyter mlpack stack dockerfile bookworm --output Dockerfile"""
    aliases = dict(Command.common_aliases)
    flags = dict(Command.common_flags)

    def start(self) -> None:
        """Run the subcommand; alone, show the help."""
        self.run_subcommand()


def as_json(stack: Stack) -> dict[str, object]:
    """For machines: what the recipe says, and whether there is a shell."""
    told = to_json(stack)
    assert isinstance(told, dict)
    return {**told, "shell": stack.shell}
