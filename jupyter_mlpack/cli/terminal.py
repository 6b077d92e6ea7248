"""Live phases and bars for a person in front of a terminal."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from jupyter_mlpack import events
from jupyter_mlpack.cli.output import failure_lines, visible

PLAIN_WORDS = {
    "inspect": "Reading the notebook",
    "resolve": "Choosing versions",
    "fetch": "Fetching data and models",
    "stack": "Preparing the base",
    "analyze": "Looking at the last image",
    "detect": "Deciding what is needed",
    "restore": "Checking what can be reused",
    "build": "Installing",
    "extend": "Adding system libraries",
    "export": "Writing layers",
    "publish": "Delivering",
    "run": "Running",
}


class AmountColumn(ProgressColumn):
    """``12 of 40 packages`` or ``12.3 of 60.1 MB``."""

    def render(self, task: Task) -> Text:
        """The amount, where the total is known."""
        if task.total is None or task.total <= 1:
            return Text("")
        if task.fields.get("unit") == "bytes":
            return Text(f"{task.completed / 1e6:.1f} of {task.total / 1e6:.1f} MB", style="progress.data.speed")
        return Text(
            f"{int(task.completed)} of {int(task.total)} {task.fields.get('unit', '')}",
            style="progress.data.speed",
        )


class TerminalReporter:
    """One line a phase: a spinner or bar while it runs, a tick with a summary when it is over."""

    def __init__(self, *, verbose: bool) -> None:
        self.verbose = verbose
        self.console = Console(highlight=False, soft_wrap=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=28), AmountColumn())
        self.progress = Progress(*columns, console=self.console, transient=True)
        self.task: TaskID | None = None
        self.phase = ""
        self.started = 0.0

    def __enter__(self) -> TerminalReporter:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, event: events.Event) -> None:
        """Show an event."""
        match event:
            case events.PhaseStarted():
                self.begin(event.phase)
            case events.PhaseEnded():
                self.end(event.summary)
            case events.Progress() if self.task is not None or event.phase == "run":
                self.advance(event)
            case events.CellStarted():
                self.cell(event)
            case events.Noticed():
                place = f" [dim]({escape(visible(str(event.notice.location)))})[/]" if event.notice.location else ""
                self.console.print(f"[yellow]note:[/] {escape(visible(event.notice.text))}{place}")
            case events.LogLines() if self.verbose or event.phase == "run":
                for line in event.lines:
                    self.console.print(Text.from_ansi(line))
            case events.Failed():
                self.fail(event)
            case _:
                pass

    def begin(self, phase: str) -> None:
        """A phase begins: a spinner with plain words and the specification's name."""
        self.phase, self.started = phase, time.monotonic()
        self.task = self.progress.add_task(f"{PLAIN_WORDS.get(phase, phase)} [dim]{phase}[/]", total=None)

    def end(self, summary: str) -> None:
        """A phase is over: its line stays, with the time it took."""
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None
        seconds = time.monotonic() - self.started
        words = PLAIN_WORDS.get(self.phase, self.phase)
        self.console.print(f"[green]✓[/] {words:<28}[dim]{self.phase:<9}{seconds:6.1f} s[/]  {escape(summary)}")

    def advance(self, event: events.Progress) -> None:
        """Move the bar; a job has no phase that would have begun it."""
        if self.task is None:
            self.begin(event.phase)
        assert self.task is not None
        self.progress.update(self.task, completed=event.done, total=event.total, unit=event.unit)

    def cell(self, event: events.CellStarted) -> None:
        """A job entered a code cell."""
        if self.task is None:
            self.begin("run")
        assert self.task is not None
        self.progress.update(self.task, completed=event.index - 1, total=event.total, unit="cells")

    def fail(self, failure: events.Failed) -> None:
        """The failure's sentences; the running phase is marked."""
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None
            self.console.print(f"[red]✗[/] {PLAIN_WORDS.get(self.phase, self.phase)} [dim]{self.phase}[/]")
        first, *rest = failure_lines(failure)
        self.console.print(f"[bold red]{escape(first)}[/]")
        for line in rest:
            self.console.print(escape(line))

    def result(self, text: str, data: object) -> None:
        """Print a command's answer."""
        del data
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None
        self.console.print(escape(text))

    def interrupted(self, failure: events.Failed) -> None:
        """Print the one sentence."""
        self.console.print(f"[yellow]{escape(failure.what)}[/]")


def escape(text: str) -> str:
    """Text from elsewhere, with what rich would take for markup made harmless."""
    from rich.markup import escape as escape_markup

    return escape_markup(text)
