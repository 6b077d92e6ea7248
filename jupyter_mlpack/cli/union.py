"""What the notebooks of a folder need together, as one requirements file; where they disagree, both are shown."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlpack.values import Dependency, Inspection


def requirements_union(inspections: Iterable[Inspection]) -> str:
    """One line a package, with the notebooks that need it as a comment. Needs no network.

    Notebooks that want different versions of a package get the name alone, and a comment with what each wants.
    """
    from jupyter_mlpack.resolution.formats import comment, dependency_line

    wanted: dict[str, dict[str, list[str]]] = {}
    items: dict[str, Dependency] = {}
    unresolved: dict[str, list[str]] = {}
    for inspection in inspections:
        for item in inspection.dependencies:
            items.setdefault(item.requirement, item)
            wanted.setdefault(item.name, {}).setdefault(item.requirement, []).append(inspection.notebook)
        for missing in inspection.unresolved:
            unresolved.setdefault(missing.module, []).append(inspection.notebook)
    lines = []
    for name, choices in sorted(wanted.items()):
        firm = sorted(requirement for requirement in choices if requirement != name)
        if len(firm) > 1:
            lines += [
                f"# {name}: the notebooks disagree",
                *(f"#   {comment(each)}  # {using(choices[each])}" for each in firm),
            ]
            lines.append(name)
        else:
            chosen = items[firm[0] if firm else name]
            line = dependency_line(chosen).partition("  #")[0]
            lines.append(f"{line}  # {using([path for paths in choices.values() for path in paths])}")
    lines += [f"# known to nobody: {comment(module)}  # {using(paths)}" for module, paths in sorted(unresolved.items())]
    return "".join(f"{line}\n" for line in lines)


def using(paths: list[str]) -> str:
    """``a.ipynb and 3 more``."""
    from jupyter_mlpack.resolution.formats import comment

    others = len(paths) - 1
    return comment(paths[0]) + (f" and {others} more" if others else "")
