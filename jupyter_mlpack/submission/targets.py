"""The targets of the configuration, read and checked: where jobs can run, and what each place offers."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import ENGINES, SECRET
from jupyter_mlpack.frozen import fields
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import JobTarget, Json

NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40, "": 1}
MEMORY = pattern(r"([0-9]+(?:\.[0-9]+)?) ?([kmgt]i?|)b?")
TIME = pattern(r"([0-9]+(?:\.[0-9]+)?) ?([smhd]|)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "": 1}

DOCKER = JobTarget("docker", "docker", gpus=1 << 10, accelerators=())
"""The Docker daemon of this machine (or ``DOCKER_HOST``): needs no configuration. Empty ``accelerators``: all."""


def read_targets(configured: Mapping[str, Any]) -> dict[str, JobTarget]:
    """All targets by name: the configuration's, in its order, then ``docker``. Raises leaves of ``TargetError``."""
    targets = {name: read_target(name, entry) for name, entry in configured.items()}
    return {**targets, DOCKER.name: targets.get(DOCKER.name, DOCKER)}


def read_target(name: str, entry: object) -> JobTarget:
    """One target: its own fields, and the options of its engine."""
    if not NAME.fullmatch(name):
        raise errors.TargetWrong(target=name[:80], problem="its name may hold letters, digits, '.', '_' and '-'")
    if not isinstance(entry, Mapping) or "engine" not in entry:
        raise errors.TargetWrong(target=name, problem='it is a table with at least an engine: {"engine": "kubernetes"}')
    engine = str(entry["engine"])
    if engine not in ENGINES or engine == "process":
        known = ", ".join(known for known in ENGINES if known != "process")
        raise errors.TargetWrong(target=name, problem=f"there is no engine {engine!r} for submitted jobs ({known})")
    own = {field.name for field in fields(JobTarget)} - {"name", "options"}
    read = {key: read_field(name, key, value) for key, value in entry.items() if key in own}
    options = tuple(sorted((key, value) for key, value in entry.items() if key not in own))
    check_options(name, engine, dict(options))
    return JobTarget(name, **{**read, "options": options})


def read_field(target: str, key: str, value: object) -> Any:
    """A field's value, of the type that ``JobTarget`` has. Raises ``TargetWrong``."""
    try:
        if key in ("accelerators", "platforms"):
            words = (value,) if isinstance(value, str) else tuple(map(str, value))  # type: ignore[call-overload]
            if key == "accelerators":
                check_accelerators(target, words)
            return words
        if key == "memory":
            return read_memory(str(value))
        if key == "seconds":
            return read_time(str(value))
        if key in ("gpus", "nodes"):
            return int(value)  # type: ignore[call-overload]
        if key == "cpus":
            return float(value)  # type: ignore[arg-type]
        return bool(value) if key == "insecure" else str(value)
    except (TypeError, ValueError) as error:
        raise errors.TargetWrong(target=target, problem=f"{key} cannot be {value!r}") from error


def check_accelerators(target: str, words: tuple[str, ...]) -> None:
    """Raises ``TargetWrong`` for a word that is no row and no kind of the table."""
    rows = hardware_images()
    known = {*rows, *(row.kind for row in rows.values())}
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1) or sorted(rows)
            raise errors.TargetWrong(target=target, problem=f"no accelerator is called {word!r} (such as {near[0]})")


def check_options(target: str, engine: str, options: Mapping[str, Json]) -> None:
    """Raises ``TargetWrong`` for an option that the engine does not have, and ``TargetHoldsSecret``."""
    module, attribute = ENGINES[engine]
    known: Mapping[str, tuple[type, str]] = getattr(getattr(importlib.import_module(module), attribute), "OPTIONS", {})
    for key, value in options.items():
        if SECRET.search(key) and key not in known:
            raise errors.TargetHoldsSecret(target=target, option=key)
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; {near[0]} perhaps?" if near else f" ({', '.join(known) or 'it has none'})"
            raise errors.TargetWrong(target=target, problem=f"the engine {engine} has no option {key}{meant}")
        kind = known[key][0]
        if not isinstance(value, kind) and not (kind is float and isinstance(value, int)):
            raise errors.TargetWrong(target=target, problem=f"{key} is a {kind.__name__}, not {value!r}")


def describe_targets(targets: Mapping[str, JobTarget]) -> Iterator[tuple[str, str, str]]:
    """Name, engine and offer of each, for people."""
    for target in targets.values():
        yield target.name, target.engine, offer(target)


def offer(target: JobTarget) -> str:
    """What a target offers, in words."""
    words = [", ".join(target.accelerators) or "all accelerators that it has"]
    if target is not DOCKER and target.gpus:
        words.append(f"up to {target.gpus} GPUs")
    words += [f"up to {target.cpus:g} CPUs"] if target.cpus else []
    words += [f"up to {target.memory / 1e9:.0f} GB"] if target.memory else []
    words += [f"up to {target.seconds / 3600:g} hours"] if target.seconds else []
    words += [f"up to {target.nodes} nodes"] if target.nodes > 1 else []
    return "; ".join(words)


def read_memory(text: str) -> int:
    """Bytes in ``16GB``, ``16Gi``, ``500M``, ``1024``. Raises ``ValueError``."""
    found = MEMORY.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return int(float(found[1]) * UNITS[found[2]])


def read_time(text: str) -> int:
    """Seconds in ``90``, ``30m``, ``2h``, ``1.5d``. Raises ``ValueError``."""
    found = TIME.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return int(float(found[1]) * SECONDS[found[2]])
