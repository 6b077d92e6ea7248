"""``jupyter mlpack deployments``: what runs on clusters, and where it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from traitlets import Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.cli.targets import TargetsMixin
from jupyter_mlpack.errors import EngineError
from jupyter_mlpack.events import Noticed
from jupyter_mlpack.submission.deploying import clusters, deployments_on
from jupyter_mlpack.values import Json, Notice, to_json

if TYPE_CHECKING:
    from jupyter_mlpack.engines.kubernetes_rollout import Deployed


class DeploymentsCommand(TargetsMixin, MachineMixin, Command):
    """List services on clusters."""

    name = "jupyter-mlpack-deployments"
    usage = "jupyter mlpack deployments [--on TARGET]"
    words = """
What was deployed with `jupyter mlpack deploy`, by whomever, as the clusters know it: image, how many of it are ready,
and where it answers."""
    options = (("--on TARGET", "only this cluster (default: all targets of the engine kubernetes)"),)
    examples = """
jupyter mlpack deployments
jupyter mlpack deployments --on prod --format json"""
    aliases = {**Command.common_aliases, "on": "DeploymentsCommand.on"}
    flags = {**Command.common_flags}

    on = Unicode(help="Name of the target.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Print a list."""
        targets = clusters(self.job_targets(), self.on)
        chosen = {name: target for name, target in targets.items() if not self.on or name == self.on}
        lines: list[str] = []
        found: list[Json] = []
        for name, target in chosen.items():
            options = dict(target.options)
            try:
                for deployed in deployments_on(target, self.store()).all():
                    found.append(deployed_json(deployed, name, options))
                    lines += describe_deployed(deployed, name, options)
            except EngineError as error:
                if self.on or len(chosen) == 1:
                    raise
                reporter(Noticed(Notice("target-unavailable", f"{name}: {error} {error.sentence('why')}")))
        text = "\n".join(lines) or "Nothing is deployed. Deploy something: jupyter mlpack deploy IMAGE --on TARGET"
        reporter.result(text, {"deployments": found})
        return 0


def describe_deployed(deployed: Deployed, target: str, options: Mapping[str, Json]) -> Iterator[str]:
    """Name, where, how many, whose; then image and addresses."""
    whose = f", {deployed.owner}'s" if deployed.owner else ""
    yield f"{deployed.name}  on {target}: {deployed.ready} of {deployed.wanted} ready{whose}"
    yield from describe_addresses(deployed, options)


def describe_addresses(deployed: Deployed, options: Mapping[str, Json]) -> Iterator[str]:
    """The image by its digest, the address within the cluster, and how to ask from here."""
    from jupyter_mlpack.engines.kubernetes_rollout import forward

    yield f"  image           {deployed.image or deployed.reference.partition('@')[0]}  {deployed.digest}"
    yield f"  in the cluster  {deployed.address or 'no address yet'}"
    yield f"  from here       {forward(deployed, options)}"


def deployed_json(deployed: Deployed, target: str, options: Mapping[str, Json]) -> dict[str, Json]:
    """A deployment for machines."""
    from jupyter_mlpack.engines.kubernetes_rollout import forward

    fields = to_json(deployed)
    assert isinstance(fields, dict)
    return {"target": target, **fields, "digest": deployed.digest, "forward": forward(deployed, options)}
