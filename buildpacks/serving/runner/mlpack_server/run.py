"""The serve process from its environment to its exit status."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from mlpack_server.folder import FolderError, working_folder
from mlpack_server.mounts import MountError, check_mounts
from mlpack_server.processes import Place, run_processes
from mlpack_server.service import Service, read_service
from mlpack_server.settings import SettingError, Settings, read_settings

DONE, FAILED, MISUSED = 0, 1, 2
BACKLOG = 2048


def run(arguments: list[str], environment: Mapping[str, str], image: Path) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status. ``serve`` may be the one argument (SageMaker's)."""
    unknown = [word for word in arguments if word != "serve"]
    if unknown:
        say(f"error: unknown argument {unknown[0]}; settings are environment variables, for example PORT=8080")
        return MISUSED
    try:
        settings = read_settings(environment)
        listener = listen(settings)
    except SettingError as error:
        say(f"error: {error}")
        return MISUSED
    application = Path(json.loads(image.read_text(encoding="utf-8"))["application"])
    with listener:
        try:
            check_mounts(application)
            service = read_service(application)
        except (MountError, OSError, KeyError, ValueError) as error:
            say(f"error: {error}")
            return FAILED

        def work(place: Place) -> int:
            from mlpack_server.app import State  # late: wrong settings are told before FastAPI is loaded
            from mlpack_server.server import serve

            state = State(service, settings, lambda: enter(application, service, settings, shared), place)
            return serve(state, listener, say)

        try:
            shared = shared_folder(settings)
            if settings.processes == 1:
                return work(Place())
            return run_processes(settings.processes, work, listener.close, say)
        except FolderError as error:
            say(f"error: {error}")
            return FAILED


def shared_folder(settings: Settings) -> Path | None:
    """Where several processes find the model that one of them has fetched. Raises FolderError."""
    if settings.processes == 1 or not settings.model_uri:
        return None
    from mlpack_server.storage import temporary

    return temporary(settings.model_uri)


def enter(application: Path, service: Service, settings: Settings, shared: Path | None) -> None:
    """Goes to where the cells run, once their model files are there. Raises FolderError."""
    mounts = settings.model_folders
    if settings.model_uri:
        from mlpack_server.storage import bring

        fetched = bring(settings.model_uri, service.models, say, shared)
        mounts = (*([fetched] if fetched else []), *mounts)
    folder = working_folder(application, service, mounts, say)
    os.chdir(folder)
    sys.path.insert(0, str(folder))


def listen(settings: Settings) -> socket.socket:
    """The socket, taken before anything is loaded: a port that is in use is told at once. Raises SettingError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise SettingError(
            f"cannot listen on {settings.host} port {settings.port} ({why}); PORT chooses another"
        ) from None
    return listener


def say(text: str) -> None:
    """One line for whoever follows the log."""
    print(f"[mlpack] {text}", file=sys.stderr, flush=True)
