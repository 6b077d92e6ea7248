"""``jupyter mlpack run IMAGE``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import yaml
from traitlets import Int, List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.engines import make_engine
from jupyter_mlpack.errors import (
    ImageNotNamed,
    ParameterUnreadable,
    ServiceWithParameters,
    VariableMissing,
    VariableNotNamed,
)
from jupyter_mlpack.jobs import Secrets, find_image, run_job
from jupyter_mlpack.mounting import check_mounts, read_mounts
from jupyter_mlpack.oci import Store
from jupyter_mlpack.services import is_service, run_service
from jupyter_mlpack.values import Job, JobSpec, Mount, Parameter, to_json


class RunCommand(MachineMixin, Command):
    """Run the training in an image, or the service of an inference image."""

    name = "jupyter-mlpack-run"
    usage = "jupyter mlpack run IMAGE [-p NAME=VALUE ...] [options]"
    words = """
Runs the notebook in its image, streams its log, and brings the executed notebook and all files it wrote back into
a folder. The exit status is the notebook's own. Engine `process` needs neither Docker nor root: it unpacks the
image and runs it in namespaces of its own. Engine `docker` uses the Docker daemon.

An inference image answers on this machine until Ctrl-C, after which requests that are being answered still are."""
    options = (
        ("-p NAME=VALUE", "a parameter of the notebook, e.g. -p epochs=3; repeatable"),
        ("--env NAME", "a variable of your environment that the job shall have, e.g. a token; repeatable"),
        ("--volume FOLDER:PATH", "a folder of this machine, read-only (:rw: writable), e.g. ./data:data; repeatable"),
        ("--output DIR", "where outputs go (default: <image name>-output)"),
        ("--engine NAME", "process or docker (default: process where the kernel allows it)"),
        ("--port N", "inference: the port of this machine (default: 8080; 0: a free one)"),
        ("--host ADDRESS", "inference: who may reach it (default: 127.0.0.1, this machine only)"),
    )
    examples = """
jupyter mlpack run train:training
jupyter mlpack run train:training -p epochs=3 -p learning_rate=0.01 --output results
jupyter mlpack run train:training --volume ./images:data/images
jupyter mlpack run train:training --env WANDB_API_KEY
jupyter mlpack run train:training --engine docker
jupyter mlpack run train:inference --port 9000"""
    aliases = {
        **Command.common_aliases,
        "p": "RunCommand.parameters",
        "env": "RunCommand.env",
        "volume": "RunCommand.volumes",
        "output": "RunCommand.output",
        "engine": "RunCommand.engine",
        "port": "RunCommand.port",
        "host": "RunCommand.host",
    }
    flags = {**Command.common_flags}

    parameters = List(Unicode(), help="Parameters, NAME=VALUE each.").tag(config=True)
    env = List(Unicode(), help="Variables of this environment that the job gets; their values are shown nowhere.").tag(
        config=True
    )
    volumes = List(Unicode(), help="Folders of this machine that the job sees, FOLDER:PATH each.").tag(config=True)
    output = Unicode(help="Folder for the outputs.").tag(config=True)
    engine = Unicode(help="process or docker; empty: the first that is available.").tag(config=True)
    port = Int(8080, min=0, max=65535, help="Port of a service; 0: a free one.").tag(config=True)
    host = Unicode("127.0.0.1", help="Address that a service listens on.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Run the job and say where its outputs are."""
        if len(self.extra_args) != 1:
            raise ImageNotNamed(given=len(self.extra_args))
        image = self.extra_args[0]
        secrets = [read_variable(name) for name in self.env]
        store, mounts = self.store(), read_mounts(self.volumes)
        if is_service(store, image):
            return self.serve(image, secrets, mounts, store, reporter)
        output = Path(self.output or image.split(":")[0].split("@")[0].replace("/", "-") + "-output")
        engine = make_engine(self.engine, store, reporter)
        spec = JobSpec(image, tuple(read_parameter(text) for text in self.parameters), output, self.engine)
        job = run_job(spec, store, engine, reporter, secrets, mounts=mounts)
        reporter.result(describe_job(job), to_json(job))
        return job.exit_status or 0

    def serve(self, image: str, secrets: Secrets, mounts: Sequence[Mount], store: Store, reporter: Reporter) -> int:
        """Run the service until it is stopped."""
        if self.parameters:
            raise ServiceWithParameters(image=image)
        engine = make_engine(self.engine, store, reporter)
        mounts = check_mounts(find_image(store, image), mounts)
        job = run_service(image, (self.host, self.port), engine, reporter, secrets, mounts=mounts)
        reporter.result("", to_json(job))
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
