"""The distributions of the kernel that no index has: which of them the image needs, and their wheels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.kernel import Holdings
from jupyter_mlpack.inspection.sources import Holding
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.resolution.lock import line_name
from jupyter_mlpack.resolution.wheels import plain_url
from jupyter_mlpack.values import Dependency, LocalWheel, Lock, Target


@dataclass(frozen=True)
class Packaged:
    """``wheels`` made of what the kernel holds; ``addresses`` of wheels elsewhere, as PEP 508 lines; ``refused`` are
    the errors of those that cannot be packaged and may turn out not to be needed, by name.
    """

    wheels: tuple[LocalWheel, ...] = ()
    addresses: tuple[str, ...] = ()
    refused: Mapping[str, errors.PackagingError] = field(default_factory=dict)

    def check(self, lock: Lock) -> None:
        """Raises the error of a distribution that is needed after all: an index may hold somebody else's under its
        name.
        """
        for package in lock.packages:
            if package.name in self.refused:
                raise self.refused[package.name]


def package_holdings(
    dependencies: Iterable[Dependency], required: Iterable[str], holdings: Holdings, target: Target, folder: Path
) -> Packaged:
    """Wheels of those ``dependencies`` that are to be packaged along, and of what needs them in turn in the kernel.

    What the user names (``required``) is taken from the index. Wheels are kept below ``folder``. Raises leaves of
    ``PackagingError`` for a dependency that cannot be packaged.
    """
    own = {line_name(line) for line in required}
    wanted = [item for item in dependencies if normalised(item.name) not in own]
    direct = {normalised(item.name) for item in wanted if item.packaged}
    held = {normalised(holding.name): holding for holding in holdings.found}
    same = {name for item in wanted if (name := normalised(item.name)) in held and is_checkout(item, held[name])}
    elsewhere = own | {normalised(item.name) for item in wanted} - direct - same
    needed = reachable([normalised(item.name) for item in wanted], holdings.needs) - elsewhere
    wheels: list[LocalWheel] = []
    addresses: list[str] = []
    refused: dict[str, errors.PackagingError] = {}
    for holding in holdings.found:
        name = normalised(holding.name)
        if name not in needed:
            continue
        if holding.origin == "url" and holding.wheel:
            addresses.append(f"{name} @ {plain_url(holding.wheel)}")
            continue
        from jupyter_mlpack.resolution.repack import make_wheel

        try:
            wheels.append(make_wheel(holding, target, folder))
        except errors.PackagingError as error:
            refused[name] = error
        except OSError as failure:
            refused[name] = errors.DistributionUnreadable(name=holding.name, reason=failure.strerror)
        if name in direct and name in refused:
            raise refused[name]
    return Packaged(tuple(sorted(wheels, key=lambda wheel: wheel.name)), tuple(sorted(addresses)), refused)


def is_checkout(item: Dependency, holding: Holding) -> bool:
    """Whether the kernel holds what an install line takes from a repository: the same one, and no other commit."""
    asked, commit = repository(item.specifier.removeprefix(" @ "))
    held, held_commit = repository(holding.address)
    return holding.origin == "vcs" and asked == held and (not commit or held_commit.startswith(commit))


def repository(address: str) -> tuple[str, str]:
    """Repository and revision of ``git+https://host/owner/name.git@revision#...``; the revision may be empty."""
    parts = urlsplit(address.partition("#")[0])
    path, _, revision = parts.path.partition("@")
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path.rstrip('/').removesuffix('.git')}"
    return plain.lower(), revision


def reachable(names: Iterable[str], needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """``names`` and all that they require, directly or not."""
    seen: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop()
        if name not in seen:
            seen.add(name)
            open_names += needs.get(name, ())
    return seen
