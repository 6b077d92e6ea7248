"""``jupyter mlpack undeploy NAME``."""

from __future__ import annotations

from traitlets import Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin
from jupyter_mlpack.errors import DeployNotNamed
from jupyter_mlpack.submission.deploying import deployments_on, one_cluster, owner


class UndeployCommand(TargetsMixin, MachineMixin, Command):
    """Remove a service from a cluster."""

    name = "jupyter-mlpack-undeploy"
    usage = "jupyter mlpack undeploy NAME [--on TARGET]"
    words = """
Removes all that was made for a deployment. Requests that are being answered still are; its pods have ended half a
minute later. To remove it twice, or what is not there, is no error."""
    options = (("--on TARGET", "which cluster (default: the only target of the engine kubernetes)"),)
    examples = """
jupyter mlpack undeploy digits --on prod"""
    aliases = {**Command.common_aliases, "on": "UndeployCommand.on"}
    flags = {**Command.common_flags}

    on = Unicode(help="Name of the target.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Remove, and say what."""
        if len(self.extra_args) != 1:
            raise DeployNotNamed(given=len(self.extra_args))
        name, target = self.extra_args[0], one_cluster(self.job_targets(), self.on)
        removed = deployments_on(target, self.store()).remove(name, owner())
        told = f"Removed from {target.name}: {', '.join(removed)}"
        nothing = f"Nothing of yours is called {name} on {target.name}."
        reporter.result(told if removed else nothing, {"removed": list(removed)})
        return 0
