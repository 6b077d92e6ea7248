"""A build as others are asked for it, as data: an image with builder and application in it, its command, kpack's Build.

Nothing secret is in any of it: what a cluster keeps of a build, many people can read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.elsewhere.contents import planned_entry, variables
from jupyter_mlpack.elsewhere.phases import APP, PROGRAMS, Names
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, StoredImage
from jupyter_mlpack.oci.reference import DEFAULT_TAG, parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, write_tar
from jupyter_mlpack.values import BuildPlan, JobTarget, Json

SOURCE, READY = "Source of a notebook's image", "A notebook's application, to be built"
ROOT_SPECIFIC = len(APP)
NODE_LABELS_OF_KPACK = ("kubernetes.io/arch", "kubernetes.io/os")
"""kpack takes both from the builder image, and its webhook refuses a ``Build`` that names them."""
MANAGER = {"app.kubernetes.io/managed-by": "jupyter-mlpack"}


@dataclass(frozen=True)
class Places:
    """Where a target's registry has what a build needs and makes: references with tags."""

    image: str
    run: str
    builder: str
    source: str


def places(plan: BuildPlan, target: JobTarget) -> Places:
    """All of them below the target's prefix; the image by its own name, as ``submit`` calls it."""
    prefix, own = target.registry.rstrip("/"), parse_reference(plan.name)
    base = f"{plan.stack.name}-{plan.target.arch}"
    name = f"{prefix}/{own.repository.removeprefix('library/')}"
    return Places(
        image=f"{name}:{own.tag or DEFAULT_TAG}",
        run=f"{prefix}/mlpack-run:{base}",
        builder=f"{prefix}/mlpack-builder:{base}",
        source=f"{name}-source:{own.tag or DEFAULT_TAG}",
    )


def source_image(plan: BuildPlan, store: Store) -> StoredImage:
    """The application folder as the one layer of an image, at its root: so kpack wants its sources."""
    entries = (replace(entry, name=entry.name[ROOT_SPECIFIC:]) for entry in map(planned_entry, plan.files))
    layer = store.add_layer(functools.partial(write_tar, entries=with_parents(entries, (0, 0), {"/"})))
    config = ImageConfig(plan.target.arch, "linux", (layer.diff_id,), (History(CREATED, SOURCE),))
    return store.add_image(config, [layer])


def ready_image(
    plan: BuildPlan, builder: StoredImage, told: Mapping[str, str], user: tuple[int, int], store: Store
) -> StoredImage:
    """The builder with the application in its place, and what the buildpacks are told: it builds when it is started."""
    files = [planned_entry(planned) for planned in plan.files]
    files += variables(told)
    known = {"/", "/platform", "/platform/env", APP}
    layer = store.add_layer(functools.partial(write_tar, entries=with_parents(files, user, known)))
    old = builder.config
    config = replace(
        old,
        diff_ids=(*old.diff_ids, layer.diff_id),
        history=(*old.history, History(CREATED, READY)),
        entrypoint=(f"{PROGRAMS}/creator",),
        cmd=(),
    )
    return store.add_image(config, [*builder.layers, layer])


def with_parents(entries: Iterable[TarEntry], user: tuple[int, int], made: set[str]) -> Iterator[TarEntry]:
    """The entries as the user's own, each behind the folders that it is in."""
    known = set(made)
    for entry in entries:
        for parent in parent_entries(entry.name):
            if parent.name not in known:
                known.add(parent.name)
                yield replace(parent, uid=user[0], gid=user[1])
        yield replace(entry, uid=user[0], gid=user[1])


def creator_words(names: Names) -> tuple[str, ...]:
    """What the creator is told where the image goes to a registry."""
    return (f"-run-image={names.run}", names.image)


def kpack_build(
    plan: BuildPlan, at: Places, source: str, told: Mapping[str, str], options: Mapping[str, Json]
) -> dict[str, Json]:
    """kpack's ``Build``. ``source`` is the pushed source by its digest, ``options`` the target's own."""
    own = parse_reference(plan.name).repository.rpartition("/")[2]
    name = "".join(letter if letter.isalnum() else "-" for letter in own.lower()).strip("-")[:40]
    env: list[Json] = [{"name": key, "value": told[key]} for key in sorted(told)]
    spec: dict[str, Json] = {
        "tags": [at.image],
        "serviceAccountName": str(options.get("service_account") or "default"),
        "builder": {"image": at.builder},
        "runImage": {"image": at.run},
        "source": {"registry": {"image": source}},
        "env": env,
    }
    if options.get("pull_secret"):
        pull: Json = [{"name": str(options["pull_secret"])}]
        spec["builder"] = {"image": at.builder, "imagePullSecrets": pull}
        spec["source"] = {"registry": {"image": source, "imagePullSecrets": pull}}
    nodes = options.get("nodes_with")
    if isinstance(nodes, dict):
        chosen = sorted((key, value) for key, value in nodes.items() if key not in NODE_LABELS_OF_KPACK)
        spec["nodeSelector"] = {str(key): str(value) for key, value in chosen}
    if options.get("tolerations"):
        spec["tolerations"] = options["tolerations"]
    metadata: dict[str, Json] = {"generateName": f"{name}-", "labels": {**MANAGER}}
    if options.get("namespace"):
        metadata["namespace"] = str(options["namespace"])
    return {"apiVersion": "kpack.io/v1alpha2", "kind": "Build", "metadata": metadata, "spec": spec}
