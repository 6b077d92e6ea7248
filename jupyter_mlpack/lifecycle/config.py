"""The configuration of the finished image: the run image's, with our layers, environment, entrypoint and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.lifecycle.context import Folders
from jupyter_mlpack.oci.manifest import History, ImageConfig

CREATED = "1980-01-01T00:00:01Z"
PLATFORM_API = "0.12"
LAUNCHER = "/cnb/lifecycle/launcher"
PROCESSES = "/cnb/process"


@dataclass(frozen=True)
class Addition:
    """A layer on top of the run image: its diffID and the history's ``created_by``."""

    diff_id: str
    origin: str


def application_config(
    run: ImageConfig, additions: Sequence[Addition], folders: Folders, default_process: str, labels: Mapping[str, str]
) -> ImageConfig:
    """The configuration of an application image.

    ``default_process`` may be empty: then the launcher waits for a command.
    """
    entrypoint = f"{PROCESSES}/{default_process}" if default_process else LAUNCHER
    return replace(
        run,
        created=CREATED,
        diff_ids=(*run.diff_ids, *(addition.diff_id for addition in additions)),
        history=(*base_history(run), *(History(CREATED, addition.origin) for addition in additions)),
        env=application_env(run.env, folders),
        entrypoint=(entrypoint,),
        cmd=(),
        working_dir=folders.image_app,
        labels=tuple(sorted({**dict(run.labels), **labels}.items())),
    )


def dated(config: ImageConfig, created: str) -> ImageConfig:
    """The configuration with another moment, of the image and of all that it was made of."""
    history = tuple(replace(entry, created=created) for entry in config.history)
    return replace(config, created=created, history=history)


def base_history(run: ImageConfig) -> tuple[History, ...]:
    """The run image's history, one entry a layer; nameless entries when it does not match its layers."""
    kept = [entry for entry in run.history if not entry.empty_layer]
    if len(kept) != len(run.diff_ids):
        kept = [History(CREATED, "")] * len(run.diff_ids)
    return tuple(replace(entry, created=CREATED) for entry in kept)


def application_env(env: Sequence[tuple[str, str]], folders: Folders) -> tuple[tuple[str, str], ...]:
    """The run image's environment with the lifecycle's variables; those that are there keep their places."""
    path = dict(env).get("PATH", "")
    ours = {
        "CNB_LAYERS_DIR": folders.image_layers,
        "CNB_APP_DIR": folders.image_app,
        "CNB_PLATFORM_API": PLATFORM_API,
        "CNB_DEPRECATION_MODE": "quiet",
        # the official exporter does not see a value that holds an equals sign
        "PATH": f"{PROCESSES}:/cnb/lifecycle:{'' if '=' in path else path}",
    }
    there = {name for name, _ in env}
    kept = tuple((name, ours.get(name, value)) for name, value in env)
    return kept + tuple((name, value) for name, value in ours.items() if name not in there)
