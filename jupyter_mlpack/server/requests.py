"""What the server wants done -> command lines, as a person would type them in the notebook's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.ledger import Record
from jupyter_mlpack.server.asks import DeliveryAsk, JobAsk, ServiceAsk
from jupyter_mlpack.server.workers import Request
from jupyter_mlpack.values import Json


@dataclass(frozen=True)
class Requests:
    """Makes requests for workers. ``home`` is the content store."""

    home: Path

    def inspection(self, notebook: Path, choices: Mapping[str, Json]) -> Request:
        """What the notebook needs, and what it keeps."""
        return self._of_notebook("inspect", notebook, choices)

    def plan(self, notebook: Path, choices: Mapping[str, Json]) -> Request:
        """What would be built."""
        return self._of_notebook("build", notebook, choices, "--dry-run")

    def build(self, notebook: Path, choices: Mapping[str, Json]) -> Request:
        """Build it; the worker first says what the notebook is, so that later changes are seen."""
        return self._of_notebook("build", notebook, choices, needs=self._kernels())

    def look(self, notebook: Path) -> Request:
        """What the notebook is now."""
        return Request((), str(notebook.parent), notebook=notebook.name, needs=self._kernels())

    def offers(self) -> Request:
        """Which engines and purposes there are."""
        return Request((), "/", offers=str(self.home))

    def job(self, ask: JobAsk, output: Path) -> Request:
        """Run a training into ``output``. Secrets are named on the command line, and given by the environment."""
        words = ["--output", str(output)]
        words += ["--engine", ask.engine] if ask.engine else []
        for name, value in ask.parameters.items():
            words += ["-p", f"{name}={yaml_text(value)}"]
        for name in ask.secrets:
            words += ["--env", name]
        return self._command("run", ask.image, *words, folder=output.parent, environment=ask.secrets)

    def attend(self, record: Record, *words: str, secrets: Mapping[str, str] | None = None) -> Request:
        """Follow a job of a target; with ``--begin`` start it, with ``--release`` have the target forget it."""
        return self._command("attend", record.id, *words, environment=secrets)

    def service(self, image: str, ask: ServiceAsk, port: int) -> Request:
        """Run a service on this machine only."""
        words = ["--port", str(port), *(["--engine", ask.engine] if ask.engine else [])]
        for name in ask.secrets:
            words += ["--env", name]
        return self._command("run", image, *words, environment=ask.secrets)

    def delivery(self, image: str, ask: DeliveryAsk) -> Request:
        """Push an image."""
        insecure = ["--insecure"] if ask.insecure else []
        return self._command("images", image, "--push", ask.destination, *insecure)

    def archive(self, image: str, file: Path) -> Request:
        """Write an image as a file for ``docker load``."""
        return self._command("images", image, "--archive", str(file))

    def removal(self, image: str) -> Request:
        """Remove an image."""
        return self._command("images", image, "--remove")

    # --- inside ---

    def _kernels(self) -> str:
        return str(self.home / "kernels")

    def _of_notebook(
        self, command: str, notebook: Path, choices: Mapping[str, Json], *words: str, needs: str = ""
    ) -> Request:
        chosen = ("--choices", json.dumps(choices, ensure_ascii=False)) if choices else ()
        argv = (command, f"./{notebook.name}", *words, *chosen, *self._common())
        return Request(argv, str(notebook.parent), notebook=notebook.name, needs=needs)

    def _command(
        self, command: str, *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Request:
        return Request((command, *words, *self._common()), str(folder or "/"), environment or {})

    def _common(self) -> tuple[str, ...]:
        return ("--format", "json", "--home", str(self.home))


def yaml_text(value: Json) -> str:
    """A value as YAML 1.1 reads it: JSON, but for numbers like ``1e-05``, which need a point to be numbers there."""
    if isinstance(value, float):
        mantissa, exponent, power = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}"
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_text, value))}]"
    if isinstance(value, dict):
        items = (f"{json.dumps(key, ensure_ascii=False)}: {yaml_text(item)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    return json.dumps(value, ensure_ascii=False)
