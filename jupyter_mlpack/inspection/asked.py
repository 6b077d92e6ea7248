"""Code -> what it asks its surroundings for: environment variables, prompts, the secret stores of services, log-ins.

What the notebook sets itself by a literal (``os.environ["MODE"] = "fast"``) is not asked for.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.commands import conditional_lines
from jupyter_mlpack.inspection.logins import CLIENTS, COMMANDS, GIVEN, LOGINS, ORDINARY, STORE_KEYWORDS, STORES
from jupyter_mlpack.inspection.paths import called, dotted, word_set
from jupyter_mlpack.inspection.syntax import nodes_of
from jupyter_mlpack.inspection.tokens import is_secret_name, looks_secret, mask
from jupyter_mlpack.values import Cell, Evidence, Location, Magic

N = TypeVar("N", bound=ast.AST)


@dataclass(frozen=True)
class Asked:
    """One thing that is asked for: a ``secret`` by its name or its store; ``default`` is a literal that replaces it."""

    name: str
    source: str
    evidence: Evidence
    secret: bool = True
    default: str | None = None


def asked_by_cells(path: str, cells: Iterable[Cell]) -> Iterator[Asked]:
    """What the cells of a notebook called ``path`` ask for, in order."""
    cells = tuple(cells)
    whole = "\n".join([cell.source for cell in cells])
    signs = [sign for sign in SIGNS if sign in whole]
    asking = frozenset(cell.number for cell in cells if any(sign in cell.source for sign in signs))
    reader = Reader([cell.python for cell in cells])
    for cell in cells:
        found = (
            list(reader.read(cell.python, Location(path, cell.number), cell.source)) if cell.number in asking else []
        )
        guarded = conditional_lines(cell) if found else frozenset()
        for item in found:
            if item.source not in PLATFORM_ONLY or item.evidence.location.line not in guarded:
                yield item
        for magic in cell.magics:
            yield from _in_magic(magic, Location(path, cell.number, magic.line), reader)


def asked_by_file(path: str, text: str) -> Iterator[Asked]:
    """What the Python file ``path`` asks for."""
    if path.endswith(".py"):
        yield from Reader([text]).read(text, Location(path), text)


SIGNS = frozenset(name.rpartition(".")[2] for name in (*LOGINS, *CLIENTS)) | word_set(
    "environ getenv getpass input Password config userdata secret Secret keyring dotenv $"
)
"""One of these stands in every text that asks for something."""

PLATFORM_ONLY = frozenset(["login", "colab", "kaggle", "prompt"])
"""Sources that a job does not need when only a hosted service's branch asks them."""


class Reader:
    """Reads code; knows what all its parts together set and import."""

    def __init__(self, parts: Iterable[str]) -> None:
        self.parts = tuple(parts)

    @functools.cached_property
    def set(self) -> frozenset[str]:
        """The variables that the code sets itself."""
        return frozenset(key for node in self._nodes("environ", ast.Assign) for key in _set_by(node))

    @functools.cached_property
    def stored(self) -> frozenset[str]:
        """The names that the code binds."""
        return frozenset(node.id for node in self._nodes("", ast.Name) if isinstance(node.ctx, ast.Store))

    @functools.cached_property
    def aliases(self) -> dict[str, str]:
        """Imported names and what they stand for."""
        found: dict[str, str] = {}
        for plain in self._nodes("import", ast.Import):
            found |= {(entry.asname or entry.name): entry.name for entry in plain.names}
        for node in self._nodes("import", ast.ImportFrom):
            found |= {(entry.asname or entry.name): f"{node.module}.{entry.name}" for entry in node.names}
        return found

    @functools.cached_property
    def modules(self) -> str:
        """All that is imported, as one text."""
        return " ".join(self.aliases.values())

    def _nodes(self, sign: str, kind: type[N]) -> Iterator[N]:
        """The nodes of one ``kind`` in the parts in which ``sign`` stands."""
        return (node for text in self.parts if sign in text for node in nodes_of(text, kind))

    def read(self, python: str, place: Location, source: str) -> Iterator[Asked]:
        """What ``python`` asks for; ``source`` is its text with magics, ``place`` its path and cell."""
        bound: list[ast.Assign | ast.AnnAssign] = [*nodes_of(python, ast.Assign), *nodes_of(python, ast.AnnAssign)]
        targets = {id(node.value): _target(node) for node in bound if isinstance(node.value, ast.Call)}
        attributes = nodes_of(python, ast.Attribute) if "streamlit" in self.modules else ()
        nodes = (*nodes_of(python, ast.Subscript), *attributes, *nodes_of(python, ast.Call))
        found = [item for node in nodes for item in self._asked(node, targets)]
        lines = source.split("\n") if found else []
        for node, name, source_name, default in sorted(found, key=lambda item: item[0].lineno):
            line = lines[node.lineno - 1] if node.lineno <= len(lines) else ""
            evidence = Evidence("SEC1", Location(place.path, place.cell, node.lineno), mask(line.strip())[:200])
            environment = source_name == "environment"
            if environment and (re.match(ORDINARY, name) or name in self.set):
                continue
            secret = not environment or is_secret_name(name)
            shown = default if not secret and default is not None and not looks_secret("token", default) else None
            yield Asked(name, source_name, evidence, secret, shown)

    def full(self, node: ast.AST) -> str:
        """The dotted name of what is called, through the notebook's imports."""
        name = dotted(node)
        first, dot, rest = name.partition(".")
        return f"{self.aliases.get(first, first)}{dot}{rest}"

    def _asked(self, node: ast.AST, targets: Mapping[int, str]) -> Iterator[tuple[ast.expr, str, str, str | None]]:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            owner = self.full(node.value) if isinstance(key, str) else ""
            if isinstance(key, str) and owner.endswith(("environ", "secrets")) and (name := _plain(key)):
                if owner.rpartition(".")[2] == "environ":
                    yield node, name, "environment", None
                elif owner == "streamlit.secrets":
                    yield node, name, "streamlit", None
        elif isinstance(node, ast.Attribute):
            if self.full(node.value) == "streamlit.secrets" and node.attr != "get":
                yield node, node.attr, "streamlit", None
        elif isinstance(node, ast.Call):
            yield from self._call(node, targets)

    def _call(self, node: ast.Call, targets: Mapping[int, str]) -> Iterator[tuple[ast.expr, str, str, str | None]]:
        name = called(node)
        if name not in HEARD and self.aliases.get(name, "").rpartition(".")[2] not in HEARD:
            return
        full = self.full(node.func)
        texts = [value.value for value in node.args if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        words = {word.arg: word.value.value for word in node.keywords if isinstance(word.value, ast.Constant)}
        first = texts[0] if texts else ""
        if name in ("getenv", "getenvb") or (name in ("get", "pop") and full.endswith("environ." + name)):
            default = node.args[1] if len(node.args) > 1 else None
            shown = str(default.value)[:60] if isinstance(default, ast.Constant) and default.value is not None else None
            yield from ((node, plain, "environment", shown) for plain in [_plain(first)] if plain)
        elif full == "decouple.config" and _plain(first):
            yield node, first, "environment", None
        elif name == "getpass" or (full in ("input", "ipywidgets.Password") and _prompts_secret(first, targets, node)):
            yield node, targets.get(id(node)) or _from_prompt(first) or "a password typed by hand", "prompt", None
        elif store := next((store for is_it, store in STORES if is_it(full, name, self.modules)), ""):
            given = [*texts, *(str(words[key]) for key in STORE_KEYWORDS if key in words)]
            label = "/".join(given[: 2 if store in ("databricks", "keyring") else 1])
            yield from [(node, label[:100], store, None)] if label else []
        elif name in ("load_dotenv", "dotenv_values", "find_dotenv"):
            yield node, first or ".env", "dotenv", None
        elif not {*words, *(word.arg for word in node.keywords)} & GIVEN:
            free = not node.args or full in ("wandb.init", "comet_ml.Experiment")
            offline = str(words.get("mode", "")) in ("disabled", "offline") or self.set & {
                "WANDB_MODE",
                "WANDB_DISABLED",
            }
            logins = LOGINS.get(full, ()) if free and not offline else ()
            client = [(CLIENTS[full], "client")] if full in CLIENTS else []
            for variable, source in [*((variable, "login") for variable in logins), *client]:
                if variable not in self.set:
                    yield node, variable, source, None


HEARD = frozenset(name.rpartition(".")[2] for name in (*LOGINS, *CLIENTS)) | word_set(
    """
    getenv getenvb get pop config getpass input Password getBytes getSecret get_secret get_secret_value
    access_secret_version get_password get_credential read_secret_version load_dotenv dotenv_values find_dotenv
    """
)
"""Last parts of the names of calls that may ask for something."""


def _plain(name: str) -> str:
    return name if re.match(r"^\w{2,100}$", name) else ""


def _is_read(node: ast.AST) -> bool:
    """Whether a value is itself read from the environment."""
    target = node.func if isinstance(node, ast.Call) else node
    return "environ" in dotted(target) or dotted(target).endswith("getenv")


def _set_by(node: ast.Assign) -> Iterator[str]:
    """``MODE`` for ``os.environ["MODE"] = "fast"``."""
    keys = [key for target in node.targets if (key := _environment_key(target))]
    yield from keys if keys and not _is_read(node.value) else ()


def _environment_key(node: ast.AST) -> str:
    """``X`` for ``os.environ["X"]``."""
    if isinstance(node, ast.Subscript) and dotted(node.value).rpartition(".")[2] == "environ":
        return node.slice.value if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) else ""
    return ""


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    """What a value is bound to: a name, an attribute, or a variable of the environment."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return _environment_key(target) or _plain(dotted(target).rpartition(".")[2])


def _from_prompt(prompt: str) -> str:
    """``OPENAI_API_KEY`` for ``Enter your OPENAI_API_KEY: ``."""
    return next((word for word in re.findall(r"[A-Z][A-Z0-9_]{3,60}", prompt[:300]) if is_secret_name(word)), "")


def _prompts_secret(prompt: str, targets: Mapping[int, str], node: ast.Call) -> bool:
    words = re.sub(r"\W+", "_", prompt[:300])
    return is_secret_name(targets.get(id(node), "")) or is_secret_name(words)


def _in_magic(magic: Magic, place: Location, reader: Reader) -> Iterator[Asked]:
    asked: list[tuple[str, str]] = []
    if magic.name in ("dotenv", "reload_dotenv"):
        asked.append((".env", "dotenv"))
    elif magic.name in ("!", "sh", "bash", "system", "sx"):
        text = f"{magic.arguments}\n{magic.body}"[:20_000]
        asked += [(variable, "login") for variable in _logged_in(text)]
        for name in dict.fromkeys(re.findall(r"\$\{?([A-Z][A-Z0-9_]{2,60})", text) if "$" in text else ()):
            if is_secret_name(name) and name not in reader.stored:
                asked.append((name, "environment"))
    for name, source in asked:
        evidence = Evidence("SEC2", place, mask(f"{magic.name} {magic.arguments}".strip())[:200])
        yield Asked(name, source, evidence)


def _logged_in(text: str) -> Iterator[str]:
    """The variables that replace ``wandb login`` and the like, unless the key stands in the line."""
    for line in text.split("\n"):
        words = line.split()[:20]
        given = "login" in words[:2] and any(not word.startswith("-") for word in words[2:])
        if len(words) > 1 and not given:
            yield from COMMANDS.get((words[0], words[1]), ())
