"""Calls that read: which paths they surely read, and which they only mention."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from jupyter_mlpack.inspection.outputs import is_mode
from jupyter_mlpack.inspection.paths import LISTING, MAKERS, Names, Text, called, dotted, evaluate, word_set

SURE = word_set(
    """
    open imread loadtxt genfromtxt fromfile load_npz loadmat ImageFolder image_dataset_from_directory listdir
    scandir iterdir text_dataset_from_directory flow_from_directory read_text read_bytes File ZipFile TarFile
    SourceFileLoader run_path spec_from_file_location open_dataset from_csv copyfile copy2 copytree
    """
)
READERS = word_set(
    """
    load from_file from_json from_pretrained Dataset Image Audio Video SVG extractall glob iglob rglob walk
    parse connect from_disk copy move unpack_archive parquet csv json text
    """
)
"""Calls that read by their name; so do those that begin with ``load`` and ``read_``."""

NO_FILES = word_set("read_gbq read_html read_clipboard read_secret read_secret_version")
NEITHER = word_set(
    """
    print info debug warning error exception title set_title suptitle xlabel ylabel set_xlabel set_ylabel label
    legend text annotate replace startswith endswith split rsplit lower upper remove unlink rmtree rmdir
    add_argument system run check_call check_output Popen call getenv getpass set_page_config markdown header
    write encode decode compile sub match search findall install import_module login drop rename groupby merge
    sort_values get_dummies chdir join_path strftime strptime
    """
)
"""Calls whose texts are no paths to read, whatever stands beside the notebook."""

SILENT = (MAKERS - LISTING) | NEITHER
PATH_METHODS = frozenset(
    ["open", "read_text", "read_bytes", "iterdir", "glob", "rglob", "exists", "is_file", "is_dir", "stat"]
)
MODULES = word_set(
    """
    np numpy torch joblib pickle sf soundfile librosa cv2 h5py yaml wavfile
    """
)
"""Owners whose ``load`` or ``read`` is given the path of a file."""


def read(node: ast.Call, names: Names) -> Iterator[tuple[Text, bool]]:
    """The texts that may be paths to read, and whether the call surely reads them.

    A function of the user's own (``class_weights("weights.csv")``) may read, so only what surely does not is left out.
    """
    name = called(node)
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name in PATH_METHODS and owner is not None and (mine := evaluate(owner, names)):
        sure = name in ("open", "read_text", "read_bytes", "iterdir")
        found = evaluate(node, names) if name in LISTING else mine
        yield from ((text, sure) for text in found)
    elif name in LISTING:
        yield from ((text, False) for text in evaluate(node, names))
    elif name not in SILENT:
        sure = _is_sure(name) or (name in ("load", "read") and owner is not None and dotted(owner) in MODULES)
        for index, argument in enumerate([*node.args, *(word.value for word in node.keywords)]):
            for text in _texts(argument, names):
                if not text.number and not is_mode(text.text):
                    yield text, sure and index == 0


def reads(node: ast.Call) -> bool:
    """Whether the call is one that reads by its name."""
    name = called(node)
    return _is_sure(name) or name in READERS or name.startswith("load")


def _is_sure(name: str) -> bool:
    tables = name.startswith("read_") and not name.startswith("read_sql") and name not in NO_FILES
    return name in SURE or tables


def _texts(node: ast.expr, names: Names) -> Sequence[Text]:
    """What one argument stands for; of a list or dict what its items do (``data_files={"train": "x.csv"}``)."""
    if isinstance(node, ast.Constant):
        return evaluate(node, names)
    if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
        entries = node.values if isinstance(node, ast.Dict) else node.elts
        return [text for entry in entries[:200] for text in evaluate(entry, names)]
    found = evaluate(node, names)
    if isinstance(node, (ast.Name, ast.Attribute)) and (name := dotted(node)):
        return (*found, *names.get(f"{name}[*]", ()))
    return found
