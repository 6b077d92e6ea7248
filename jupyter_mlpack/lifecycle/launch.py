#!/usr/bin/python3 -IS
"""The launcher of our images: starts a process type, or a command, in the environment that the layers make.

This one file is copied into each image as ``/cnb/lifecycle/launcher``; ``/cnb/process/<type>`` are links to it, and
the name it is called by is the process type. Standard library only, and little of it: it runs before every process.
Exit status 1: ``metadata.toml`` is missing or wrong; 11, 12: an API that we do not know; 82: the launch failed.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

SCRUBBED = ("CNB_LAYERS_DIR", "CNB_APP_DIR", "CNB_PROCESS_TYPE", "CNB_PLATFORM_API", "CNB_DEPRECATION_MODE")
OWN_FOLDERS = ("/cnb/process", "/cnb/lifecycle")
ROOTS = (("bin", "PATH"), ("lib", "LD_LIBRARY_PATH"))
PLATFORM_APIS = ("0.10", "0.11", "0.12", "0.13", "0.14", "0.15")
BUILDPACK_APIS = ("0.7", "0.8", "0.9", "0.10", "0.11", "0.12")
FAILED, BAD_PLATFORM_API, BAD_BUILDPACK_API, LAUNCH_FAILED = 1, 11, 12, 82
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class LaunchError(Exception):
    """Why nothing was started, and the exit status that says so."""

    def __init__(self, message: str, status: int = LAUNCH_FAILED) -> None:
        super().__init__(message)
        self.status = status


# --- the environment ------------------------------------------------------------------------------------------


def initial_environment() -> dict[str, str]:
    """The environment as we were started with it: Python itself may have added LC_CTYPE to the one it shows."""
    try:
        with open("/proc/self/environ", "rb") as stream:
            entries = stream.read().split(b"\0")
    except OSError:
        return dict(os.environ)
    pairs = (os.fsdecode(entry).partition("=") for entry in entries)
    return {name: value for name, equals, value in pairs if equals}


def launch_environment(environ: dict[str, str]) -> dict[str, str]:
    """``environ`` without the lifecycle's own variables, and without its folders in PATH."""
    env = {name: value for name, value in environ.items() if name not in SCRUBBED}
    if "PATH" in env:
        env["PATH"] = ":".join(part for part in env["PATH"].split(":") if part not in OWN_FOLDERS)
    return env


def add_root(env: dict[str, str], layer: str) -> None:
    """Put the layer's ``bin`` and ``lib`` in front, where they exist."""
    for folder, name in ROOTS:
        path = os.path.join(layer, folder)
        if os.path.exists(path):
            current = env.get(name, "")
            env[name] = f"{path}:{current}" if current else path


def add_files(env: dict[str, str], folder: str) -> None:
    """Apply the files ``NAME`` and ``NAME.<action>`` of an ``env`` folder, in the order of their names."""
    for path in entries(folder, folders=False, follow=True):
        name, dot, action = os.path.basename(path).partition(".")
        value = read(path)
        current = env.get(name, "")
        if not dot or action == "override" or (action == "default" and not current):
            env[name] = value
        elif action in ("prepend", ""):
            env[name] = value + (delimiter(folder, name, "" if action else ":") + current if current else "")
        elif action == "append":
            env[name] = (current + delimiter(folder, name, "") if current else "") + value


def delimiter(folder: str, name: str, default: str) -> str:
    """What stands between the old value and the new one."""
    try:
        return read(os.path.join(folder, name + ".delim"))
    except OSError:
        return default


def read(path: str) -> str:
    """A file's content, every byte of it."""
    with open(path, "rb") as stream:
        return os.fsdecode(stream.read())


def entries(folder: str, folders: bool, follow: bool = False) -> Iterator[str]:
    """Paths in ``folder``, sorted by name: its folders, or all that is not one (a link to a folder: see ``follow``)."""
    try:
        names = sorted(os.listdir(folder), key=os.fsencode)
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(folder, name)
        mode = (os.stat if follow else os.lstat)(path).st_mode
        if stat.S_ISDIR(mode) == folders:
            yield path


# --- the process ----------------------------------------------------------------------------------------------


class Launcher:
    """One launch. ``metadata`` is the content of ``metadata.toml``, ``env`` the environment in the making."""

    def __init__(self, metadata: dict[str, Any], layers: str, app: str, env: dict[str, str]) -> None:
        self.buildpacks: list[dict[str, Any]] = metadata.get("buildpacks", [])
        self.processes: list[dict[str, Any]] = metadata.get("processes", [])
        self.layers, self.app, self.env = layers, app, env

    def launch(self, called: str, arguments: Sequence[str]) -> NoReturn:
        """Start what ``called`` (our own path) and the user's arguments ask for, in our place."""
        process = self.process(os.path.basename(called), arguments)
        os.chdir(self.app)
        self.apply_layers(process["type"])
        folder = process.get("working-dir") or self.app
        if process["direct"]:
            argv = [*process["command"], *process["args"]]
            program = self.find(argv)
            os.chdir(folder)
        else:
            program, argv = "/bin/bash", self.shell(called, process, folder)
        for number in IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        os.execve(program, argv, self.env)

    def process(self, kind: str, arguments: Sequence[str]) -> dict[str, Any]:
        """The process type of this name, or the process that the arguments describe."""
        found = next((process for process in self.processes if process["type"] == kind), None)
        if found is not None:
            return self.with_arguments(found, list(arguments))
        if not arguments:
            raise LaunchError("determine start command: there is no default process, so a command is required")
        direct = len(arguments) > 1 and arguments[0] == "--"
        command, *rest = arguments[1:] if direct else arguments
        return {"type": "", "command": [command], "args": rest, "direct": direct}

    def with_arguments(self, process: dict[str, Any], arguments: list[str]) -> dict[str, Any]:
        """The process with the user's arguments: they replace the default ones, never the rest of the command."""
        command, defaults = process["command"], process.get("args", [])
        command = [command] if isinstance(command, str) else command
        if len(command) > 1:
            return {**process, "command": command[:1], "args": command[1:] + (arguments or defaults)}
        if arguments and self.api(process["buildpack-id"]) in BUILDPACK_APIS[:2]:
            # before Buildpack API 0.9 all arguments of a process were fixed
            return {**process, "command": command, "args": defaults + arguments}
        return {**process, "command": command, "args": arguments or defaults}

    def api(self, buildpack: str) -> str:
        """The Buildpack API of the buildpack that defined a process."""
        for known in self.buildpacks:
            if known["id"] == buildpack:
                return str(known["api"])
        raise LaunchError(f"determine start command: the process comes from {buildpack}, which is not in this image")

    def find(self, argv: Sequence[str]) -> str:
        """The program's path: as it is when it names a folder, else from PATH."""
        if not argv:
            raise LaunchError("the process has no command")
        if "/" in argv[0]:
            candidates = [argv[0]]
        else:
            candidates = [os.path.join(folder or ".", argv[0]) for folder in self.env.get("PATH", "").split(":")]
        for path in candidates:
            if os.path.isfile(path) and os.access(path, os.X_OK):
                if "/" not in argv[0] and not os.path.isabs(path):
                    raise LaunchError(f"{argv[0]} is only found by way of a relative folder in PATH")
                return path
        raise LaunchError(f"{argv[0]}: no such program")

    # --- layers -------------------------------------------------------------------------------------------

    def each_layer(self) -> Iterator[list[str]]:
        """The layers' folders, one list a buildpack, in the order of the build."""
        for buildpack in self.buildpacks:
            yield list(entries(os.path.join(self.layers, buildpack["id"].replace("/", "_")), folders=True))

    def apply_layers(self, kind: str) -> None:
        """Let the layers change the environment: first by their files, then by their ``exec.d`` programs."""
        for layers in self.each_layer():
            for layer in layers:
                add_root(self.env, layer)
            for layer in layers:
                for folder in ("env", "env.launch", os.path.join("env.launch", kind))[: 3 if kind else 2]:
                    add_files(self.env, os.path.join(layer, folder))
        for path in self.hooks("exec.d", kind):
            self.run_hook(path)

    def hooks(self, folder: str, kind: str) -> Iterator[str]:
        """The files in a folder of each layer, then in its subfolder for the process type."""
        for layers in self.each_layer():
            for layer in layers:
                yield from entries(os.path.join(layer, folder), folders=False)
                if kind:
                    yield from entries(os.path.join(layer, folder, kind), folders=False)

    def run_hook(self, path: str) -> None:
        """Run a program that writes variables as TOML to its file descriptor 3."""
        import tomllib  # type: ignore[import-not-found,unused-ignore]  # late: most images have no such programs

        reader, writer = os.pipe()
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        if writer == 3:
            os.set_inheritable(writer, True)
        else:
            actions.append((os.POSIX_SPAWN_DUP2, writer, 3))
        child = os.posix_spawn(path, [path], self.env, file_actions=actions, setsigdef=IGNORED_BY_PYTHON)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            output = stream.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 0:
            raise LaunchError(f"exec.d: {path} ended with status {status}")
        try:
            variables = tomllib.loads(output.decode("utf-8"))
        except ValueError as error:
            raise LaunchError(f"exec.d: {path} did not write TOML: {error}") from error
        if not all(isinstance(value, str) for value in variables.values()):
            raise LaunchError(f"exec.d: {path} wrote a variable that is not a text")
        self.env.update(variables)

    # --- shell processes ----------------------------------------------------------------------------------

    def shell(self, called: str, process: dict[str, Any], folder: str) -> list[str]:
        """The command line of a bash that reads the profile scripts, then becomes the process."""
        scripts = list(self.hooks("profile.d", process["type"]))
        if os.path.isfile(os.path.join(self.app, ".profile")):
            scripts.append(".profile")
        lines = [f'source "{script}"' for script in scripts] + [f'cd "{folder}"']
        arguments = process["args"]
        if arguments:
            # each word is expanded once more, as in a double-quoted string: arguments may name variables
            words = (
                f'"$(eval echo \\"{word}\\")"' for word in ["$0", *map("${{{}}}".format, range(1, len(arguments) + 1))]
            )
            lines.append(f"exec bash -c '{' '.join(words)}' \"${{@:1}}\"")
        else:
            lines.append('exec bash -c "$@"')
        return ["bash", "-c", "\n".join(lines), called, " ".join(process["command"]), *arguments]


def read_metadata(layers: str) -> dict[str, Any]:
    """The build's metadata. Raises ``LaunchError``."""
    import tomllib  # type: ignore[import-not-found,unused-ignore]

    path = os.path.join(layers, "config", "metadata.toml")
    try:
        with open(path, "rb") as stream:
            metadata: dict[str, Any] = tomllib.load(stream)
    except (OSError, ValueError) as error:
        raise LaunchError(f"read metadata: {error}", FAILED) from error
    for buildpack in metadata.get("buildpacks", []):
        if buildpack.get("api") not in BUILDPACK_APIS:
            raise LaunchError(
                f"Buildpack API {buildpack.get('api')} of {buildpack.get('id')} is not known", BAD_BUILDPACK_API
            )
    return metadata


def main(argv: Sequence[str]) -> NoReturn:
    """Launch; returns only by an exit status that says why nothing was started."""
    environ = initial_environment()
    api = environ.get("CNB_PLATFORM_API", "")
    layers, app = environ.get("CNB_LAYERS_DIR") or "/layers", environ.get("CNB_APP_DIR") or "/workspace"
    try:
        if api not in PLATFORM_APIS:
            raise LaunchError(f"Platform API {api or '(CNB_PLATFORM_API is not set)'} is not known", BAD_PLATFORM_API)
        Launcher(read_metadata(layers), layers, app, launch_environment(environ)).launch(argv[0], argv[1:])
    except LaunchError as error:
        problem, status = str(error), error.status
    except (OSError, ValueError, KeyError, TypeError) as error:
        place = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
        problem, status = (
            f"{errno.errorcode.get(getattr(error, 'errno', 0) or 0, '')} {error}{place}".strip(),
            LAUNCH_FAILED,
        )
    sys.stderr.write(f"ERROR: failed to launch: {problem}\n")
    sys.exit(status)


if __name__ == "__main__":
    main(sys.argv)
