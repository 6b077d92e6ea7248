"""The files beside a notebook that its image needs: local modules, and data that the code names by a literal path.

A path that leads outside the notebook's folder, and a file above ``MAX_FILE``, are told, not taken.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jupyter_mlpack.inspection.cells import parse_python
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.values import Cell, Evidence, LocalFile, Location, Notice, OutputFile

MAX_FILE = 100_000_000
"""Bytes of one file that is taken into an image without being asked."""

MAX_DEPTH = 20
"""Parts of a path expression; a sum of thousands of terms is no path."""

MAX_FOLDER = 20_000_000
MAX_FOLDER_FILES = 200
"""A folder that a literal names is taken whole up to this size and number of files."""

READERS = re.compile(
    r"^(open|load|loads?_\w+|read|read_\w+|imread|Path|PurePath|from_file|from_csv|from_json|loadtxt|genfromtxt|fromfile|load\w*"
    r"|File|Dataset|ImageFolder|Image|Audio|Video|SVG|ZipFile|TarFile|extractall|image_dataset_from_directory"
    r"|text_dataset_from_directory|flow_from_directory|glob|iglob|listdir|scandir|walk|join|exists|isfile|parse|connect|imshow)$"
)
WRITERS = re.compile(
    r"^(dump\w*|save\w*|to_\w+|write\w*|imwrite|export\w*|store\w*|mkdir|makedirs|touch|remove|unlink|rmtree|print|info|debug"
    r"|warning|error|title|set_title|xlabel|ylabel|label|legend|text|format|replace|startswith|endswith|ReportWriter|SummaryWriter"
    r"|FileHandler|ModelCheckpoint|CSVLogger)$"
)
"""A file that is only written may lie there from the last run; it is no input."""

NOT_DATA = re.compile(
    r"(^|/)(requirements[\w.-]*\.txt|environment[\w.-]*\.ya?ml|\.env|id_rsa.*|.*\.pem|.*\.key|credentials\.json|kaggle\.json)$"
)
WRITING = re.compile(r"[wax]")


@dataclass(frozen=True)
class Files:
    """Files to take, sorted by path, and those that were not taken."""

    found: tuple[LocalFile, ...]
    notices: tuple[Notice, ...]
    outputs: tuple[OutputFile, ...] = ()


def find_files(
    path: str, cells: Iterable[Cell], modules: Iterable[tuple[str, Evidence]], around: Surroundings
) -> Files:
    """Local modules (packages whole) and literally named data files of a notebook called ``path``."""
    wanted: dict[str, list[Evidence]] = {}
    notices: list[Notice] = []
    for module, evidence in modules:
        for file in filter(_is_public, _module_files(module, around)):
            wanted.setdefault(file, []).append(evidence)
    for text, location, reads in _literal_paths(path, cells):
        for file in _data_files(text, location, around, notices if reads else None):
            wanted.setdefault(file, []).append(Evidence("FILE1", location, text[:200]))
    found = []
    for file, evidences in sorted(wanted.items()):
        size = around.folder.size(file)
        if size > MAX_FILE:
            notices.append(_too_large(file, size, evidences[0].location))
        elif file != path:
            found.append(LocalFile(file, size, tuple(dict.fromkeys(evidences))))
    return Files(tuple(found), tuple(dict.fromkeys(notices)))


def _module_files(module: str, around: Surroundings) -> Iterator[str]:
    """A module's file; a package's whole folder. What the notebook writes or fetches itself is not there yet."""
    top = module.partition("/")[0]
    if module.endswith("/__init__.py") or around.folder.kind(f"{top}/__init__.py") == "file":
        folder = top if around.folder.kind(f"{top}/__init__.py") == "file" else posixpath.dirname(module)
        yield from around.folder.tree(folder)
    elif around.folder.kind(module) == "folder":
        yield from around.folder.tree(module)
    elif around.folder.kind(module) == "file":
        yield module


def _is_public(file: str) -> bool:
    """False for keys and credentials, and for what the lock already says."""
    return not NOT_DATA.search(file)


def _data_files(text: str, location: Location, around: Surroundings, notices: list[Notice] | None) -> Iterator[str]:
    """The files that ``text`` names. Without ``notices`` it is a guess: only a file that is there counts."""
    path = posixpath.normpath(text.replace("\\", "/"))
    if path in around.written or path in (".", "/") or not _is_public(path):
        return
    if posixpath.isabs(path) or path.startswith(("..", "~")):
        if notices is not None and re.search(r"\.\w{1,8}$", path) and not path.startswith(("/dev/", "/proc/", "/tmp/")):
            notices.append(_outside(text, location))
        return
    kind = around.folder.kind(path)
    if kind == "file":
        yield path
    elif kind == "folder" and notices is not None:
        files = around.folder.tree(path)
        size = sum(around.folder.size(file) for file in files)
        if size <= MAX_FOLDER and len(files) <= MAX_FOLDER_FILES:
            yield from filter(_is_public, files)
        else:
            notices.append(_too_large(f"{path}/", size, location))


def _literal_paths(path: str, cells: Iterable[Cell]) -> Iterator[tuple[str, Location, bool]]:
    """Texts given to a call that may read, and whether it surely does; a name once assigned to a literal stands for it.

    A function of the user's own (``class_weights("weights.csv")``) may read, so only what surely writes is left out.
    """
    names: dict[str, str] = {}
    for cell in cells:
        tree = parse_python(cell.python)
        nodes = list(ast.walk(tree)) if tree else []
        for node in nodes:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and (text := _literal(node.value, names))
            ):
                names[node.targets[0].id] = text
        for node in nodes:
            if isinstance(node, ast.Call) and not WRITERS.match(_called(node)) and not _writes(node):
                reads = bool(READERS.match(_called(node)))
                arguments = [*node.args, *(word.value for word in node.keywords)]
                for text in filter(None, (_literal(argument, names) for argument in arguments)):
                    yield text, Location(path, cell.number, node.lineno), reads


def _literal(node: ast.expr, names: dict[str, str], depth: int = 0) -> str | None:
    """A literal text that may be a path, also through a name, ``Path("x")`` or ``Path("x") / "y"``."""
    text: str | None = None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.Name):
        text = names.get(node.id)
    elif depth < MAX_DEPTH and isinstance(node, ast.Call) and _called(node) in ("Path", "join") and node.args:
        parts = [_literal(argument, names, depth + 1) for argument in node.args]
        text = posixpath.join(*(part for part in parts if part)) if all(parts) else None
    elif depth < MAX_DEPTH and isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
        left, right = _literal(node.left, names, depth + 1), _literal(node.right, names, depth + 1)
        joined = posixpath.join(left or "", right or "") if isinstance(node.op, ast.Div) else f"{left}{right}"
        text = joined if left and right else None
    return text if text and len(text) < 500 and not re.search(r"://|[\n\0*?<>|]", text) else None


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _writes(node: ast.Call) -> bool:
    """``open(path, "w")``: the file is made, not read."""
    modes = [argument.value for argument in node.args[1:2] if isinstance(argument, ast.Constant)]
    modes += [word.value.value for word in node.keywords if word.arg == "mode" and isinstance(word.value, ast.Constant)]
    return _called(node) == "open" and any(isinstance(mode, str) and bool(WRITING.search(mode)) for mode in modes)


def _outside(text: str, location: Location) -> Notice:
    return Notice("file-outside", f"{text} is outside the notebook's folder; it will not be in the image.", location)


def _too_large(file: str, size: int, location: Location) -> Notice:
    text = (
        f"{file} ({size / 1e6:.0f} MB) is too large to be put into an image; mount it or download it in the notebook."
    )
    return Notice("file-too-large", text, location)
