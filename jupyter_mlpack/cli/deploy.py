"""``jupyter mlpack deploy NOTEBOOK|IMAGE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import yaml
from traitlets import Float, Int, List, Unicode

from jupyter_mlpack.cli.build import BuildCommand
from jupyter_mlpack.cli.deployments import deployed_json, describe_addresses
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.run import read_variable
from jupyter_mlpack.cli.submit import is_notebook, read_setting, readable
from jupyter_mlpack.errors import DeployLeft, MlpackError, NotebookOrImageNotNamed
from jupyter_mlpack.events import Event, LogLines
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.pipeline import build_image
from jupyter_mlpack.submission.deploying import Offer, clusters, deploy_image, objects_of, wanted_of
from jupyter_mlpack.submission.notebooks import wish_of_notebook
from jupyter_mlpack.submission.submitting import Order, Wish, wish_of
from jupyter_mlpack.submission.targets import read_memory
from jupyter_mlpack.values import JobTarget, Purpose, Resources

if TYPE_CHECKING:
    from jupyter_mlpack.wishes import Wishes


class DeployCommand(BuildCommand):
    """Serve an inference image on a cluster."""

    name = "jupyter-mlpack-deploy"
    usage = "jupyter mlpack deploy NOTEBOOK|IMAGE [--on TARGET] [--name NAME] [options]"
    words = """
Makes a service of an inference image on a Kubernetes cluster, and waits until it answers: a Deployment and a Service,
or KServe's InferenceService where the target says so. Of a notebook the image is built first (all options of
`jupyter mlpack build` are understood). The same name again replaces it: pods of the last image answer until the new
ones are ready. `deployments` lists them, `undeploy` removes one."""
    options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--on TARGET", "which cluster (default: the first target of the engine kubernetes that fits the image)"),
        ("--name NAME", "what it is called there, and its address (default: the image's)"),
        ("--replicas N", "how many pods (default: as many as there are, else one)"),
        ("--gpus N", "GPUs of each pod (default: as many as the notebook declares)"),
        ("--cpus N", "cores of each pod"),
        ("--memory SIZE", "memory of each pod, e.g. 4GB"),
        ("--volume CLAIM:PATH", "a PersistentVolumeClaim, or CLAIM/FOLDER of it, that pods read at PATH; repeatable"),
        ("--set NAME=VALUE", "a variable of the service's environment; repeatable"),
        ("--secret NAME", "a variable of your environment that the service gets and nobody is shown; repeatable"),
        ("--dry-run", "show the exact objects; build, push and make nothing"),
    )
    examples = """
jupyter mlpack deploy digits.ipynb --on prod --model digits-training-output
jupyter mlpack deploy digits:inference --on prod --replicas 2 --memory 2GB
jupyter mlpack deploy digits:inference --on prod --dry-run"""
    aliases = {
        **BuildCommand.aliases,
        "on": "DeployCommand.on",
        "name": "DeployCommand.called",
        "replicas": "DeployCommand.replicas",
        "gpus": "DeployCommand.gpus",
        "cpus": "DeployCommand.cpus",
        "memory": "DeployCommand.memory",
        "volume": "DeployCommand.volumes",
        "set": "DeployCommand.variables",
        "secret": "DeployCommand.secrets",
    }
    flags = {**BuildCommand.flags}

    on = Unicode(help="Name of the target.").tag(config=True)
    called = Unicode(help="Name of the deployment.").tag(config=True)
    replicas = Int(0, min=0, help="How many pods; 0: as many as there are, else one.").tag(config=True)
    gpus = Int(0, min=0, help="GPUs of each pod.").tag(config=True)
    cpus = Float(0, min=0, help="Cores of each pod.").tag(config=True)
    memory = Unicode(help="Memory of each pod.").tag(config=True)
    volumes = List(Unicode(), help="PersistentVolumeClaims that pods read, CLAIM:PATH each.").tag(config=True)
    variables = List(Unicode(), help="Variables of the service, NAME=VALUE each.").tag(config=True)
    secrets = List(Unicode(), help="Variables of this environment that the service gets.").tag(config=True)

    waiting: MlpackError | None = None
    """What to say when the user stops waiting; nothing before the cluster has it."""

    def run(self, reporter: Reporter) -> int:
        """Build, push, make, wait, and say where it answers."""
        if len(self.extra_args) != 1:
            raise NotebookOrImageNotNamed(given=len(self.extra_args))
        word, targets = self.extra_args[0], self.job_targets()
        order, offer = self.deploy_order(), Offer(self.called, self.replicas, tuple(self.volumes))
        targets, store = clusters(targets, order.on), self.store()
        wish, wishes = self.wish(word, targets, order, reporter)
        if self.dry_run:
            objects = objects_of(wish, offer, store)
            reporter.result(yaml.safe_dump_all(objects, sort_keys=False), {"objects": list(objects)})
            return 0
        wanted = wanted_of(wish, offer)

        def emit(event: Event) -> None:
            if isinstance(event, LogLines) and event.phase == "run":
                self.waiting = DeployLeft(name=wanted.name, target=wish.target.name)
            reporter(event)

        if wishes is not None:
            word = build_image(Path(word), wishes, self.machine(), reporter).reference
        deployed = deploy_image(word, targets, replace(order, on=wish.target.name), offer, store, emit=emit)
        options = dict(wish.target.options)
        head = f"\n{deployed.name} is ready on {wish.target.name}: {deployed.ready} of {deployed.wanted}"
        lines = [head, *describe_addresses(deployed, options)]
        lines.append(f"  to remove it    jupyter mlpack undeploy {deployed.name} --on {wish.target.name}")
        data = {"deployment": deployed_json(deployed, wish.target.name, options)}
        reporter.result("\n".join(lines), data)
        return 0

    def wish(
        self, word: str, targets: dict[str, JobTarget], order: Order, reporter: Reporter
    ) -> tuple[Wish, Wishes | None]:
        """The target that takes it; of a notebook also what its build is asked for."""
        if not is_notebook(word):
            return wish_of(word, targets, order, self.store()), None
        wishes = replace(self.wishes(), purpose=Purpose.INFERENCE)
        machine, purpose = self.machine(), Purpose.INFERENCE
        return wish_of_notebook(Path(word), wishes, machine, targets, order, emit=reporter, purpose=purpose)

    def deploy_order(self) -> Order:
        """What the options wish. Raises ``WishUnreadable``, ``JobVariableWrong`` and those of ``run``."""
        memory = readable("--memory", self.memory, read_memory)
        return Order(
            Path(),
            self.on,
            resources=Resources(self.gpus, self.cpus, memory),
            variables=tuple(read_setting(text) for text in self.variables),
            secrets=tuple(read_variable(name) for name in self.secrets),
        )

    def interruption(self) -> MlpackError:
        """What is true: whether the cluster has it already."""
        return self.waiting or super().interruption()
