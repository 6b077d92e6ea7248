"""What is asked before a rebase: what an image stands on, and whether it may stand on another run image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.lifecycle.analyze import run_target
from jupyter_mlpack.lifecycle.labels import LIFECYCLE_LABEL
from jupyter_mlpack.lifecycle.records import RunTarget
from jupyter_mlpack.oci.manifest import ImageConfig, StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store

REBASABLE_LABEL = "io.buildpacks.rebasable"
STACK_LABEL = "io.buildpacks.stack.id"
MIXINS_LABEL = "io.buildpacks.stack.mixins"
TARGETS_SINCE = (0, 12)
"""The platform API from which on targets are compared; before, it was stacks."""


@dataclass(frozen=True)
class RunImageNames:
    """What an image's label says of its run image: the names it may be had under, the best first."""

    names: tuple[str, ...]
    reference: str

    def contains(self, name: str) -> bool:
        """Whether ``name`` is one of them; digests do not count."""
        return plain_name(name) in map(plain_name, self.names)


def run_image_names(app: StoredImage) -> RunImageNames:
    """Which run image an image stands on; raises ``NotRebasable`` where no label says so."""
    label = read_label(app)
    found = [entry for entry in (label["runImage"], (label.get("stack") or {}).get("runImage") or {}) if _names(entry)]
    return RunImageNames(_names(found[0]) if found else (), str(label["runImage"].get("reference", "")))


def read_label(app: StoredImage) -> dict[str, Any]:
    """The lifecycle's label; numbers in it are floats, as for Go. Raises ``NotRebasable``."""
    text = dict(app.config.labels).get(LIFECYCLE_LABEL, "")
    try:
        label = json.loads(text or "null", parse_int=float)
        if isinstance(label, dict) and isinstance(label.get("runImage"), dict):
            return label
    except ValueError:
        pass
    raise errors.NotRebasable(name=app.name, reason=f"It has no label {LIFECYCLE_LABEL} that can be read.")


def is_outdated(app: StoredImage, store: Store) -> bool:
    """Whether the store has another run image under the name of the one that ``app`` stands on."""
    try:
        label = read_label(app)
        names = _names(label["runImage"])
    except (errors.NotRebasable, TypeError):
        return False
    run = next(filter(None, map(store.image, names)), None)
    return run is not None and label["runImage"].get("topLayer") not in run.config.diff_ids[-1:]


def unfit(app: ImageConfig, run: ImageConfig) -> list[str]:
    """Why the layers of ``app`` may not work on ``run``, as sentences."""
    if platform_api(app) < TARGETS_SINCE:
        return []
    found = []
    if dict(app.labels).get(REBASABLE_LABEL) == "false":
        found.append("It is marked as not rebasable.")
    mine, other = run_target(app), run_target(run)
    if not fits(mine, other):
        found.append(f"It is made for {words(mine)}, the run image is {words(other)}.")
    return found


def platform_api(app: ImageConfig) -> tuple[int, ...]:
    """The platform API of the build that made an image; nothing where the image does not say."""
    text = dict(app.env).get("CNB_PLATFORM_API", "")
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def fits(app: RunTarget, run: RunTarget) -> bool:
    """Whether what runs on ``app`` runs on ``run``; what the run image leaves open fits."""
    same = (app.os, app.arch) == (run.os, run.arch)
    variant = not app.variant or not run.variant or app.variant == run.variant
    distro = run.distro in ("", app.distro) and run.distro_version in ("", app.distro_version)
    return same and variant and distro


def words(target: RunTarget) -> str:
    """``linux/amd64 (debian 12)``."""
    parts = "/".join(filter(None, (target.os, target.arch, target.variant)))
    distro = f"{target.distro} {target.distro_version}".strip()
    return f"{parts} ({distro})" if distro else parts


def unfit_stack(app: ImageConfig, run: ImageConfig) -> list[str]:
    """The same by the rules of older platforms, which nothing overrides: one stack, and none of its mixins missing."""
    if platform_api(app) >= TARGETS_SINCE:
        return []
    mine, other = dict(app.labels), dict(run.labels)
    if not mine.get(STACK_LABEL) or mine.get(STACK_LABEL) != other.get(STACK_LABEL):
        named = [labels.get(STACK_LABEL) or "(none)" for labels in (mine, other)]
        return [f"It is made for the stack {named[0]}, the run image is of {named[1]}."]
    missing = sorted(_mixins(mine) - _mixins(other))
    return [f"The run image lacks mixins: {', '.join(missing)}."] if missing else []


def unnamed(label: Mapping[str, Any], name: str) -> list[str]:
    """A sentence if ``name`` is none of the run images that the label knows."""
    entries = (label["runImage"], (label.get("stack") or {}).get("runImage") or {})
    known = [one for entry in entries for one in _names(entry)]
    if plain_name(name) in map(plain_name, known):
        return []
    return [f"It knows as run images: {', '.join(dict.fromkeys(known)) or 'none'}."]


def plain_name(name: str) -> str:
    """A name as it is compared: complete, with a tag, without a digest."""
    try:
        return str(parse_reference(name.partition("@sha256:")[0]))
    except errors.InputError:
        return name


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Name and mirrors of a run image; none where there is no name."""
    return (entry["image"], *(entry.get("mirrors") or ())) if entry.get("image") else ()


def _mixins(labels: Mapping[str, str]) -> set[str]:
    """The mixins of an image for its run-time stage."""
    try:
        return {name.rpartition(":")[2] for name in json.loads(labels.get(MIXINS_LABEL) or "[]")}
    except (ValueError, TypeError, AttributeError):
        return set()
