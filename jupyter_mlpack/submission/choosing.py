"""Which target takes a job: the one that was named, else the first that fits; refused before anything is built."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack import errors
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.values import JobTarget, Resources


def choose_target(targets: Mapping[str, JobTarget], named: str, needs: Resources, platform: str) -> JobTarget:
    """The target called ``named``; for an empty name the first that offers what the job needs.

    Raises ``TargetUnknown``, ``TargetUnfit`` and ``NoTargetFits``.
    """
    if named:
        if named not in targets:
            raise unknown(named, targets)
        target = targets[named]
        problems = list(unfit(target, needs, platform))
        if problems:
            raise errors.TargetUnfit(target=named, problems="; ".join(problems))
        return target
    refusals = []
    for target in targets.values():
        problems = list(unfit(target, needs, platform))
        if not problems:
            return target
        refusals.append(f"{target.name}: {'; '.join(problems)}")
    raise errors.NoTargetFits(wish=in_words(needs, platform), refusals="\n".join(refusals))


def unknown(named: str, targets: Iterable[str]) -> errors.TargetUnknown:
    """What to say of a name that no target has."""
    names = list(targets)
    near = difflib.get_close_matches(named, names, n=1)
    known = [f"{name} (perhaps that one)" if name in near else name for name in names]
    return errors.TargetUnknown(target=named, known=", ".join(known))


def unfit(target: JobTarget, needs: Resources, platform: str) -> Iterator[str]:
    """Why a target cannot take the job."""
    if platform not in target.platforms and target.accelerators:
        yield f"the image is for {platform}, it runs {', '.join(target.platforms)}"
    if not offers(target, needs.accelerator):
        yield f"the image is for {needs.accelerator}, it offers {', '.join(target.accelerators)}"
    for wish, most, unit in (
        (needs.gpus, target.gpus, "GPUs"),
        (needs.cpus, target.cpus or needs.cpus, "CPUs"),
        (needs.memory / 1e9, (target.memory or needs.memory) / 1e9, "GB of memory"),
        (needs.seconds, target.seconds or needs.seconds, "seconds"),
        (needs.nodes, target.nodes, "nodes"),
    ):
        if wish > most:
            yield f"{wish:g} {unit} are wished, it gives {most:g} to a job at most" if most else f"it has no {unit}"


def offers(target: JobTarget, accelerator: str) -> bool:
    """Whether an image for ``accelerator`` (a row of the table, or a kind) runs there; for the CPU, anywhere."""
    rows = hardware_images()
    row = rows.get(accelerator)
    kind = row.kind if row else accelerator
    if not target.accelerators or kind == "cpu":
        return True
    kinds = {rows[name].kind for name in target.accelerators if name in rows}
    return accelerator in target.accelerators or kind in target.accelerators or (row is None and kind in kinds)


def in_words(needs: Resources, platform: str) -> str:
    """What a job needs."""
    words = [f"an image for {needs.accelerator} on {platform}"]
    words += [f"{needs.gpus} GPUs"] if needs.gpus else []
    words += [f"{needs.cpus:g} CPUs"] if needs.cpus else []
    words += [f"{needs.memory / 1e9:g} GB"] if needs.memory else []
    words += [f"{needs.seconds} seconds"] if needs.seconds else []
    words += [f"{needs.nodes} nodes"] if needs.nodes > 1 else []
    return ", ".join(words)
