"""The order of belief, in one place: whom to follow when sources disagree about a distribution's name or version.

``distributions.py`` asks for names in this order, ``versions.py`` for versions; both show who was not followed.
"""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass


@dataclass(frozen=True)
class Source:
    """Who speaks, why it stands where it stands, and what ``Dependency.resolved_by`` calls it."""

    name: str
    reason: str
    called: str = "declaration"


SOURCES = (
    Source("metadata", "The notebook's own metadata key is written for the tool that builds its environment."),
    Source("script", "A PEP 723 block is the notebook's own complete list, and says the same to every tool."),
    Source("install", "An executed install line has run after the environment was made, and replaced it.", "install"),
    Source("kernel", "What the kernel holds is what the notebook was seen to work with, exactly.", "kernel"),
    Source("binder", "The binder folder describes the environment of the notebooks, not of a library beside them."),
    Source("lock", "A lock is what a resolver once found to fit together, exactly."),
    Source("project", "A project file is kept by people, in ranges that they stand for."),
    Source("environment", "An environment file is often exported once, with another installer's names."),
    Source("requirements", "A requirements file may be for development, for tests or for a service beside."),
    Source("pipfile", "A Pipfile without its lock is mostly open ranges."),
    Source("tool", "What a hosted service noted of its own image holds there only."),
    Source("table", "The table knows who usually provides a module; it knows nothing of this notebook.", "table"),
)  # fmt: skip
"""Most believed first. What no source knows is unresolved: a guess would be one more source, the worst."""

OWN = ("metadata", "script")
"""They belong to the notebook itself: what they name is needed. All other declarations only inform."""

ORDER = tuple(source.name for source in SOURCES)
CALLED = {source.name: source.called for source in SOURCES}


FOLDER = ("binder", "lock", "project", "environment", "requirements", "pipfile")
"""Files: those beside the notebook are believed before those of the folders above it, whatever their kind."""


def rank(source: str, level: int = 0) -> tuple[int, int, int]:
    """The place in the order, the smallest most believed. ``level``: how many folders above the notebook it stands."""
    place = ORDER.index(source)
    return (ORDER.index(FOLDER[0]), level, place) if source in FOLDER else (place, 0, place)
