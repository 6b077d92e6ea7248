"""``jupyter mlpack run IMAGE``."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from traitlets import List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.engines import make_engine
from jupyter_mlpack.errors import ImageNotNamed, ParameterUnreadable, VariableMissing, VariableNotNamed
from jupyter_mlpack.jobs import run_job
from jupyter_mlpack.values import Job, JobSpec, Parameter, to_json


class RunCommand(MachineMixin, Command):
    """Run the training in an image."""

    name = "jupyter-mlpack-run"
    usage = "jupyter mlpack run IMAGE [-p NAME=VALUE ...] [options]"
    words = """
Runs the notebook in its image, streams its log, and brings the executed notebook and all files it wrote back into
a folder. The exit status is the notebook's own. Engine `process` needs neither Docker nor root: it unpacks the
image and runs it in namespaces of its own. Engine `docker` uses the Docker daemon."""
    options = (
        ("-p NAME=VALUE", "a parameter of the notebook, e.g. -p epochs=3; repeatable"),
        ("--env NAME", "a variable of your environment that the job shall have, e.g. a token; repeatable"),
        ("--output DIR", "where outputs go (default: <image name>-output)"),
        ("--engine NAME", "process or docker (default: process where the kernel allows it)"),
    )
    examples = """
jupyter mlpack run train:training
jupyter mlpack run train:training -p epochs=3 -p learning_rate=0.01 --output results
jupyter mlpack run train:training --env WANDB_API_KEY
jupyter mlpack run train:training --engine docker"""
    aliases = {
        **Command.common_aliases,
        "p": "RunCommand.parameters",
        "env": "RunCommand.env",
        "output": "RunCommand.output",
        "engine": "RunCommand.engine",
    }
    flags = {**Command.common_flags}

    parameters = List(Unicode(), help="Parameters, NAME=VALUE each.").tag(config=True)
    env = List(Unicode(), help="Variables of this environment that the job gets; their values are shown nowhere.").tag(
        config=True
    )
    output = Unicode(help="Folder for the outputs.").tag(config=True)
    engine = Unicode(help="process or docker; empty: the first that is available.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Run the job and say where its outputs are."""
        if len(self.extra_args) != 1:
            raise ImageNotNamed(given=len(self.extra_args))
        image = self.extra_args[0]
        secrets = [read_variable(name) for name in self.env]
        store = self.store()
        output = Path(self.output or image.split(":")[0].split("@")[0].replace("/", "-") + "-output")
        engine = make_engine(self.engine, store, reporter)
        spec = JobSpec(image, tuple(read_parameter(text) for text in self.parameters), output, self.engine)
        job = run_job(spec, store, engine, reporter, secrets)
        reporter.result(describe_job(job), to_json(job))
        return job.exit_status or 0


def read_parameter(text: str) -> tuple[str, Parameter]:
    """``lr=0.1`` -> ``("lr", 0.1)``; the value is YAML, as papermill takes it. Raises ``ParameterUnreadable``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise ParameterUnreadable(text=text)
    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ParameterUnreadable(text=text) from error


def read_variable(name: str) -> tuple[str, str]:
    """A variable of this environment. Raises ``VariableNotNamed`` and ``VariableMissing``."""
    if "=" in name or not name.strip():
        raise VariableNotNamed(name=name.partition("=")[0])
    if name not in os.environ:
        raise VariableMissing(name=name)
    return name, os.environ[name]


def describe_job(job: Job) -> str:
    """The last words of a run: how it ended and what it left."""
    lines = [
        "",
        f"{job.state.value} (exit status {job.exit_status}): {len(job.outputs)} files in {job.spec.output}",
    ]
    return "\n".join([*lines, *(f"  {output}" for output in job.outputs)])
