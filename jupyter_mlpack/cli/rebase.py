"""``jupyter mlpack rebase IMAGE``."""

from __future__ import annotations

from traitlets import Bool, List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import AccessMixin, MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import ImageNotNamed
from jupyter_mlpack.rebasing import RebaseOutcome, RebaseWish, rebase_image, refresh_run_image
from jupyter_mlpack.values import to_json


class RebaseCommand(AccessMixin, MachineMixin, Command):
    """Put an image on another run image."""

    name = "jupyter-mlpack-rebase"
    usage = "jupyter mlpack rebase IMAGE [options]"
    words = """
Puts an image on today's run image, with the distribution's fixes, without building it: no layer of the notebook or of
its packages is read or sent. IMAGE is a name of the content store, a reference in a registry (with its host), or
oci:FOLDER[:NAME] for an OCI layout. Without --run-image it is the one that the image names: in the image's own
registry if it is there, else in another, else in the store."""
    options = (
        ("--run-image REF", "the new run image: a name of the store, a reference in a registry, or oci:FOLDER"),
        ("--upgrade", "make the store's run image anew first, with the distribution's fixes"),
        ("--name NAME", "names of the result instead of IMAGE's own, in the same store or registry; repeatable"),
        ("--force", "although the image is not made for that run image"),
        ("--arch ARCH", "which image, where there is one for each of several (default: this machine's)"),
        ("--insecure", "plain HTTP is allowed to a registry on this machine"),
        ("--insecure-host HOST", "plain HTTP is allowed to this host; repeatable"),
    )
    examples = """
jupyter mlpack rebase train:training --upgrade
jupyter mlpack rebase registry.example.com/team/train:1
jupyter mlpack rebase registry.example.com/team/train:1 --name registry.example.com/team/train:2
jupyter mlpack rebase oci:train-layout --run-image registry.example.com/base/run:12"""
    aliases = {
        **Command.common_aliases,
        **MachineMixin.machine_aliases,
        "name": "RebaseCommand.names",
        "insecure-host": "RebaseCommand.insecure_hosts",
    }
    flags = {
        **Command.common_flags,
        "force": ({"RebaseCommand": {"force": True}}, "Rebase although it does not fit."),
        "upgrade": ({"RebaseCommand": {"upgrade": True}}, "Make the run image anew first."),
        "insecure": ({"RebaseCommand": {"insecure": True}}, "Allow plain HTTP to a registry on this machine."),
    }

    names = List(Unicode(), help="Names of the result instead of the image's own.").tag(config=True)
    force = Bool(False, help="Rebase although the image is not made for that run image.").tag(config=True)
    upgrade = Bool(False, help="Make the store's run image anew first.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """Rebase, and say what stands on what now."""
        if len(self.extra_args) != 1:
            raise ImageNotNamed(given=len(self.extra_args))
        wish = RebaseWish(
            self.extra_args[0],
            self.run_image,
            tuple(self.names),
            force=self.force,
            arch=self.arch,
            access=self.access(),
        )
        if self.upgrade:
            refresh_run_image(wish, self.machine(), reporter)
        outcome = rebase_image(wish, self.store(), reporter)
        reporter.result(describe_rebase(outcome), {"rebased": to_json(outcome)})
        return 0


def describe_rebase(outcome: RebaseOutcome) -> str:
    """Names, what they stand on, and the digest."""
    said = "stood on it already" if outcome.already else f"{outcome.kept} layers kept, none read"
    lines = [", ".join(outcome.names), f"  digest    {outcome.digest}"]
    return "\n".join([*lines, f"  run image {outcome.run_image} ({outcome.reference[:19]}), {said}"])
