"""Imports and installs -> dependencies: which distribution provides a module, and in which version.

A chain of small resolvers, its order in ``RESOLVERS``: an install line's own name, the kernel's environment, the
table of modules by longest dotted prefix, pipreqs' older map. What none of them knows is ``Unresolved``: a guessed
name would be an invitation to whoever registers it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_mlpack.inspection import tables
from jupyter_mlpack.inspection.declarations import Declared
from jupyter_mlpack.inspection.imports import Import
from jupyter_mlpack.inspection.installs import Install
from jupyter_mlpack.inspection.tables import normalised
from jupyter_mlpack.inspection.versions import choose_specifier, kernel_pin
from jupyter_mlpack.values import (
    Conflict,
    Dependency,
    Evidence,
    KernelDistribution,
    KernelEnvironment,
    Notice,
    Unresolved,
)

FROM_INDEX = ("index", "conda")
NAMESPACES = frozenset(
    [
        "google",
        "azure",
        "azureml",
        "zope",
        "ruamel",
        "mpl_toolkits",
        "snowflake",
        "databricks",
        "pyannote",
        "orbax",
        "nvidia",
        "mysql",
    ]
)
FOREIGN = {
    "editable": "from a folder that is being edited",
    "local": "from a local folder or file",
    "url": "from an address",
    "vcs": "from a source repository",
}


@dataclass(frozen=True)
class Known:
    """What the resolvers may look at: installs by normalised name (the last one counts), declarations, the kernel."""

    installs: Mapping[str, Install]
    kernel: KernelEnvironment | None = None
    by_module: Mapping[str, KernelDistribution] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)

    def distribution(self, name: str) -> KernelDistribution | None:
        """The kernel's distribution of that name."""
        found = self.kernel.distributions if self.kernel else ()
        return next((held for held in found if normalised(held.name) == normalised(name)), None)


@dataclass(frozen=True)
class Resolution:
    """The answer of this module."""

    dependencies: tuple[Dependency, ...]
    unresolved: tuple[Unresolved, ...]
    notices: tuple[Notice, ...]
    conflicts: tuple[Conflict, ...] = ()


Resolver = Callable[[str, Known], "str | None"]


def read_known(
    installs: tuple[Install, ...], kernel: KernelEnvironment | None, declared: Declared | None = None
) -> Known:
    """Index the evidence once."""
    held = {module: entry for entry in reversed(kernel.distributions if kernel else ()) for module in entry.modules}
    return Known(
        {install_name(item): item for item in installs if item.tool == "pip"}, kernel, held, declared or Declared()
    )


def install_name(install: Install) -> str:
    """The normalised name of what an install line asks for, placeholders of the index put right."""
    name = normalised(install.wanted.name)
    return tables.renamed().get(name, name)


def prefixes(module: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts), 0, -1))


def candidates(module: str) -> tuple[str, ...] | None:
    """What the table says: distributions, an empty tuple for names nobody can tell, ``None`` for unknown ones."""
    table = tables.modules()
    return next((table[prefix] for prefix in prefixes(module) if prefix in table), None)


def by_install(module: str, known: Known) -> str | None:
    """An install line names a distribution that provides the module, or the module itself."""
    listed = candidates(module)
    names = [normalised(name) for name in listed or ()]
    names += (
        [] if listed and "." not in module else [normalised(prefix.replace(".", "-")) for prefix in prefixes(module)]
    )
    found = next((name for name in names if name in known.installs), None)
    if found or listed:
        return found
    parts = set(normalised(module.partition(".")[0]).split("-"))
    return next(
        (name for name in known.installs if parts <= set(name.split("-")) or name == f"py{'-'.join(parts)}"), None
    )


def by_kernel(module: str, known: Known) -> str | None:
    """The kernel's environment holds the module."""
    found = next((known.by_module[prefix] for prefix in prefixes(module) if prefix in known.by_module), None)
    return found.name if found else None


def by_table(module: str, known: Known) -> str | None:
    """The table in ``data/modules.toml``."""
    listed = candidates(module)
    return listed[0] if listed else None


def by_old_map(module: str, known: Known) -> str | None:
    """pipreqs' map, for names that our table does not mention."""
    top = module.partition(".")[0]
    return None if candidates(module) is not None or top in NAMESPACES else tables.old_map().get(top)


RESOLVERS: tuple[tuple[str, Resolver], ...] = (
    ("install", by_install),
    ("kernel", by_kernel),
    ("table", by_table),
    ("table", by_old_map),
)


def find_distribution(module: str, known: Known) -> tuple[str, str] | None:
    """The distribution of a module and the resolver that knew it."""
    answers = ((name, kind) for kind, resolver in RESOLVERS if (name := resolver(module, known)))
    return next(answers, None)


def resolve(imports: tuple[Import, ...], installs: tuple[Install, ...], known: Known) -> Resolution:
    """All dependencies, merged by name and sorted."""
    wanted: dict[str, tuple[str, str, list[Evidence]]] = {}
    lost: dict[str, list[Evidence]] = {}
    notices: list[Notice] = []
    for found in imports:
        answer = find_distribution(found.module, known)
        if answer is None and found.optional:
            text = f"{found.top} is imported only if it is there; nobody knows its package, so it is left out."
            notices.append(Notice("optional-unresolved", text, found.evidence.location))
        elif answer is None:
            lost.setdefault(_unresolved_name(found.module), []).append(found.evidence)
        else:
            name, kind = answer
            wanted.setdefault(normalised(name), (name, kind, []))[2].append(found.evidence)
    for item in installs:
        if item.tool == "pip" and not item.conditional:
            name = install_name(item)
            wanted.setdefault(name, (name, "install", []))[2].append(item.evidence)
        elif item.tool == "conda":
            notices += _conda(item, wanted)
    return _settled(wanted, lost, known, notices)


def _conda(item: Install, wanted: dict[str, tuple[str, str, list[Evidence]]]) -> list[Notice]:
    """conda has its own names: only those that the index surely has too are taken over."""
    name = install_name(item)
    if name in tables.distributions() or name in wanted:
        wanted.setdefault(name, (name, "install", []))[2].append(item.evidence)
        return []
    return [
        Notice(
            "conda-unknown",
            f"The conda package {item.wanted.name} has no sure name on the index.",
            item.evidence.location,
        )
    ]


def _unresolved_name(module: str) -> str:
    top = module.partition(".")[0]
    return ".".join(module.split(".")[:3]) if top in NAMESPACES else top


def _settled(
    wanted: dict[str, tuple[str, str, list[Evidence]]],
    lost: dict[str, list[Evidence]],
    known: Known,
    notices: list[Notice],
) -> Resolution:
    dependencies: list[Dependency] = []
    unresolved = [Unresolved(module, tuple(evidence)) for module, evidence in lost.items()]
    for key, (name, kind, evidence) in sorted(wanted.items()):
        held, install = known.distribution(name), known.installs.get(key)
        own = install.wanted.specifier if install else ""
        extras = install.wanted.extras if install else ()
        if held is not None and held.origin not in FROM_INDEX and not own.startswith(" @"):
            notices.append(_foreign(held, evidence))
            unresolved.append(Unresolved(held.name, (*evidence, Evidence("KRN2", evidence[0].location, _origin(held)))))
            continue
        specifier, notice = choose_specifier(name, own, held if held and held.origin in FROM_INDEX else None, evidence)
        notices += [notice] if notice else []
        pinned = held is not None and specifier == kernel_pin(held)
        said = "kernel" if pinned else "install" if install else kind
        dependencies.append(Dependency(key, specifier, said, tuple(dict.fromkeys(evidence)), extras))
    return Resolution(
        tuple(dependencies), tuple(sorted(unresolved, key=lambda lost: lost.module)), tuple(dict.fromkeys(notices))
    )


def _origin(held: KernelDistribution) -> str:
    return f"{held.name} {held.version} is installed in the kernel {FOREIGN.get(held.origin, 'from elsewhere')}"


def _foreign(held: KernelDistribution, evidence: list[Evidence]) -> Notice:
    text = f"{_origin(held)}; the index may hold something else under that name, so it is not taken from there."
    return Notice("kernel-origin", text, evidence[0].location)
