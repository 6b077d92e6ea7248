"""Names that are needed -> ``Dependency``, each with its version; or the reason why it goes into no image.

What the kernel holds from a folder, an address or a repository is made into a wheel from its own files where that can
be done; the index may hold something else under its name.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.inspection.belief import CALLED
from jupyter_mlpack.inspection.known import FROM_INDEX, Known
from jupyter_mlpack.inspection.versions import Decision
from jupyter_mlpack.values import Conflict, Dependency, Evidence, KernelDistribution, Notice, Unresolved

FOREIGN = {
    "editable": "from a folder that is being edited",
    "local": "from a local folder or file",
    "url": "from an address",
    "vcs": "from a source repository",
}


@dataclass
class Want:
    """A distribution that is needed: by whom its name is known (a source of ``belief.py``), and where."""

    name: str
    source: str
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Settled:
    """What became of one ``Want``."""

    dependency: Dependency | None = None
    unresolved: Unresolved | None = None
    notice: Notice | None = None
    conflict: Conflict | None = None


def settle(key: str, want: Want, known: Known) -> Settled:
    """Version, extras and origin of the distribution ``key`` (normalised)."""
    decision, held = known.decide(key), known.distribution(key)
    conflict = decision.conflict(key)
    if decision.specifier.startswith(" @ file:"):
        return _refused(want.name, want, "it is asked for from a file of this machine", "file-address")
    specifier, packaged = decision.specifier, False
    if held is not None and held.origin not in FROM_INDEX and _follows_kernel(decision):
        wheel = held.address if _is_wheel_of_the_web(held.address) else ""
        if held.obstacle and not wheel:
            return _refused(held.name, want, f"{_origin(held)}; {held.obstacle}", "kernel-origin")
        packaged = not held.obstacle
        specifier = f"=={held.version}" if packaged else f" @ {wheel}"
    evidence = tuple(dict.fromkeys((*want.evidence, *_named_by(key, want, known), *_deciding(decision))))
    called = _called(key, want, decision, known)
    return Settled(Dependency(key, specifier, called, evidence, _extras(key, known), packaged), conflict=conflict)


def _follows_kernel(decision: Decision) -> bool:
    """The kernel's distribution is meant: it decided, or it has no version to speak with and nobody else spoke."""
    return decision.source in ("kernel", "")


def _is_wheel_of_the_web(address: str) -> bool:
    return address.startswith("https://") and address.partition("#")[0].endswith(".whl")


def _refused(name: str, want: Want, reason: str, code: str) -> Settled:
    place = want.evidence[0].location
    text = f"{name} is not put into the image: {reason}."
    proof = (*dict.fromkeys(want.evidence), Evidence("KRN2", place, reason))
    return Settled(unresolved=Unresolved(name, proof), notice=Notice(code, text, place))


def _origin(held: KernelDistribution) -> str:
    return f"{held.name} {held.version} is installed in the kernel {FOREIGN.get(held.origin, 'from elsewhere')}"


def _named_by(key: str, want: Want, known: Known) -> Iterable[Evidence]:
    """The declaration that the name comes from."""
    said = known.requirements.get(key, ()) if CALLED[want.source] == "declaration" else ()
    return (entry.evidence for entry in said[:1])


def _deciding(decision: Decision) -> Iterable[Evidence]:
    """The declarations that the version comes from; install lines stand among the evidence already."""
    return (claim.evidence for claim in decision.followed if CALLED[claim.source] == "declaration")


def _called(key: str, want: Want, decision: Decision, known: Known) -> str:
    """``Dependency.resolved_by``: the kernel if it decided, an install line if there is one, else who decided."""
    if decision.source == "kernel":
        return "kernel"
    if key in known.installs or decision.source == "install":
        return "install"
    return CALLED[decision.source] if decision.source else CALLED[want.source]


def _extras(key: str, known: Known) -> tuple[str, ...]:
    """Of the install line, else of the most believed declaration that names any."""
    install = known.installs.get(key)
    asked = [install.wanted.extras] if install else []
    asked += [entry.extras for entry in known.requirements.get(key, ())]
    return next((extras for extras in asked if extras), ())
