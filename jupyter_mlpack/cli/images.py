"""``jupyter mlpack images``: list the images of the content store, send one somewhere, or remove one."""

from __future__ import annotations

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import ImageUnknown
from jupyter_mlpack.oci import StoredImage
from jupyter_mlpack.publish import check_outputs, publish


class ImagesCommand(OutputsMixin, MachineMixin, Command):
    """List, export or remove images."""

    name = "jupyter-mlpack-images"
    usage = "jupyter mlpack images [IMAGE [options]]"
    words = """
Without an argument: the images in the content store. With one: send that image to the places named by the options,
or remove its name."""
    options = (
        *OutputsMixin.output_options,
        ("--remove", "remove the name (layers that other images use stay)"),
    )
    examples = """
jupyter mlpack images
jupyter mlpack images train:training --push localhost:5000/train:1 --insecure
jupyter mlpack images train:training --remove"""
    aliases = {
        **Command.common_aliases,
        **OutputsMixin.output_aliases,
    }
    flags = {
        **Command.common_flags,
        **OutputsMixin.output_flags,
        "remove": ({"ImagesCommand": {"remove": True}}, "Remove the name."),
    }

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
        outputs = self.outputs()
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
