"""``check_hardware``: before the build, do the chosen wheels fit the hardware? Pure: lock and table decide.

Told are wheels without kernels for the declared card, the oldest driver that the lock's CUDA needs, a framework
whose wheels have no CUDA although a GPU is wanted, and CUDA in an image for a CPU. Only what cannot work is an error:
the target asks for CUDA, the code needs it without asking first, and its framework has no kernels for the card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.hardware.choose import PROVIDERS
from jupyter_mlpack.inspection.hardware.facts import kernels_table
from jupyter_mlpack.inspection.hardware.images import hardware_image
from jupyter_mlpack.resolution.cuda import LINE, cuda_lines, kernel_bounds
from jupyter_mlpack.values import DeclaredHardware, Evidence, Hardware, Lock, LockedPackage, Notice, Target

FRAMEWORKS = frozenset(["torch", "tensorflow", "jax-cuda13-plugin"])
"""Without kernels in these nothing of the notebook's own work reaches the card."""


@dataclass(frozen=True)
class Gap:
    """A locked package without kernels for the declared card, and what would have them."""

    package: LockedPackage
    row: Mapping[str, Any]
    declared: DeclaredHardware
    advice: str

    @property
    def sentence(self) -> str:
        """What is wrong, why, and the next step."""
        built = f" is built for CUDA {self.row['cuda']}, which" if "cuda" in self.row else ""
        name = f"{self.package.name} {self.package.version} in this lock{built}"
        return f"{name} has no kernels for the {_card(self.declared)}. {self.advice}"


def check_hardware(hardware: Hardware, lock: Lock, target: Target) -> tuple[Notice, ...]:
    """What to tell before the build. Raises ``NoKernelsForCard`` where the image could not do its work at all."""
    gaps = tuple(_gaps(hardware.declared, lock))
    needs = hardware.needed.kind == "cuda" and not hardware.needed.optional
    asked = target.accelerator.startswith("cuda")
    certain = [gap for gap in gaps if gap.package.name in FRAMEWORKS]
    if certain and asked and needs:
        gap = certain[0]
        release = f"{gap.package.name} {gap.package.version}"
        raise errors.NoKernelsForCard(release=release, card=_card(gap.declared), advice=gap.advice)
    if asked or needs or hardware.accelerator == "cuda":
        kernels_missing = [_notice("no-kernels", gap.sentence, gap.declared.evidence) for gap in gaps]
        return (*kernels_missing, *_without_cuda(hardware, lock), *_driver(hardware, lock))
    return tuple(_unused_cuda(lock)) if hardware.accelerator == "cpu" else ()


def card_bounds(hardware: Hardware, target: Target) -> tuple[str, ...]:
    """Versions that have code for the declared card, for an image with CUDA."""
    line = hardware_image(target.accelerator).cuda
    return kernel_bounds(line, hardware.declared.compute_capability or "")


def least_capability(lock: Lock) -> str:
    """The least compute capability that all of the lock's wheels have code for, as far as the table knows them."""
    lines = cuda_lines(lock)
    known = [
        row["least"] for package in lock.packages for row in _rows(package.name) if _holds(row, package.version, lines)
    ]
    return max(known, key=lambda version: _pair(version) or (0, 0), default="")


def _gaps(declared: DeclaredHardware, lock: Lock) -> Iterator[Gap]:
    capability = _pair(declared.compute_capability or "")
    if capability is None:
        return
    lines = cuda_lines(lock)
    for package in lock.packages:
        row = next((row for row in _rows(package.name) if _holds(row, package.version, lines)), None)
        if row is not None and not _has_kernels(row, capability):
            yield Gap(package, row, declared, _advice(package.name, capability))


def _rows(name: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(row for row in kernels_table()["build"] if row["package"] == name)


def _holds(row: Mapping[str, Any], version: str, lines: frozenset[str]) -> bool:
    """Whether a row speaks of this release."""
    public, _, local = version.partition("+")
    release = _pair(public)
    if local != row.get("local", "") or row.get("with", "") not in ("", *lines) or release is None:
        return False
    below = _pair(row["below"]) if "below" in row else None
    return (_pair(row.get("from", "0")) or (0, 0)) <= release and (below is None or release < below)


def _has_kernels(row: Mapping[str, Any], capability: tuple[int, int]) -> bool:
    return (_pair(row["least"]) or (0, 0)) <= capability and capability[0] <= row.get("most", capability[0])


def _pair(version: str) -> tuple[int, int] | None:
    """The first two numbers of a version, which is all that the tables compare."""
    found = re.match(r"(\d+)(?:\.(\d+))?", version)
    return (int(found.group(1)), int(found.group(2) or 0)) if found else None


def _advice(name: str, capability: tuple[int, int]) -> str:
    """The next step: the newest releases of the default index that have the kernels, or another package."""
    fitting = [row for row in _rows(name) if "local" not in row and _has_kernels(row, capability)]
    if fitting and ("below" in fitting[0] or "from" in fitting[0]):
        row = fitting[0]
        bounds = [f">={row['from']}"] if "from" in row and "below" not in row else [f"<{row['below']}"]
        return f"Pin {name}{','.join(bounds)}, or declare another card."
    other = kernels_table()["instead"].get(name)
    return (
        f"Ask for {other} in its place, or declare another card." if other else "Choose another card, or leave it out."
    )


def _card(declared: DeclaredHardware) -> str:
    who = f", declared by {PROVIDERS.get(declared.provider, declared.provider)}" if declared.provider else ""
    return f"{declared.model} (compute capability {declared.compute_capability}{who})"


def _without_cuda(hardware: Hardware, lock: Lock) -> Iterator[Notice]:
    """Frameworks of the lock whose wheels are for a CPU, although the image is for a GPU."""
    names = [package.name for package in lock.packages]
    for package in lock.packages:
        row = kernels_table()["cuda"].get(package.name)
        local = package.version.partition("+")[2]
        if row is None or local.startswith(("cu", "rocm")):
            continue
        if local == "cpu" or not any(name.startswith(tuple(row["shown"].split())) for name in names):
            text = f"{package.name} {package.version} in this lock has no CUDA: on a GPU it computes on the CPU. "
            yield _notice("cuda-missing", f"{text}Ask for {row['ask']}.", hardware.declared.evidence)


def _driver(hardware: Hardware, lock: Lock) -> Iterator[Notice]:
    lines = cuda_lines(lock) & kernels_table()["drivers"].keys()
    if lines:
        line = max(lines, key=int)
        floor = kernels_table()["drivers"][line]
        text = f"The CUDA {line} libraries in this lock need NVIDIA's driver {floor} or newer where the image runs."
        yield _notice("driver-floor", text, hardware.declared.evidence)


def _unused_cuda(lock: Lock) -> Iterator[Notice]:
    """CUDA's libraries in an image for a CPU: they do no harm, but they are most of its size."""
    carried = [package for package in lock.packages if _is_cuda(package.name)]
    asking = [name for name in kernels_table()["cpu"] if any(package.name == name for package in lock.packages)]
    if not carried or not asking:
        return
    size = sum(package.size for package in carried) / 1e6
    advice = "; ".join(f"for {name}, {kernels_table()['cpu'][name]}" for name in asking)
    text = f"This image is for a CPU, and {size:.0f} MB of its lock are CUDA's ({len(carried)} of its packages)"
    yield Notice("cuda-unused", f"{text}. Builds without them: {advice}.")


def _is_cuda(name: str) -> bool:
    return name.startswith(("nvidia-", "cuda-", "jax-cuda")) or bool(LINE.match(name)) or name == "triton"


def _notice(code: str, text: str, evidence: tuple[Evidence, ...]) -> Notice:
    return Notice(code, text, evidence[0].location if evidence else None)
