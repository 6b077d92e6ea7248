"""The answer of ``build --dry-run`` for people."""

from __future__ import annotations

from jupyter_mlpack.cli.served import cell_lines
from jupyter_mlpack.values import Plan, PlannedPackage


def describe_plan(plan: Plan) -> str:
    """The plan for people: what would be built, from what, and how much of it is new."""
    lines = [
        f"{plan.name}: an image for {plan.purpose.value}",
        f"for linux/{plan.arch}, Python {plan.python}, on {plan.stack}",
        f"about {plan.size / 1e6:.0f} MB, {plan.reused / 1e6:.0f} MB of them are here already",
        "",
        "files:",
        *(f"  {path}" for path in plan.files),
        "",
        "packages:",
        *(f"  {package.name}=={package.version}{described(package)}" for package in plan.packages),
    ]
    cells = ["", "code:", *cell_lines(plan.cells)] if plan.cells else []
    system = [f"  {name}" for name in plan.system]
    return "\n".join([*lines, *cells, *(["", "system packages:", *system] if system else [])])


def described(package: PlannedPackage) -> str:
    """Its size where it counts."""
    size = f"  {package.size / 1e6:.1f} MB" if package.size >= 1_000_000 else ""
    return f"{size}, here already" if size and package.reused else size
