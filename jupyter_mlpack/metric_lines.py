"""Numbers by which a training tells how it goes, read from the lines that it prints anyway.

Frameworks' own lines are known (Keras, PyTorch's examples, Lightning, transformers, XGBoost, LightGBM, CatBoost,
scikit-learn, scrapbook's records), and ``name=value`` or ``name: value`` of whoever writes a loop by hand. A line that
may be something else says nothing: a wrong curve is worse than none.

Two have this file: the package, for whoever follows a job, and the train process of an image, for the file of metrics
that a job leaves. Nothing but the standard library is used, and a test compares them.
"""

from __future__ import annotations

import ast
import functools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

LONGEST = 4_000
"""Characters of a line that is looked at."""

MAX_VALUES, MAX_NAMES, LONGEST_NAME = 20, 50, 64
"""Values of one line, names of one job, characters of a name."""

FULL, TENTH = 1_000, 10_000
"""Up to so many values of a name all are told, then every tenth, then every hundredth."""

WORDS = frozenset([
    "loss", "acc", "accuracy", "rmse", "mse", "mae", "mape", "smape", "msle", "r2", "f1", "fbeta", "auc", "auroc",
    "auprc", "roc", "ap", "precision", "recall", "specificity", "iou", "miou", "dice", "jaccard", "perplexity", "ppl",
    "bleu", "rouge", "wer", "cer", "score", "reward", "logloss", "mlogloss", "merror", "nll", "elbo", "kl", "ndcg",
    "mcc", "kappa", "psnr", "ssim", "fid", "likelihood", "silhouette", "map50", "top1", "top5", "bpc", "bpb",
])  # fmt: skip
"""A name with one of these words in it is a metric wherever it stands."""

NEVER = frozenset([
    "time", "elapsed", "eta", "sec", "secs", "seconds", "ms", "min", "minutes", "hours", "duration", "runtime",
    "remaining", "total", "mem", "memory", "ram", "gpu", "vram", "cpu", "size", "batch", "batches", "batchsize",
    "samples", "examples", "tokens", "speed", "throughput", "version", "v", "num", "pid", "port", "seed", "rank",
    "worker", "workers", "device", "step", "steps", "epoch", "epochs", "iter", "iters", "iteration", "iterations",
    "round", "patience", "flos", "date", "it", "fps", "params", "parameters", "n", "id", "lineno", "line", "port",
    "fold",
])  # fmt: skip
"""A name with one of these words in it never is, but for those with a word of ``WORDS``."""

QUALIFIERS = "train|training|test|testing|val|valid|validation|eval|evaluation|dev|best|mean|avg|average|final|running"

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
AFTER = r"(?=%|[,;|)\]}]|\.?\s|\.?$|:\s)"
"""What may follow a number: no unit, no further digits, no path, no part of a version or a time."""

PAIR = re.compile(
    rf"(?<![\w./\\-])(?P<name>(?:(?:{QUALIFIERS})[ ])?[A-Za-z][\w@]*(?:(?:[-/.]|'s )[\w@]+)*)"
    rf"(?P<sign>[ ]?[:=][ \t]*|[ ])(?P<number>{NUMBER}){AFTER}",
    re.IGNORECASE,
)
DIGIT = re.compile(r"[0-9]")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
EXPLAINED = "An error occurred while executing the following cell:"
"""With this the explanation of a failed cell begins, which repeats what the cell has printed."""

CODE = re.compile(r"^\s*-+>|^\s+\d+\s|^\s*(?:File |>>> )|\[mlpack\]")
"""Lines of a traceback, and ours."""

EPOCH = re.compile(r"\bepoch\b[\s:=#\[(]*(\d{1,9})(?![\d.]*[\w.]*=)", re.IGNORECASE)
STEP = re.compile(r"\b(?:global[ _]step|step|iter(?:ation)?|round)\b[\s:=#\[(]*(\d{1,9})(?!\d)", re.IGNORECASE)
BRACKET = re.compile(r"^\s*\[(\d{1,9})\]\s")
"""``[12]`` at the beginning, as boosting libraries count."""

CATBOOST = re.compile(r"^(\d{1,9}):\s+(?=learn:)")


class Found(NamedTuple):
    """What one line says. ``step`` is the epoch or iteration that it names."""

    values: tuple[tuple[str, float], ...] = ()
    step: int | None = None


class Record(NamedTuple):
    """Values of one step."""

    values: tuple[tuple[str, float], ...]
    step: int


class LineReader:
    """Reads a log line by line and numbers the values: by the step that was named, as long as that grows."""

    def __init__(self) -> None:
        self.epoch: int | None = None
        self.last: dict[str, int] = {}
        self.seen: dict[str, int] = {}
        self.over = False

    def read(self, line: str) -> list[Record]:
        """One record for each step that the line has values of: nearly always one, or none."""
        self.over = self.over or line.startswith(EXPLAINED)
        found = Found() if self.over else parse_metrics(line)
        if found.step is not None:
            self.epoch = found.step
        by_step: dict[int, list[tuple[str, float]]] = {}
        for name, value in found.values:
            if name not in self.last and len(self.last) >= MAX_NAMES:
                continue
            step = self._step(name)
            self.last[name] = step
            if self._is_told(name):
                by_step.setdefault(step, []).append((name, value))
        return [Record(tuple(values), step) for step, values in by_step.items()]

    def _step(self, name: str) -> int:
        last = self.last.get(name)
        if self.epoch is not None and (last is None or self.epoch > last):
            return self.epoch
        return 1 if last is None else last + 1

    def _is_told(self, name: str) -> bool:
        count = self.seen[name] = self.seen.get(name, 0) + 1
        return count <= FULL or count % (10 if count <= TENTH else 100) == 0


def parse_metrics(line: str) -> Found:
    """The metrics in a line of a log. Pure.

    >>> parse_metrics("Epoch 3/10 - loss: 0.31 - val_loss: 0.4").values
    (('loss', 0.31), ('val_loss', 0.4))
    """
    if len(line) > LONGEST or not DIGIT.search(line):
        return Found()
    text = ANSI.sub("", line).replace("\b", "").rstrip()
    if CODE.search(text):
        return Found()
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        return _record(stripped)
    step = _named_step(text)
    if step is None and "=" not in text and ":" not in text:
        return Found()
    return Found(_chosen(_pairs(text, marked=step is not None)), step)


def _named_step(text: str) -> int | None:
    """The epoch, else the iteration that a line names. Most lines have none of the words: they cost little."""
    lower = text.lower()
    signs = [EPOCH] if "epoch" in lower else []
    signs += [BRACKET, CATBOOST]
    signs += [STEP] if any(word in lower for word in ("step", "iter", "round")) else []
    found = next((match for sign in signs if (match := sign.search(text))), None)
    return int(found.group(1)) if found else None


def _pairs(text: str, *, marked: bool) -> Iterator[tuple[str, float]]:
    """Names and numbers. In a line that names its step, any name counts that is not known to be something else."""
    for match in PAIR.finditer(text):
        name, number = match["name"], match["number"]
        words = _words(name)
        metric = not WORDS.isdisjoint(words)
        exact = any(sign in number for sign in ".eE") or text.startswith("%", match.end())
        bare = not match["sign"].strip()
        if bare and not (metric and marked):
            continue
        if (metric and (exact or marked)) or (marked and exact and NEVER.isdisjoint(words)):
            yield name, float(number)


def _record(text: str) -> Found:
    """A dictionary that was printed: transformers' and many people's way, also as JSON, also scrapbook's."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        try:
            data = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return Found()
    if not isinstance(data, Mapping) or not all(isinstance(name, str) for name in data):
        return Found()
    if {"name", "data", "encoder"} <= data.keys():
        data = {str(data["name"]): data["data"], "step": None}
    numbers = {name: value for name, value in data.items() if _is_number(value)}
    step = next((numbers[key] for key in ("epoch", "step", "global_step", "iteration") if key in numbers), None)
    names = [name for name in numbers if NEVER.isdisjoint(_words(name)) or not WORDS.isdisjoint(_words(name))]
    known = "step" in data or step is not None or any(not WORDS.isdisjoint(_words(name)) for name in names)
    whole = int(step) if step is not None and 0 <= step < 1e9 and step == int(step) else None
    return Found(_chosen((name, float(numbers[name])) for name in names) if known else (), whole)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def _chosen(pairs: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Finite values, each name once (the last one counts), names in one form."""
    found = {_name(name): value for name, value in pairs if math.isfinite(value)}
    return tuple((name, value) for name, value in found.items() if 0 < len(name) <= LONGEST_NAME)[:MAX_VALUES]


def _name(name: str) -> str:
    """``val loss`` and ``valid_1's l2`` as ``val_loss`` and ``valid_1_l2``; lower case, but for what is abbreviated."""
    plain = re.sub(r"'s |\s+", "_", name.strip())
    return plain if re.search(r"[a-z][A-Z]|[A-Z]{2}", plain) else plain.lower()


@functools.lru_cache(maxsize=1024)
def _words(name: str) -> frozenset[str]:
    """``valLoss`` and ``val_loss`` both are ``val`` and ``loss``; ``loss2`` is a ``loss``, too."""
    split = re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    return frozenset((*split, *(word.rstrip("0123456789") for word in split)))
