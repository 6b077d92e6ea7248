"""Calls and commands that write: which path they write to.

Rules by the kind of call, not by library: what opens for writing, what saves an object under a path, what is given a
folder for its results. An argument that is not known stays a gap.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.paths import Names, Text, Texts, called, dotted, evaluate, word_set
from jupyter_mlpack.pattern import pattern

OPENERS = frozenset(
    ["open", "File", "ZipFile", "TarFile", "Dataset", "HDFStore", "memmap", "open_memmap", "open_group"]
)
WRITING = pattern(r"^[rbtU]*[wax]|\+")
MODE = pattern(r"^(?=.{1,6}$)[rwaxbtU]{1,3}\+?[bt]?(?:[:|](?:gz|bz2|xz|\*)?)?$|^r\+b?$|^w-$")
METHODS = frozenset(["write_text", "write_bytes", "touch", "mkdir"])
"""Of a path itself."""

FIRST = word_set(
    """
    to_csv to_parquet to_excel to_json to_pickle to_hdf to_feather to_html to_latex to_stata to_markdown
    to_netcdf to_zarr to_file to_disk to_orc to_xml to_textfiles to_gpkg ExcelWriter savez savez_compressed
    savetxt save_npz savefig save_weights save_pretrained write_html write_image write_json imwrite imsave
    mimsave mimwrite volwrite makedirs mkdir SummaryWriter create_file_writer write_parquet write_csv write_ipc
    write_ndjson sink_parquet sink_csv write_videofile CSVLogger FileHandler RotatingFileHandler VideoWriter
    ModelCheckpoint TensorBoard TensorBoardLogger BackupAndRestore save_to_disk write_gif write_audiofile
    ProfileReport_to_file write_wav mkdtemp
    """
)
"""The first argument is the path."""

TYPICAL = frozenset(
    ["TrainingArguments", "Seq2SeqTrainingArguments", "SFTConfig", "RunConfig", "FileWriter", "SparkWriter"]
)
"""The first argument is a folder for results."""

SAVERS = word_set(
    """
    save dump save_model save_file save_image export save_state_dict save_checkpoint write_table to_video
    write_feather write_dataset savemat write_video save_as_text write_figure save_graph
    """
)
"""The first argument that is a text is the path: ``torch.save(model, path)``, ``np.save(path, array)``."""

AUDIO = frozenset(["sf", "soundfile", "wavfile", "wav", "scipy.io.wavfile", "torchaudio", "imageio", "iio", "skio"])
"""Modules whose plain ``write`` is given a path."""

SECOND = frozenset(["copy", "copy2", "copyfile", "copytree", "move", "rename", "unpack_archive"])
KEYWORDS = word_set(
    """
    path_or_buf excel_writer output_dir log_dir logdir logging_dir default_root_dir save_dir save_path
    checkpoint_dir output_path output_file outfile out_file out_dir backup_dir model_dir dirpath save_directory
    results_dir tb_log_name tensorboard_log out_path output_filename export_dir
    """
)
"""Keywords that name a place for results in whatever call they stand."""

PLACES = word_set(
    """
    path fname filename file filepath file_path fp f uri store buf dst path_or_stream
    """
)
"""Keywords of the path in the calls above."""

WRITING_CALLS = METHODS | OPENERS | FIRST | TYPICAL | SAVERS | SECOND | {"write", "make_archive"}
"""Calls that may write by their name; any other only with a keyword that names a place."""

REDIRECTION = pattern(
    r"\"(?:[^\"\\\n]|\\.){0,2000}\"|'[^'\n]{0,2000}'|(?<![-=<>&\w])[12]?>>?\s{0,3}(?P<to>\"[^\"\n]+\"|'[^'\n]+'|[^\s;&|<>()'\"=`]+)"
)


def written(node: ast.Call, names: Names) -> Iterator[Text]:
    """The paths that a call writes to; ``{...}`` alone where it writes and nothing is known of the place."""
    name = called(node)
    if name not in WRITING_CALLS and not any(word.arg in KEYWORDS for word in node.keywords):
        return
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    keywords = {word.arg: word.value for word in node.keywords if word.arg}
    if name in METHODS and owner is not None and (mine := evaluate(owner, names)):
        yield from mine
    elif name in OPENERS and opens_for_writing(node):
        yield from _opened(node, owner, names)
    elif name in FIRST or name in TYPICAL or (name == "write" and owner is not None and dotted(owner) in AUDIO):
        yield from _place(node.args[:1], keywords, names)
    elif name in SAVERS:
        yield from _place(node.args[:4], keywords, names)
    elif name in SECOND and owner is not None and dotted(owner) in ("shutil", "os"):
        yield from _place(node.args[1:2], keywords, names)
    elif name == "make_archive" and len(node.args) > 1:
        base, kind = evaluate(node.args[0], names), evaluate(node.args[1], names)
        suffix = {"gztar": "tar.gz", "bztar": "tar.bz2", "xztar": "tar.xz"}
        yield from (Text(f"{at.text}.{suffix.get(form.text, form.text)}", at.exact) for at in base for form in kind)
    for word, value in keywords.items():
        if word in KEYWORDS:
            yield from evaluate(value, names)


def opens_for_writing(node: ast.Call) -> bool:
    """Whether a call that opens is given a mode that makes or changes the file."""
    candidates = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "mode")]
    texts = [value.value for value in candidates if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    mode = texts[-1] if texts else ""
    given = len(node.args) > 1 or any(word.arg == "mode" for word in node.keywords) or is_mode(mode)
    return given and is_mode(mode) and bool(WRITING.search(mode))


def is_mode(text: str) -> bool:
    """``wb``, ``a+``, ``w:gz`` and the like; no path."""
    return len(text) < 8 and bool(MODE.match(text))


def _opened(node: ast.Call, owner: ast.expr | None, names: Names) -> Iterator[Text]:
    """``open(path, "w")``; of ``path.open("w")`` the path itself."""
    first = evaluate(node.args[0], names) if node.args else ()
    own = evaluate(owner, names) if owner is not None else ()
    if own and len(node.args) < 2:
        yield from own
    else:
        words = {word.arg: word.value for word in node.keywords if word.arg}
        yield from first or _place(node.args[:1], words, names)


def _place(arguments: list[ast.expr], keywords: Mapping[str, ast.expr], names: Names) -> Texts:
    """What the first of ``arguments`` that is a text stands for, else a keyword's; a gap if all are unknown."""
    values = [*arguments, *(value for word, value in keywords.items() if word in PLACES)]
    for value in values:
        found = tuple(text for text in evaluate(value, names) if not text.number)
        if found:
            return found
    known_otherwise = all(isinstance(value, (ast.Constant, ast.Dict, ast.List)) for value in values)
    return () if known_otherwise else (Text("{...}", exact=False),)


def written_by_command(command: Command) -> Iterator[str]:
    """The paths that a shell command writes to: redirections, ``wget -O``, ``tee``, ``mkdir``, ``cp`` and the like."""
    for match in REDIRECTION.finditer(command.text[:20_000]):
        target = (match.group("to") or "").strip("\"'")
        if target and not target.startswith(("/dev/", "&")):
            yield target
    words = [word for word in command.words if word not in ("sudo",)]
    plain = [word for word in words[1:] if not word.startswith("-")]
    if words[0] in ("tee", "mkdir", "touch"):
        yield from (word for word in plain if word.strip("\\"))
    elif words[0] in ("cp", "mv", "rsync") and len(plain) > 1:
        yield plain[-1]
    elif words[0] == "zip" and plain:
        yield plain[0] if plain[0].endswith(".zip") else f"{plain[0]}.zip"
    elif words[0] == "tar" and len(words) > 2 and re.match(r"^-?[a-z]*c[a-z]*f$", words[1]):
        yield words[2]
