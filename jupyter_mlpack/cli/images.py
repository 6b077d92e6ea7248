"""``jupyter mlpack images``: list the images of the content store, send one somewhere, or remove one."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from traitlets import Bool

from jupyter_mlpack.cli.base import Command
from jupyter_mlpack.cli.machine import MachineMixin, OutputsMixin
from jupyter_mlpack.cli.report import Reporter
from jupyter_mlpack.errors import ImageUnknown
from jupyter_mlpack.events import Noticed
from jupyter_mlpack.lifecycle.description import describe_image
from jupyter_mlpack.lifecycle.rebasable import is_outdated
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.publish import check_outputs, publish
from jupyter_mlpack.values import Json, Notice


class ImagesCommand(OutputsMixin, MachineMixin, Command):
    """List, export or remove images."""

    name = "jupyter-mlpack-images"
    usage = "jupyter mlpack images [IMAGE [options]]"
    words = """
Without an argument: the images in the content store. With one: send that image to the places named by the options,
or remove its name."""
    options = (
        *OutputsMixin.output_options,
        ("--remove", "remove the name and all that no other image needs; again is no error"),
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
            outdated = frozenset(image.name for image in images if is_outdated(image, store))
            data = [{**image_json(image), "outdated": image.name in outdated} for image in images]
            reporter.result(describe_images(images, outdated), {"images": data})
            return 0
        name = self.extra_args[0]
        if self.remove:
            return self.forget(name, store, reporter)
        if store.image(name) is None:
            raise ImageUnknown(name=name, known=", ".join(image.name for image in store.images()) or "none yet")
        outputs = self.outputs()
        check_outputs(outputs)
        delivered = publish(name, outputs, store, reporter)
        reporter.result("\n".join(delivered), {"delivered": list(delivered)})
        return 0

    def forget(self, name: str, store: Store, reporter: Reporter) -> int:
        """Remove a name, and say what that freed. One that is not there is as good as removed."""
        from jupyter_mlpack.removal import remove_image

        there = store.image(name) is not None
        removed = remove_image(store, name)
        if removed.busy:
            text = "The store is in use; the layers that only this image needed go with a later removal."
            reporter(Noticed(Notice("store-busy", text)))
        said = f"removed {name}" if there else f"there is no image called {name}"
        reporter.result(f"{said}, {removed.freed / 1e6:.1f} MB freed", {"removed": name, "freed": removed.freed})
        return 0


def image_json(image: StoredImage) -> dict[str, Json]:
    """An image and its layers, the lowest first."""
    described = describe_image(image, "store").layers
    told = [entry.created_by for entry in image.config.history if not entry.empty_layer]
    told += [""] * (len(image.layers) - len(told))
    # A rebase drops the history; the label names the layers still.
    origins = [text or f"{layer.part}: {layer.name}" for text, layer in zip(told, described, strict=False)]
    layers: list[Json] = [
        {
            "diff_id": layer.diff_id,
            "digest": layer.descriptor.digest,
            "size": layer.descriptor.size,
            "origin": origin,
        }
        for layer, origin in zip(image.layers, origins, strict=False)
    ]
    return {"name": image.name, "digest": image.descriptor.digest, "size": image.size, "layers": layers}


def describe_images(images: tuple[StoredImage, ...], outdated: Collection[str] = ()) -> str:
    """A table of names, digests and sizes, and what has a newer run image here."""
    if not images:
        return "No images yet. Make one: jupyter mlpack build NOTEBOOK"
    width = max(len(image.name) for image in images)
    lines = [f"{image.name:<{width}}  {describe_size(image)}" for image in images]
    newer = [name for name in (image.name for image in images) if name in outdated]
    lines += [f"There is a newer run image for {name}: jupyter mlpack rebase {shlex.quote(name)}" for name in newer]
    return "\n".join(lines)


def describe_size(image: StoredImage) -> str:
    """Digest, size and number of layers, in columns."""
    return f"{image.descriptor.digest[:19]}  {image.size / 1e6:8.1f} MB  {len(image.config.diff_ids):3} layers"
