"""A lock for the hardware of its target: the fitting builds, one CUDA or none, from where these builds are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.inspection.hardware.facts import names
from jupyter_mlpack.inspection.hardware.images import SETTING, HardwareImage, hardware_image, hardware_images
from jupyter_mlpack.resolution import lock as plain
from jupyter_mlpack.resolution.cuda import cuda_packages
from jupyter_mlpack.resolution.fitting import LEAVES, Fitting, Leave
from jupyter_mlpack.resolution.lock import LockRequest, line_name
from jupyter_mlpack.resolution.needs_file import is_flat
from jupyter_mlpack.values import Lock, Target

ROUNDS = 5
"""So often is asked anew because a lock showed what else is needed."""
AT_HAND = "default"
"""In place of an index: the machine's own indexes have the wheels."""


def resolve(request: LockRequest, cache: Path, *, refresh: bool = False) -> Lock:
    """``lock.resolve`` for the target's accelerator.

    Raises what that raises, and: wheels of the accelerator out of reach or on no index, CUDA where none belongs.
    """
    image = hardware_image(request.target.accelerator)
    fitting = make_fitting(request, image)
    search = Search(fitting, cache, refresh)
    refusals: list[errors.MlpackError] = []
    for leave in LEAVES:
        found = search.outcome(leave)
        if isinstance(found, Lock):
            return found
        refusals += [found] if found else []
    raise next((one for one in refusals if isinstance(one, (errors.CudaInImage, errors.CudaLines))), refusals[0])


def make_fitting(request: LockRequest, image: HardwareImage) -> Fitting:
    """Where the accelerator's wheels are taken from: an index of their own, uv's back end, the machine's indexes."""
    said = request.settings.get("UV_TORCH_BACKEND", "")
    backend = said if is_fitting(said, image) else image.torch
    rows = dict.fromkeys((image, hardware_images().get(image.torch, image)))
    named = [(row, place) for row in rows if (place := request.settings.get(row.setting) or row.index)]
    has_torch = any(row.is_indexed("torch") for row, _ in named)
    return Fitting(
        request, image, "" if has_torch else backend, tuple((row, place) for row, place in named if place != AT_HAND)
    )


def is_fitting(backend: str, image: HardwareImage) -> bool:
    """Whether a back end that the machine or the user names has builds for the image."""
    if image.cuda:
        return bool(re.fullmatch(rf"cu{image.cuda}\d", backend))
    family = re.sub(r"[\d.]+$", "", image.torch)
    return bool(family) and re.sub(r"[\d.]+$", "", backend) == family


@dataclass
class Search:
    """One search for a lock; ``failed`` are the refusals of requests by their keys."""

    fitting: Fitting
    cache: Path
    refresh: bool
    failed: dict[str, errors.ResolutionError] = field(default_factory=dict)

    def outcome(self, leave: Leave) -> Lock | errors.MlpackError | None:
        """The lock, or why there is none; raises what no leaving aside can mend."""
        try:
            lock = self.lock(leave)
            check_cuda(lock, self.fitting.image)
        except errors.IndexUnreachable:
            raise
        except (errors.ResolutionError, errors.CudaInImage, errors.CudaLines) as refusal:
            return refusal
        return None if leave.extras and not cuda_packages(lock) else lock

    def lock(self, leave: Leave) -> Lock:
        """The lock that asks for nothing more. Raises leaves of ``ResolutionError``."""
        held: dict[str, str] = {}
        request = self.fitting.fitted(held, leave)
        own = {line_name(line) for line in request.requirements}
        for _ in range(ROUNDS):
            self._check_vendor(request, Lock(()))
            try:
                lock = self._resolved(request)
            except errors.PackageUnknown as unknown:
                name = line_name(str(unknown.data["package"]))
                if name in held or not self.fitting.place(name):
                    raise
                held[name] = ""  # only the accelerator's own index has it, and something of it needs it
                request = self.fitting.fitted(held, leave)
                continue
            self._check_vendor(request, lock)
            ours = {line_name(line) for line in request.requirements} - own
            held = {**{package.name: package.version for package in lock.packages if package.name not in ours}, **held}
            further = self.fitting.fitted(held, leave)
            if further == request:
                break
            request = further
        return lock

    def _resolved(self, request: LockRequest) -> Lock:
        key = request.key()
        if key in self.failed:
            raise self.failed[key]
        try:
            return plain.resolve(request, self.cache, refresh=self.refresh)
        except errors.IndexUnreachable as failure:
            raise self._unreachable(request, failure) from failure
        except errors.ResolutionError as refusal:
            self.failed[key] = refusal
            raise

    def _unreachable(self, request: LockRequest, failure: errors.IndexUnreachable) -> errors.MlpackError:
        """``failure``, or that only the accelerator's own index does not answer: the others are asked without it."""
        image = self.fitting.image
        settings = {name: value for name, value in request.settings.items() if name != "UV_TORCH_BACKEND"}
        if len(settings) == len(request.settings) and not request.explicit:
            return failure
        try:
            plain.compile_requirements(replace(request, settings=settings, explicit=()))
        except errors.IndexUnreachable:
            return failure
        except errors.ResolutionError:
            pass
        reason, detail = failure.data["reason"], failure.data["detail"]
        return errors.AcceleratorIndexUnreachable(
            accelerator=image.words, setting=image.setting, reason=reason, detail=detail
        )

    def _check_vendor(self, request: LockRequest, lock: Lock) -> None:
        image, missing = self.fitting.image, self.fitting.needs_vendor(request, lock)
        if missing:
            names = ", ".join(missing)
            raise errors.AcceleratorIndexMissing(accelerator=image.words, packages=names, setting=image.setting)


def check_cuda(lock: Lock, image: HardwareImage) -> None:
    """Raises ``CudaInImage`` where no CUDA belongs, ``CudaLines`` where another than the image's, or two are."""
    carried = cuda_packages(lock)
    lines = set(carried.values())
    if not lines or lines == {image.cuda}:
        return
    shown = shortened([name for name, line in carried.items() if line != image.cuda])
    if not image.cuda:
        askers = [package.name for package in lock.packages if names("builds").get(package.name) == "cuda"]
        who = shortened(askers) if askers else "the notebook's own requirements"
        raise errors.CudaInImage(accelerator=image.words, packages=shown, askers=who)
    found = " and ".join(sorted(lines))
    other = next(iter(lines)) if len(lines) == 1 else ""
    advice = f"Choose --accelerator cuda{other}." if other else "Choose another --accelerator, or other versions."
    raise errors.CudaLines(line=image.cuda, found=found, packages=shown, advice=advice)


def shortened(names: Iterable[str]) -> str:
    """``a, b``, or ``a, b and 3 more``."""
    listed = list(names)
    return ", ".join(listed) if len(listed) <= 3 else f"{', '.join(listed[:2])} and {len(listed) - 2} more"


def accelerator_settings(settings: Mapping[str, str], target: Target) -> dict[str, str]:
    """uv's settings to install a lock from where it was made. The lock's hashes say which wheel it is.

    Nothing changes while the machine's own indexes have it all.
    """
    image = hardware_image(target.accelerator)
    fitting = make_fitting(LockRequest((), (), target, settings), image)
    kept = {name: value for name, value in settings.items() if not name.startswith((SETTING, "UV_TORCH_BACKEND"))}
    if fitting.backend:
        kept["UV_TORCH_BACKEND"] = fitting.backend
    for _, place in fitting.places:
        name = "UV_EXTRA_INDEX_URL" if "UV_EXTRA_INDEX_URL" in kept else "UV_INDEX"
        if is_flat(place):
            kept["UV_FIND_LINKS"] = ",".join(filter(None, (kept.get("UV_FIND_LINKS"), place)))
        else:
            kept[name] = " ".join(filter(None, (kept.get(name), place)))
            kept["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return kept
