"""Requirements made to fit the hardware of their image: other builds, extras and bounds by the table. Pure.

What a notebook's packages ask for in turn shows in a lock only: so a fitting is made from what a first lock held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.hardware.images import (
    HardwareImage,
    hardware_extras,
    hardware_image,
    is_made_for,
    spared,
)
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.resolution.cuda import kernel_bounds
from jupyter_mlpack.resolution.lock import LockRequest, line_name
from jupyter_mlpack.values import Lock

LINE = pattern(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(?:\[(?P<extras>[^\]]*)\])?(?P<rest>.*)", re.DOTALL)
BUILD = pattern(r"(?<=\d)\+(?:cpu|xpu|cu\d+|rocm[\d.]+)")
"""The part of a version that names the build of torch and its kin."""


@dataclass(frozen=True)
class Leave:
    """What is left aside to find a lock at all."""

    replacements: bool = False
    extras: bool = False
    bounds: bool = False


LEAVES = (
    Leave(), Leave(replacements=True), Leave(extras=True), Leave(bounds=True), Leave(extras=True, bounds=True),
    Leave(replacements=True, extras=True, bounds=True),
)  # fmt: skip
"""What is tried in turn. ``replacements`` are only those that may be spared (``[spared]`` in the table)."""


@dataclass(frozen=True)
class Fitting:
    """``request`` is what was asked, ``image`` what it shall fit, ``backend`` uv's word for torch's builds or empty.
    ``places`` are rows of the table with the index or folder that has their wheels, the first that has a name counts.
    """

    request: LockRequest
    image: HardwareImage
    backend: str = ""
    places: tuple[tuple[HardwareImage, str], ...] = ()

    def fitted(self, held: Mapping[str, str], leave: Leave) -> LockRequest:
        """The request; ``held`` (empty at first) are the packages, with versions, that are known to be needed."""
        swaps = {name: new for name, new in self._swaps().items() if not (leave.replacements and spared(name))}
        lines = [self._line(line, swaps, leave) for line in self.request.requirements]
        asked = {line_name(line) for line in lines}
        excludes: set[str] = set()
        for name, version in held.items():
            new = self._transitive(swaps).get(name)
            if new:
                excludes.add(name)
                lines += [new if line_name(new) != new else f"{new}=={version}"] if line_name(new) not in asked else []
            if leave.replacements and spared(name):
                excludes.update(spared(name))
        needed = asked | held.keys()
        excludes.update(out for name, more in self.image.without.items() if name in needed for out in more.split())
        lines += [f"{name}[{extra}]" for name, extra in self._extras(leave) if name in needed - asked]
        wanted = [(name, line) for name, more in self.image.add.items() for line in more.split()]
        wanted = [(name, line) for name, line in wanted if name in held or (name in asked and self.place(line))]
        lines += [line for _, line in wanted if line_name(line) not in needed]
        kept = tuple(self._line(line, swaps, Leave(extras=True)) for line in self.request.constraints)
        return replace(
            self.request,
            requirements=tuple(dict.fromkeys(lines)),
            constraints=kept if leave.bounds else tuple(dict.fromkeys((*kept, *self._bounds()))),
            bounds=(),
            settings=self._settings(),
            excludes=tuple(sorted(excludes)),
            explicit=tuple(self._indexed({*map(line_name, lines), *needed})),
        )

    def needs_vendor(self, request: LockRequest, lock: Lock) -> list[str]:
        """The names that nobody but the vendor's own index has, where no such index is known."""
        names = {line_name(line) for line in request.requirements} | {package.name for package in lock.packages}
        names |= {line_name(new) for name, more in self.image.add.items() if name in names for new in more.split()}
        return sorted(name for name in names if self.image.is_vendors(name) and not self.place(name))

    def _swaps(self) -> Mapping[str, str]:
        """Names -> what stands for them where the notebook itself asks."""
        every = {**self.image.replace, **self.image.asked}
        arch = self.request.target.arch
        return {name: new for name, new in every.items() if is_made_for(line_name(new), arch)}

    def _transitive(self, swaps: Mapping[str, str]) -> Mapping[str, str]:
        return {name: new for name, new in swaps.items() if name in self.image.replace}

    def _extras(self, leave: Leave) -> Iterator[tuple[str, str]]:
        if not leave.extras:
            yield from self.image.extras.items()

    def _line(self, line: str, swaps: Mapping[str, str], leave: Leave) -> str:
        """One line of the notebook as the image needs it."""
        name = line_name(line)
        if name not in swaps and name not in self.image.extras and "[" not in line and "+" not in line:
            return line  # most are: each rebuild passes here
        found = LINE.match(line)
        if found is None or "@" in line.partition(";")[0]:
            return line
        rest = found["rest"]
        new = swaps.get(name, name)
        given = [extra.strip() for extra in (found["extras"] or "").split(",") if extra.strip()]
        extras = [extra for extra in given if extra.lower() not in hardware_extras(name)]
        extras += [more for target, more in self._extras(leave) if target == line_name(new)]
        build = self.backend or self.image.torch
        if build and (self.place(name) or hardware_image("cpu").is_indexed(name)):
            rest = BUILD.sub(lambda said: said[0] if said[0] == f"+{build}" else "", rest)
        if new == name and extras == given and rest == found["rest"]:
            return line
        listed = f"[{','.join(extras)}]" if extras else ""
        return f"{new}{rest}" if line_name(new) != new else f"{new}{listed}{rest}"

    def _bounds(self) -> tuple[str, ...]:
        """The table's, and those of the card, for what comes from the default index."""
        every = (*self.image.bounds, *(self.request.bounds or kernel_bounds(self.image.cuda)))
        return tuple(line for line in every if not self._chosen(line_name(line)))

    def _chosen(self, name: str) -> bool:
        """Whether the distribution comes from where all builds are for the image."""
        return bool(self.place(name)) or (bool(self.backend) and self.image.is_indexed(name))

    def _settings(self) -> dict[str, str]:
        settings = {name: value for name, value in self.request.settings.items() if name != "UV_TORCH_BACKEND"}
        return {**settings, "UV_TORCH_BACKEND": self.backend} if self.backend else settings

    def place(self, name: str) -> str:
        """Where the distribution (normalised) is taken from, if not from where all others are."""
        return next((place for row, place in self.places if row.is_indexed(name)), "")

    def _indexed(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The names that have a place of their own, and that."""
        yield from ((name, place) for name in sorted(names) if (place := self.place(name)))
