"""``jupyter mlpack submit NOTEBOOK|IMAGE``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from traitlets import Bool, Float, Int, List, Unicode

from jupyter_mlpack.cli.build import BuildCommand
from jupyter_mlpack.cli.logs import follow_and_tell
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.run import read_parameter, read_variable
from jupyter_mlpack.cli.targets import job_json
from jupyter_mlpack.errors import JobVariableWrong, NotebookOrImageNotNamed, WishUnreadable
from jupyter_mlpack.jobs import next_folder
from jupyter_mlpack.ledger import Record
from jupyter_mlpack.submission.notebooks import submit_notebook, wish_of_notebook
from jupyter_mlpack.submission.submitting import Order, dry_run, submit_image, wish_of
from jupyter_mlpack.submission.targets import read_memory, read_time
from jupyter_mlpack.values import Resources


class SubmitCommand(BuildCommand):
    """Run the training on a target: a Docker engine, a cluster."""

    name = "jupyter-mlpack-submit"
    usage = "jupyter mlpack submit NOTEBOOK|IMAGE [--on TARGET] [-p NAME=VALUE ...] [options]"
    words = """
Hands a training to a target, and returns: the job goes on there. Of a notebook the image is built first (all options
of `jupyter mlpack build` are understood); a wish that no target grants is refused before that. `jobs`, `logs`,
`cancel` and `fetch` look after it, from any terminal, also after this machine was restarted.

Targets stand in jupyter_mlpack_config.py (c.TargetsMixin.targets); `docker`, the Docker daemon, is there by itself."""
    options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--on TARGET", "where (default: the first target that offers what the image needs)"),
        ("-p NAME=VALUE", "a parameter of the notebook, e.g. -p lr=0.1; repeatable"),
        ("--gpus N", "GPUs of each node (default: as many as the notebook declares)"),
        ("--cpus N", "cores of each node"),
        ("--memory SIZE", "memory of each node, e.g. 16GB"),
        ("--time TIME", "how long it may take at most, e.g. 2h"),
        ("--nodes N", "nodes that train together"),
        ("--set NAME=VALUE", "a variable of the job's environment; repeatable"),
        ("--secret NAME", "a variable of your environment that the job gets and nobody is shown; repeatable"),
        ("--output DIR", "where outputs go when they are fetched (default: <image name>-output, or the next free)"),
        ("-f, --follow", "stay, and show its log to the end"),
        ("--dry-run", "show the exact request; build, push and start nothing"),
    )
    examples = """
jupyter mlpack submit train.ipynb --on docker -p epochs=3
jupyter mlpack submit train:training --on gpu-cluster --gpus 1 --follow
jupyter mlpack submit train:training --on gpu-cluster --dry-run"""
    aliases = {
        **BuildCommand.aliases,
        "on": "SubmitCommand.on",
        "p": "SubmitCommand.parameters",
        "gpus": "SubmitCommand.gpus",
        "cpus": "SubmitCommand.cpus",
        "memory": "SubmitCommand.memory",
        "time": "SubmitCommand.time",
        "nodes": "SubmitCommand.nodes",
        "set": "SubmitCommand.variables",
        "secret": "SubmitCommand.secrets",
        "output": "SubmitCommand.output",
    }
    flags = {
        **BuildCommand.flags,
        "f": ({"SubmitCommand": {"follow": True}}, "Show its log to the end."),
        "follow": ({"SubmitCommand": {"follow": True}}, "Show its log to the end."),
    }

    on = Unicode(help="Name of the target.").tag(config=True)
    parameters = List(Unicode(), help="Parameters, NAME=VALUE each.").tag(config=True)
    gpus = Int(0, min=0, help="GPUs of each node.").tag(config=True)
    cpus = Float(0, min=0, help="Cores of each node.").tag(config=True)
    memory = Unicode(help="Memory of each node.").tag(config=True)
    time = Unicode(help="How long the job may take.").tag(config=True)
    nodes = Int(1, min=1, help="Nodes that train together.").tag(config=True)
    variables = List(Unicode(), help="Variables of the job, NAME=VALUE each.").tag(config=True)
    secrets = List(Unicode(), help="Variables of this environment that the job gets.").tag(config=True)
    output = Unicode(help="Folder for the outputs.").tag(config=True)
    follow = Bool(False, help="Show the log to the end.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Choose, build, hand over, and say how to look after it."""
        if len(self.extra_args) != 1:
            raise NotebookOrImageNotNamed(given=len(self.extra_args))
        word, targets, order = self.extra_args[0], self.job_targets(), self.job_order()
        if self.dry_run:
            return self.show(word, order, reporter)
        if is_notebook(word):
            record = submit_notebook(Path(word), self.wishes(), self.machine(), targets, order, emit=reporter)
        else:
            record = submit_image(word, targets, order, self.store(), reporter)
        if self.follow:
            return follow_and_tell(record, self.store(), reporter)
        reporter.result(describe(record), {"job": job_json(record)})
        return 0

    def show(self, word: str, order: Order, reporter: Reporter) -> int:
        """Print the request that would be made; of a notebook that is not built yet, with a digest of zeros."""
        store, targets = self.store(), self.job_targets()
        if is_notebook(word):
            wish, _ = wish_of_notebook(Path(word), self.wishes(), self.machine(), targets, order, emit=reporter)
        else:
            wish = wish_of(word, targets, order, store)
        request = dry_run(wish, store).to_json()
        reporter.result(json.dumps(request, indent=2, ensure_ascii=False), {"request": request})
        return 0

    def job_order(self) -> Order:
        """What the options wish. Raises ``WishUnreadable``, ``JobVariableWrong`` and those of ``run``."""
        wished = Resources(
            self.gpus,
            self.cpus,
            readable("--memory", self.memory, read_memory),
            readable("--time", self.time, read_time),
            self.nodes,
        )
        return Order(
            self.output_folder(),
            self.on,
            tuple(read_parameter(text) for text in self.parameters),
            wished,
            tuple(read_setting(text) for text in self.variables),
            tuple(read_variable(name) for name in self.secrets),
        )

    def output_folder(self) -> Path:
        """The folder that was named; else one beside here that is free, for several jobs may go on at a time."""
        if self.output:
            return Path(self.output).expanduser()
        word = self.extra_args[0]
        stem = Path(word).stem if is_notebook(word) else word.split(":")[0].split("@")[0].replace("/", "-")
        folder = Path(f"{stem}-output")
        return next_folder(folder) if folder.exists() else folder


def is_notebook(word: str) -> bool:
    """Whether a notebook is meant, not an image."""
    return word.endswith(".ipynb") or Path(word).is_file()


def readable(option: str, text: str, read: Callable[[str], int]) -> int:
    """A size or a time, zero for none. Raises ``WishUnreadable``."""
    try:
        return read(text) if text else 0
    except (ValueError, OverflowError) as error:
        raise WishUnreadable(option=option, text=text) from error


def read_setting(text: str) -> tuple[str, str]:
    """``NAME=VALUE``. Raises ``JobVariableWrong``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise JobVariableWrong(text=name)
    return name.strip(), value


def describe(record: Record) -> str:
    """What was handed over, and how to look after it."""
    short = record.id[-6:]
    lines = ["", f"{short}  {record.image} on {record.target}, there called {record.task}"]
    for command, words in (
        ("logs -f", "its log"),
        ("cancel", "end it"),
        ("fetch", f"its outputs, into {record.output}"),
    ):
        lines.append(f"  jupyter mlpack {command} {short:<10} {words}")
    return "\n".join(lines)
