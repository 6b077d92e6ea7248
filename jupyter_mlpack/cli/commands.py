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
        "images": ("jupyter_mlpack.cli.images.ImagesCommand", "list, export or remove images"),
    }
    examples = """
jupyter mlpack inspect train.ipynb
jupyter mlpack build train.ipynb
jupyter mlpack run train:training -p epochs=3
jupyter mlpack build train.ipynb --push registry.example.com/team/train:1
jupyter mlpack build --help"""

    def start(self) -> None:
        """Run the subcommand; alone, show the help."""
        if self.subapp is not None:
            self.subapp.start()
            return
        self.print_help()
        self.exit(0 if not self.extra_args else 2)
