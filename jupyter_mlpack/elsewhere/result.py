"""What a build elsewhere left -> the image in our store, as one that was built here, but for its launcher."""

from __future__ import annotations

import json
from collections.abc import Iterator

from jupyter_mlpack import errors
from jupyter_mlpack.elsewhere.layouts import own_layers
from jupyter_mlpack.events import Emit, LayerExported
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.analyze import image_reference
from jupyter_mlpack.lifecycle.gojson import go_json
from jupyter_mlpack.lifecycle.inputs import BuildInputs
from jupyter_mlpack.lifecycle.labels import BUILD_LABEL, LIFECYCLE_LABEL, ORIGINS_LABEL
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Image, ImageLayer, ImageProcess


@dataclass(frozen=True)
class Result:
    """The image as the lifecycle wrote it, on ``run_image``; ``previous`` is the one before it."""

    image: StoredImage
    run_image: StoredImage
    previous: StoredImage | None
    inputs: BuildInputs
    where: str

    def kept(self, store: Store) -> StoredImage:
        """In the store, with what a layout could not say; not yet named. Raises ``ResultUnusable``."""
        base = self.run_image.config.diff_ids
        if self.image.config.diff_ids[: len(base)] != base:
            raise errors.ResultUnusable(place=self.where, reason="It does not stand on the run image.")
        layers = own_layers(self.image)
        for layer in layers:
            store.remember(layer)
        return store.add_image(replace(self.image.config, labels=tuple(sorted(self.labels().items()))), layers)

    def labels(self) -> dict[str, str]:
        """The labels; that of the lifecycle names the run image, and not a folder in a container."""
        labels = dict(self.image.config.labels)
        names = self.inputs.run_image
        image, mirrors = (names.image, list(names.mirrors)) if names else (self.run_image.name, [])
        told = {"image": image, **({"mirrors": mirrors} if mirrors else {})}
        try:
            metadata = json.loads(labels[LIFECYCLE_LABEL])
            run = {"topLayer": metadata["runImage"]["topLayer"], "reference": image_reference(self.run_image)}
            used = {f"{one['id']}@{one['version']}" for one in json.loads(labels[BUILD_LABEL])["buildpacks"]}
        except (KeyError, TypeError, ValueError) as error:
            raise errors.ResultUnusable(place=self.where, reason="Its labels are not those of a lifecycle.") from error
        labels[LIFECYCLE_LABEL] = go_json({**metadata, "runImage": {**run, **told}, "stack": {"runImage": told}})
        origins = {name: word for name, word in sorted(self.inputs.origins) if name in used}
        return labels | ({ORIGINS_LABEL: go_json(origins)} if origins else {})

    def value(self, name: str, kept: StoredImage) -> Image:
        """The image under ``name``; what the run image or the previous image brought counts as reused."""
        known = {*self.run_image.config.diff_ids, *(self.previous.config.diff_ids if self.previous else ())}
        history = [entry for entry in kept.config.history if not entry.empty_layer]
        made = [entry.created_by for entry in history] if len(history) == len(kept.layers) else [""] * len(kept.layers)
        layers = tuple(
            ImageLayer(one.diff_id, one.descriptor.digest, one.descriptor.size, origin, one.diff_id in known)
            for one, origin in zip(kept.layers, made, strict=True)
        )
        processes = tuple(processes_of(dict(kept.config.labels)[BUILD_LABEL]))
        digests = {"digest": kept.descriptor.digest, "id": kept.manifest.config.digest}
        labels = kept.config.labels
        return Image(reference=name, size=kept.size, layers=layers, processes=processes, labels=labels, **digests)

    def tell(self, image: Image, emit: Emit) -> int:
        """Each layer that the build added; how many of them were there before."""
        own = image.layers[len(self.run_image.layers) :]
        for layer in own:
            emit(LayerExported(layer.origin, layer.diff_id, layer.size, layer.reused))
        return sum(layer.reused for layer in own)


def processes_of(label: str) -> Iterator[ImageProcess]:
    """The processes that the build label lists."""
    told = json.loads(label)
    default = told.get("buildpack-default-process-type")
    for entry in told.get("processes") or ():
        command = entry.get("command") or ()
        words = (command,) if isinstance(command, str) else tuple(command)
        yield ImageProcess(entry["type"], words, tuple(entry.get("args") or ()), entry["type"] == default)
