"""``jupyter mlpack images``: list the images of the content store, send one somewhere, or remove one."""

from __future__ import annotations

from pathlib import Path

from traitlets import Bool, List, Unicode

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import ImageUnknown
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.publish import Outputs, check_outputs, publish


class ImagesCommand(MachineMixin, Command):
    """List, export or remove images."""

    name = "jupyter-mlpack-images"
    usage = "jupyter mlpack images [IMAGE [options]]"
    words = """
Without an argument: the images in the content store. With one: send that image to the places named by the options,
or remove its name."""
    options = (
        ("--layout DIR", "write an OCI layout folder"),
        ("--archive FILE", "write an archive for `docker load`"),
        ("--load", "load it into the local Docker daemon"),
        ("--push REFERENCE", "push it to a registry; repeatable"),
        ("--insecure", "plain HTTP is allowed for the registries named here"),
        ("--remove", "remove the name (layers that other images use stay)"),
    )
    examples = """
jupyter mlpack images
jupyter mlpack images train:training --push localhost:5000/train:1 --insecure
jupyter mlpack images train:training --remove"""
    aliases = {
        **Command.common_aliases,
        "layout": "ImagesCommand.layout",
        "archive": "ImagesCommand.archive",
        "push": "ImagesCommand.push",
    }
    flags = {
        **Command.common_flags,
        "load": ({"ImagesCommand": {"load": True}}, "Load the image into the local Docker daemon."),
        "insecure": ({"ImagesCommand": {"insecure": True}}, "Allow plain HTTP for the registries named."),
        "remove": ({"ImagesCommand": {"remove": True}}, "Remove the name."),
    }

    layout = Unicode(help="Folder for an OCI layout.").tag(config=True)
    archive = Unicode(help="File for a Docker archive.").tag(config=True)
    push = List(Unicode(), help="References to push to.").tag(config=True)
    load = Bool(False, help="Load into the local Docker daemon.").tag(config=True)
    insecure = Bool(False, help="Allow plain HTTP for the registries named.").tag(config=True)
    remove = Bool(False, help="Remove the name.").tag(config=True)

    def run(self, reporter: Reporter) -> int:
        """List, deliver or remove."""
        store = self.store()
        if not self.extra_args:
            images = store.images()
            rows = [{"name": image.name, "digest": image.descriptor.digest, "size": image.size} for image in images]
            reporter.result(describe_images(images), {"images": rows})
            return 0
        name = self.extra_args[0]
        if store.image(name) is None:
            raise ImageUnknown(name=name, known=", ".join(image.name for image in store.images()) or "none yet")
        if self.remove:
            store.untag(name)
            reporter.result(f"removed {name}", {"removed": name})
            return 0
        layout, archive = (Path(text) if text else None for text in (self.layout, self.archive))
        outputs = Outputs(layout, archive, self.load, tuple(self.push), self.insecure)
        check_outputs(outputs)
        delivered = publish(name, outputs, store, reporter)
        reporter.result("\n".join(delivered), {"delivered": list(delivered)})
        return 0


def describe_images(images: tuple[StoredImage, ...]) -> str:
    """A table of names, digests and sizes."""
    if not images:
        return "No images yet. Make one: jupyter mlpack build NOTEBOOK"
    width = max(len(image.name) for image in images)
    return "\n".join(f"{image.name:<{width}}  {describe_size(image)}" for image in images)


def describe_size(image: StoredImage) -> str:
    """Digest, size and number of layers, in columns."""
    return f"{image.descriptor.digest[:19]}  {image.size / 1e6:8.1f} MB  {len(image.config.diff_ids):3} layers"
