"""The paths that code and commands touch, in order, each with what is done to it: one walk for all who ask."""

from __future__ import annotations

import ast
import functools
import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.flow import Flow
from jupyter_mlpack.inspection.inputs import PATH_METHODS, read, reads
from jupyter_mlpack.inspection.outputs import METHODS, SECOND, written, written_by_command
from jupyter_mlpack.inspection.paths import LISTING, Names, Text, Texts, called, dotted, evaluate, word_set
from jupyter_mlpack.inspection.tokens import mask
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Cell, Evidence, Location

Verb = Literal["needs", "reads", "mentions", "writes", "fetches", "enters", "runs"]

FETCHERS = word_set(
    """
    urlretrieve download download_file wget get_file hf_hub_download snapshot_download download_url
    download_and_extract_archive extractall extract unpack_archive dataset_download download_folder
    competition_download_files dataset_download_files download_blob download_to_filename cached_download
    clone_from download_fileobj clone untar_data extract_archive retrieve mount download_artifacts cached_path
    """
)
"""Calls that bring files from elsewhere, or out of an archive."""

LOADERS = frozenset(["run_path", "SourceFileLoader", "spec_from_file_location", "load_source", "execfile"])
"""Calls that run a Python file whose path they are given."""

BARE = FETCHERS | METHODS | PATH_METHODS | LISTING | {"upload"}
"""Calls that touch something without being given anything."""

RUNNING = LOADERS | {"exec", "eval"}
ENTERING = frozenset(["append", "insert", "extend", "addsitedir", "chdir"])
"""Last parts of the names of calls that run a file, and of those that put a folder on the module path."""

DOWNLOADERS = frozenset(["wget", "curl", "gdown", "aria2c", "axel"])
HUBS = frozenset(["hf_hub_download", "snapshot_download", "cached_path", "cached_download", "dataset_download"])
"""Of these the last argument names a file at the other end; it comes to a cache."""

PLACES = word_set(
    "filename output out out_file Filename local_path local_dir download_path save_dir dest destination dst cache_dir"
)
"""Keywords that say where fetched files go."""

ARCHIVE = pattern(r"\.(zip|tar|t?gz|bz2|xz|7z|rar)$", re.I)
MAX_TOUCHES = 5_000
UNKNOWN = Text("{...}", exact=False)


@dataclass(frozen=True)
class Touch:
    """One path in one call. ``needs`` surely reads it, ``reads`` does by its name, ``mentions`` may; ``enters`` looks
    for modules there, ``runs`` runs it as Python. ``folder`` is the working folder, ``None`` where it is not known.
    """

    verb: Verb
    text: Text
    evidence: Evidence
    folder: str | None = ""
    certain: bool = False

    @property
    def path(self) -> str:
        """The path as seen from the notebook's folder, normalised; a gap stays a gap."""
        return seen_from_notebook(self.text.text, self.folder)


def seen_from_notebook(text: str, folder: str | None) -> str:
    """``text``, named in ``folder``, as a normalised POSIX path relative to the notebook's own folder if it can be."""
    plain = text.replace("\\", "/")
    if "://" in plain:
        return plain
    return posixpath.normpath(posixpath.join(folder or "", plain)) if plain else ""


@functools.lru_cache(maxsize=2)
def touched_by_cells(path: str, cells: tuple[Cell, ...]) -> tuple[Touch, ...]:
    """What the Python of the cells of a notebook called ``path`` touches."""
    return tuple(_moved(touch, path) for touch in touched(cells))


@functools.lru_cache(maxsize=2)
def touched(cells: tuple[Cell, ...]) -> tuple[Touch, ...]:
    """What the Python of ``cells`` touches; the places do not name the notebook."""
    flow = Flow("")
    found: list[Touch] = []
    for cell in cells:
        for call in flow.cell(cell):
            if call.args or call.keywords or called(call) in BARE:
                found += _touches(call, flow)
            if len(found) > MAX_TOUCHES:
                return tuple(found)
    return tuple(found)


def _moved(touch: Touch, path: str) -> Touch:
    evidence, at = touch.evidence, touch.evidence.location
    moved = Evidence(evidence.rule, Location(path, at.cell, at.line), evidence.text)
    return Touch(touch.verb, touch.text, moved, touch.folder, touch.certain)


def touched_by_file(path: str, text: str) -> Iterator[Touch]:
    """What a local Python file touches; its paths are relative to the folder in which the notebook runs."""
    found = 0
    flow = Flow(path, module=True)
    for call in flow.file(text):
        for touch in _touches(call, flow):
            found += 1
            if found > MAX_TOUCHES:
                return
            yield touch


def touched_by_commands(commands: Iterable[Command]) -> Iterator[Touch]:
    """What the shell commands of a notebook write and fetch."""
    for command in commands:
        line = mask(command.text.strip().split("\n")[0][:300])[:200]
        evidence = Evidence("OUT2", command.location, line)
        for target in dict.fromkeys(written_by_command(command)):
            yield Touch(
                "writes", Text(target, exact=not any(sign in target for sign in "$*{")), evidence, command.folder
            )

        for target in dict.fromkeys(_fetched_by(command.words)):
            yield Touch("fetches", Text(target, exact="{" not in target), evidence, command.folder)


def _fetched_by(words: tuple[str, ...]) -> Iterator[str]:
    """``data.csv`` of ``wget -O data.csv URL`` and of ``wget https://example.org/data.csv``."""
    program = posixpath.basename(words[0])
    if program not in DOWNLOADERS:
        return
    options = ("-o", "--output") if program == "curl" else ("-O", "-o", "--output-document", "--output", "-P")
    named = [after for word, after in itertools.pairwise(words) if word in options and after != "-"]
    saves = program != "curl" or any(re.match(r"^-[a-zA-Z]*O|^--remote-name", word) for word in words)
    addresses = (word.split("?")[0] for word in words[1:] if "://" in word)
    yield from named or (posixpath.basename(address) for address in addresses if saves)


def _touches(node: ast.Call, flow: Flow) -> Iterator[Touch]:
    name, names, folder, certain = called(node), flow.names, flow.folder, flow.certain
    output = tuple(written(node, names))
    if output:
        evidence = flow.evidence(node, "OUT1")
        yield from (Touch("writes", text, evidence, folder, certain) for text in output)
    if name in FETCHERS or (name == "upload" and dotted(node.func) in ("files.upload", "colab.files.upload")):
        evidence = flow.evidence(node, "OUT1")
        for text in _fetched(node, names):
            yield Touch("fetches", text, evidence, folder, certain)
    elif name in ENTERING and (entered := _entered(node)) is not None:
        evidence = flow.evidence(node, "IMP6")
        for text in (text for value in entered for text in evaluate(value, names)):
            yield Touch("enters", text, evidence, folder, certain)
        return
    if name in RUNNING:
        yield from (Touch("runs", text, flow.evidence(node, "IMP5"), folder, certain) for text in _run(node, names))
    copies = name in SECOND
    texts = [item for item in read(node, names) if item[0] not in output] if copies or not output else []
    if texts:
        evidence = flow.evidence(node, "FILE1")
        by_name = reads(node) or copies
        certain = certain and sum(sure for _, sure in texts) == 1
        for text, sure in texts:
            verb: Verb = "needs" if sure and name not in FETCHERS else "reads" if by_name else "mentions"
            yield Touch(verb, text, evidence, folder, certain)


def _fetched(node: ast.Call, names: Names) -> list[Text]:
    """The file that is fetched: the last text that is no address, if it has the name of a file and is no archive.

    Of a folder, an archive or what is not known nobody can say what is there afterwards.
    """
    named = [word.value for word in node.keywords if word.arg in PLACES]
    values = named or ([] if called(node) in HUBS else node.args[-2:])
    texts = [text for value in values for text in evaluate(value, names)]
    local = [text for text in texts if "://" not in text.text and not text.number]
    files = local if named else [text for text in local if re.search(r"\.\w{1,8}$", text.text)][-1:]
    certain = files and all(re.search(r"\.\w{1,8}$", text.text) and not ARCHIVE.search(text.text) for text in files)
    return files if certain else [*files, UNKNOWN]


def _entered(node: ast.Call) -> list[ast.expr] | None:
    """What ``sys.path.append``, ``insert``, ``extend``, ``site.addsitedir`` and ``os.chdir`` put on the module path."""
    name = dotted(node.func)
    if name in ("sys.path.append", "path.append", "site.addsitedir", "os.chdir"):
        return node.args[:1]
    if name in ("sys.path.insert", "path.insert"):
        return node.args[1:2]
    if name in ("sys.path.extend", "path.extend") and node.args and isinstance(node.args[0], (ast.List, ast.Tuple)):
        return node.args[0].elts
    return None


def _run(node: ast.Call, names: Names) -> Texts:
    """The Python files that a call runs: ``runpy.run_path("x.py")``, ``exec(open("x.py").read())`` and the like."""
    name = called(node)
    if name in LOADERS:
        return tuple(text for argument in node.args[:2] for text in evaluate(argument, names))
    if name not in ("exec", "eval") or not node.args:
        return ()
    for part in ast.walk(node.args[0]):
        if isinstance(part, ast.Call) and called(part) == "open" and part.args:
            return evaluate(part.args[0], names)
        if isinstance(part, ast.Call) and called(part) == "read_text" and isinstance(part.func, ast.Attribute):
            return evaluate(part.func.value, names)
    return ()
