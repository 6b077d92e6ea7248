"""Who may import whom: the floors of ``docs/architecture.md``, held by reading the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import jupyter_mlpack

PACKAGE = Path(jupyter_mlpack.__file__).parent
FLOORS = {
    "architecture": 1,
    "values": 1, "errors": 1, "atomic": 1, "frozen": 1, "folders": 1, "scratch": 1, "children": 1, "masking": 1,
    "signals": 1,
    "pattern": 1,
    "toml": 1, "events": 2, "notebook": 2, "inspection": 2, "catalog": 2, "plan": 2, "grouping": 2, "oci": 2,
    "stack": 2, "engines": 2, "emitters": 2, "resolution": 2, "tables": 2, "notebook_text": 2, "preflight": 2,
    "fold": 2, "metrics": 2, "metric_lines": 2,
    "plan_serving": 2, "hardware": 2, "shellless": 2, "assets": 3, "mounting": 3,
    "lifecycle": 3, "jobs": 3, "ledger": 3, "publish": 3, "services": 3, "survey": 3, "given": 3,
    "fetching": 3, "buildpackages": 4,
    "pipeline": 4, "locking": 4, "environments": 4, "wishes": 4, "extend": 4, "estimate": 4, "removal": 4,
    "rebasing": 4, "storage": 4, "collection": 4, "provision": 4, "serving": 4, "twins": 4, "accelerating": 4,
    "builder": 4, "binder": 4, "workspaces": 4, "elsewhere": 4, "submission": 4,
    "server": 5, "cli": 5,
    "handle": 5, "api": 6, "magic": 6, "scheduling": 6,
}  # fmt: skip
PURE = {"values", "events", "fold", "metrics", "metric_lines", "notebook", "plan", "grouping"}
MAKERS = frozenset(
    f"tempfile.{name}" for name in ("mkdtemp", "mkstemp", "TemporaryDirectory", "TemporaryFile", "NamedTemporaryFile")
)
EFFECTS = {"subprocess", "socket", "httpx", "time", "datetime", "urllib"}
ONLY = {
    "traitlets": {"server", "cli"},
    "tornado": {"server"},
    "jupyter_scheduler": {"scheduling"},
    "jupyter_server": {"server"},
    "docker": {
        "engines.docker",
        "engines.docker_client",
        "engines.docker_request",
        "engines.docker_start",
        "engines.docker_follow",
        "engines.swarm",
        "engines.swarm_request",
        "oci.daemon",
        "elsewhere",
    },
    "kubernetes": {"engines.kubernetes_api"},
}


def imports() -> Iterator[tuple[str, str]]:
    """Pairs (module of the package, what it imports), both dotted, ours without the package's own name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield module, node.module or ""
                if node.module == "jupyter_mlpack":
                    yield from ((module, f"jupyter_mlpack.{alias.name}") for alias in node.names)


def room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def test_temporary_files__always_in_a_named_folder() -> None:
    """Without ``dir=``, ``tempfile`` first tries every place with a file of its own: a signal then leaves that file."""
    loose = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS
        if "dir" not in {keyword.arg for keyword in node.keywords}
    ]
    assert loose == []


def test_every_room_stands_on_a_floor() -> None:
    rooms = {room(module) for module, _ in imports()} - {"__init__", "__main__"}
    assert rooms <= set(FLOORS)


def test_no_import_runs_upward() -> None:
    for module, imported in imports():
        if imported.startswith("jupyter_mlpack.") and room(module) in FLOORS:
            below = room(imported.removeprefix("jupyter_mlpack."))
            if below in FLOORS:
                same = room(module) == below
                assert same or FLOORS[below] <= FLOORS[room(module)], f"{module} imports {imported}"


def test_pure_rooms_have_no_effects() -> None:
    for module, imported in imports():
        if room(module) in PURE:
            assert imported.split(".")[0] not in EFFECTS, f"{module} imports {imported}"


def test_clients_stay_behind_their_door() -> None:
    for module, imported in imports():
        allowed = ONLY.get(imported.split(".")[0])
        if allowed is not None:
            assert module in allowed or room(module) in allowed, f"{module} imports {imported}"
