"""The list of subcommands."""

from __future__ import annotations

from jupyter_mlpack.cli.base import Command


class MlpackApp(Command):
    """From a notebook to a running container."""

    name = "jupyter-mlpack"
    usage = "jupyter mlpack COMMAND ..."
    words = """
From a notebook to a running container, in seconds: without Docker, without root, without a Dockerfile.

`build` reads the notebook, finds out which packages and files it needs (at the versions of its kernel), and makes
an OCI image. `run` runs the training in it, here, and brings the executed notebook and its outputs back."""
    # by name: each is imported only when it is asked for
    subcommands = {
        "inspect": ("jupyter_mlpack.cli.inspect.InspectCommand", "what a notebook needs, and why"),
        "build": ("jupyter_mlpack.cli.build.BuildCommand", "make an image of a notebook"),
        "run": ("jupyter_mlpack.cli.run.RunCommand", "run the training in an image"),
        "submit": (
            "jupyter_mlpack.cli.submit.SubmitCommand",
            "run the training on a target: another machine, a cluster",
        ),
        "jobs": ("jupyter_mlpack.cli.jobs.JobsCommand", "list jobs, and the targets that there are"),
        "logs": ("jupyter_mlpack.cli.logs.LogsCommand", "what a job says"),
        "cancel": ("jupyter_mlpack.cli.cancel.CancelCommand", "end a job"),
        "attend": ("jupyter_mlpack.cli.attend.AttendCommand", ""),
        "fetch": ("jupyter_mlpack.cli.fetch.FetchCommand", "bring what a job wrote"),
        "deploy": ("jupyter_mlpack.cli.deploy.DeployCommand", "serve an inference image on a cluster"),
        "deployments": ("jupyter_mlpack.cli.deployments.DeploymentsCommand", "what is served on clusters, and where"),
        "undeploy": ("jupyter_mlpack.cli.undeploy.UndeployCommand", "remove a service from a cluster"),
        "images": ("jupyter_mlpack.cli.images.ImagesCommand", "list, export or remove images"),
        "inspect-image": ("jupyter_mlpack.cli.inspect_image.InspectImageCommand", "what an image is made of"),
        "rebase": ("jupyter_mlpack.cli.rebase.RebaseCommand", "put an image on another run image, in a second"),
        "builder": ("jupyter_mlpack.cli.builder.BuilderCommand", "builder images, for Docker, pack and kpack"),
        "buildpack": ("jupyter_mlpack.cli.buildpack.BuildpackCommand", "pack a buildpack of your own, look at one"),
        "stack": ("jupyter_mlpack.cli.stack.StackCommand", "what images stand on, also as a Dockerfile"),
        "cache": ("jupyter_mlpack.cli.cache.CacheCommand", "what is kept where, and to make room"),
    }
    examples = """
jupyter mlpack inspect train.ipynb
jupyter mlpack build train.ipynb
jupyter mlpack run train:training -p epochs=3
jupyter mlpack build train.ipynb --push registry.example.com/team/train:1
jupyter mlpack build --help"""

    def start(self) -> None:
        """Run the subcommand; alone, show the help."""
        self.run_subcommand()
