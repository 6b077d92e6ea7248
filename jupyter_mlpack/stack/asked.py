"""Packages that were asked for by name -> the archives that make them work, by the distribution's own *Depends*."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlpack.errors import PackageMissing, PackagesConflict
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.stack.apt import Apt, Package, resolve
from jupyter_mlpack.stack.assembling import SCRIPTS_ONLY
from jupyter_mlpack.stack.closure import show
from jupyter_mlpack.stack.pinned import plain
from jupyter_mlpack.values import Notice, Stack

INSTALL_ONLY = SCRIPTS_ONLY | {"adduser", "init-system-helpers", "install-info", "sensible-utils", "ucf"}
"""Packages that others need only while they are installed."""

DRIVERS = (
    "libgl1-mesa-dri", "libglx-mesa0", "libegl-mesa0", "mesa-libgallium", "mesa-va-drivers", "mesa-vdpau-drivers",
    "mesa-vulkan-drivers", "va-driver-all", "vdpau-driver-all",
)  # fmt: skip
"""Drivers of graphics cards and screens, 170 MB with their compiler. ``ffmpeg`` depends on them by way of the libraries
that would load them, where there is a screen."""
GRAPHICS = pattern(
    r"libe?gl(?:[-x0-9].*|es.*|u1.*|vnd.*)?|libosmesa.*|mesa-.*|xvfb|xserver-.*|x11-.*|chromium.*|firefox.*"
)
"""Packages that say that something is to be drawn: then the drivers come along, the one that needs no card included."""

MOST_VIRTUAL = 10
"""Names without a package of their own that are tried, a question to apt each: another package may provide them."""


@dataclass(frozen=True)
class Asked:
    """The archives, and what has to be told of the names for which there are none."""

    packages: tuple[Package, ...] = ()
    notices: tuple[Notice, ...] = ()


def resolve_asked(apt: Apt, names: Sequence[str]) -> Asked:
    """The archives of those names that the distribution has and that go together.

    Raises leaves of ``StackError`` other than ``PackageMissing`` and ``PackagesConflict``.
    """
    offered = show(apt, [plain(name) for name in names])
    virtual = [name for name in names if plain(name) not in offered][:MOST_VIRTUAL]
    kept = [name for name in names if plain(name) in offered or name in virtual]
    notices = [unmet(name, apt.stack, "does not have it") for name in names if name not in kept]
    while kept:
        try:
            return Asked(resolve(apt, kept, _assume(apt, kept)), tuple(notices))
        except PackageMissing as error:  # noqa: PERF203 (each failure is another question to apt)
            gone = next((name for name in kept if plain(name) == error.data["package"]), "")
            if not gone:  # a dependency that the index lacks: none of the names alone is to blame
                gone = kept[-1]
            notices.append(unmet(gone, apt.stack, "does not have it"))
            kept.remove(gone)
        except PackagesConflict:
            notices.append(unmet(kept.pop(), apt.stack, "cannot install it together with the others"))
    return Asked(notices=tuple(notices))


def _assume(apt: Apt, names: Sequence[str]) -> tuple[str, ...]:
    """Words that make apt believe that packages are there already which the image can do without.

    They stand in a status file of their own, at the versions that the index offers.
    """
    without = sorted(
        INSTALL_ONLY.union(() if any(map(GRAPHICS.fullmatch, names)) else DRIVERS) - set(map(plain, names))
    )
    lines = [
        f"Package: {name}\nStatus: hold ok installed\nArchitecture: {apt.arch}\n"
        f"Version: {offer.package.version}\nMaintainer: none\nDescription: assumed\n\n"
        for name, offer in show(apt, without).items()
    ]
    path = apt.state / "assumed"
    path.write_text("".join(lines), encoding="utf-8")
    return "-o", f"Dir::State::status={path}"


def unmet(name: str, stack: Stack, why: str) -> Notice:
    """What is told of a package that the image will not have."""
    text = f"The image is without the system package {name}: {stack.distribution} {stack.version} {why}."
    return Notice("system-package-missing", text)
