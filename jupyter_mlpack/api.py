"""The Python API: what the command line does, as functions. Configuration files count here, too.

All raise leaves of ``MlpackError``; ``emit`` hears typed events (``jupyter_mlpack.events``) while they work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_mlpack.errors import OptionWrong
from jupyter_mlpack.events import BuildSucceeded, Emit, Event, ignore
from jupyter_mlpack.handle import Job, begin_following
from jupyter_mlpack.values import Image, Parameter, Purpose

if TYPE_CHECKING:
    from jupyter_mlpack.cli.base import Command
    from jupyter_mlpack.events import Failed

C = TypeVar("C", bound="Command")


def build(  # noqa: PLR0913 (each is a wish of its own)
    notebook: str | Path,
    *,
    name: str = "",
    purpose: Purpose | str = "",
    accelerator: str = "",
    require: Sequence[str] = (),
    push: Sequence[str] = (),
    load: bool = False,
    options: Sequence[str] = (),
    home: str | Path = "",
    emit: Emit = ignore,
) -> Image:
    """Make an image of a notebook, and deliver it.

    ``options`` are further words of ``jupyter mlpack build``: ``("--stack", "trixie")``. ``home`` is the content store.
    """
    from jupyter_mlpack.cli.build import BuildCommand

    words = [str(notebook), *said(home=home, name=name, accelerator=accelerator), *options]
    words += said(purpose=purpose.value if isinstance(purpose, Purpose) else purpose)
    words += [word for text in require for word in said(require=text)]
    words += [word for text in push for word in said(push=text)]
    words += ["--load"] if load else []
    hearing = Hearing(emit)
    run_command(BuildCommand, words, hearing)
    assert hearing.image is not None
    return hearing.image


def submit(  # noqa: PLR0913 (each is a wish of its own)
    what: str | Path | Image,
    *,
    on: str = "",
    parameters: Mapping[str, Parameter] | None = None,
    gpus: int = 0,
    cpus: float = 0,
    memory: str = "",
    time: str = "",
    nodes: int = 1,
    variables: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    output: str | Path = "",
    options: Sequence[str] = (),
    home: str | Path = "",
    emit: Emit = ignore,
) -> Job:
    """Hand the training of a notebook, or of an image, to a target; the job goes on there, and is followed from here.

    ``secrets`` are names of variables of this process. ``memory`` and ``time`` look like ``16GB`` and ``2h``.
    ``options`` are further words of ``jupyter mlpack submit``.
    """
    from jupyter_mlpack.cli.submit import SubmitCommand

    words = [what.reference if isinstance(what, Image) else str(what)]
    words += said(home=home, on=on, memory=memory, time=time, output=output)
    words += said(gpus=gpus or "", cpus=cpus or "", nodes=nodes)
    words += [word for name, value in (parameters or {}).items() for word in ("-p", f"{name}={yaml_text(value)}")]
    words += [word for name, value in (variables or {}).items() for word in said(set=f"{name}={value}")]
    words += [word for name in secrets for word in said(secret=name)]
    hearing = Hearing(emit)
    command = run_command(SubmitCommand, [*words, *options], hearing)
    job = Job(str(hearing.data["job"]["id"]), command.store().root)
    begin_following(job)
    return job


def find_job(id: str, *, home: str | Path = "") -> Job:
    """A job of the ledger by its id, or by the end of it; it is followed from here. Raises ``JobUnknown``."""
    from jupyter_mlpack.cli.logs import LogsCommand
    from jupyter_mlpack.cli.targets import find_job as find
    from jupyter_mlpack.ledger import Ledger

    store = configured(LogsCommand, said(home=home)).store()
    job = Job(find(Ledger(store.root), id).id, store.root)
    begin_following(job)
    return job


# --- the command line, called by a program -------------------------------------------------------------------------


class Hearing:
    """A ``Reporter`` that keeps the image and a command's answer, and passes events on."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.image: Image | None = None
        self.data: Any = {}

    def __call__(self, event: Event) -> None:
        """An event."""
        if isinstance(event, BuildSucceeded):
            self.image = event.image
        self.emit(event)

    def result(self, text: str, data: object) -> None:
        """The answer."""
        del text
        self.data = data

    def interrupted(self, failure: Failed) -> None:
        """``KeyboardInterrupt`` reaches the caller."""


def configured(kind: type[C], words: Sequence[str]) -> C:
    """A command with its words and the configuration files read. Raises ``OptionWrong``."""
    command = kind()

    def refuse(problem: str) -> None:
        raise OptionWrong(problem=problem, command=kind.name.replace("-", " "))

    command.refuse = refuse  # type: ignore[method-assign]  # in a program nobody's process is to be ended
    command.initialize(list(words))
    command.name_tables()
    return command


def run_command(kind: type[C], words: Sequence[str], hearing: Hearing) -> C:
    """Configure a command and run it."""
    command = configured(kind, words)
    command.trusting_run(hearing)
    return command


def said(**options: object) -> list[str]:
    """Options with values as words of a command line; empty ones are left out."""
    return [f"--{name}={value}" for name, value in options.items() if str(value)]


def yaml_text(value: Parameter) -> str:
    """A parameter so that reading it gives the same value: JSON would make a text of ``1e-05``."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, width=1 << 30, allow_unicode=True)
    return text.removesuffix("...\n").strip("\n")
