"""The phases of the official lifecycle as commands, what they are told, and what their logs say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_mlpack.events import Emit, LogLines, PhaseEnded, PhaseStarted, Progress
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.lifecycle.build import PROGRESS
from jupyter_mlpack.masking import Mask
from jupyter_mlpack.pattern import pattern

PLATFORM_API = "0.12"
APP, LAYERS, PLATFORM, CACHE, LAYOUT, WHEELS = "/workspace", "/layers", "/platform", "/cache", "/layout", "/wheels"
"""Where the volumes of a build are in its containers."""

PROGRAMS = "/cnb/lifecycle"
BANNER = pattern(r"===> (ANALYZING|DETECTING|RESTORING|BUILDING|EXPORTING)\s*")
PHASES = {
    "ANALYZING": "analyze",
    "DETECTING": "detect",
    "RESTORING": "restore",
    "BUILDING": "build",
    "EXPORTING": "export",
}
COLOUR = pattern(r"\x1b\[[0-9;]*m")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
LONGEST = 1 << 16
"""Characters of a line from which it is cut into several."""

TAIL = 40
"""Lines that are kept of a phase's log, to tell why it failed."""


@dataclass(frozen=True)
class Step:
    """One container: its phase (empty for all of them), its command, and whether the builder's own image runs it."""

    phase: str
    command: tuple[str, ...]
    builders: bool = True


@dataclass(frozen=True)
class Names:
    """References of a build: its image's, the run image's, the one whose layers may be kept (empty for none)."""

    image: str
    run: str
    previous: str = ""


def steps(names: Names, *, trusted: bool) -> tuple[Step, ...]:
    """One container with all phases, or five: then only detect and build run in the builder's image.

    The other three get the run image, the cache and the result, which code of a builder nobody vouches for must not.
    """
    run = (f"-run-image={names.run}",)
    before = (f"-previous-image={names.previous}",) if names.previous else ()
    cache = (f"-cache-dir={CACHE}",)
    if trusted:
        return (Step("", (f"{PROGRAMS}/creator", *run, *before, *cache, names.image)),)
    return (
        Step("analyze", (f"{PROGRAMS}/analyzer", *run, *before, names.image), builders=False),
        Step("detect", (f"{PROGRAMS}/detector",)),
        Step("restore", (f"{PROGRAMS}/restorer", *cache), builders=False),
        Step("build", (f"{PROGRAMS}/builder",)),
        Step("export", (f"{PROGRAMS}/exporter", *cache, names.image), builders=False),
    )


def settings(uid: int, gid: int, moment: int | None, environment: Mapping[str, str]) -> dict[str, str]:
    """What each container is told: the image goes to a layout, as our own store wants it. Nothing secret is in it.

    ``moment`` is when the image shall have been made, in seconds; of ``environment`` the proxies count.
    """
    told = {
        "CNB_PLATFORM_API": PLATFORM_API,
        "CNB_EXPERIMENTAL_MODE": "quiet",
        "CNB_USE_LAYOUT": "true",
        "CNB_LAYOUT_DIR": LAYOUT,
        "CNB_NO_COLOR": "true",
        "CNB_USER_ID": str(uid),
        "CNB_GROUP_ID": str(gid),
    }
    if moment is not None:
        told["SOURCE_DATE_EPOCH"] = str(moment)
    proxies = {name: value for name, value in environment.items() if name.upper() in PROXIES and "@" not in value}
    return told | proxies


@dataclass
class Story:
    """Turns what containers print into the events of a build. ``phase`` is the one that is told of now.

    ``mask`` hides what is secret in each line.
    """

    emit: Emit
    mask: Mask = field(default_factory=lambda: Mask(()))
    phase: str = ""
    tail: list[str] = field(default_factory=list)
    rest: str = ""
    reached: dict[str, int] = field(default_factory=dict)

    def begin(self, phase: str) -> None:
        """A phase begins, and the one before it is over."""
        self.end()
        self.phase, self.tail = phase, []
        self.emit(PhaseStarted(phase))

    def end(self, summary: str = "") -> None:
        """The phase is over, and went well."""
        if self.phase:
            self.emit(PhaseEnded(self.phase, summary))
        self.phase = ""

    def hear(self, text: str) -> None:
        """A piece of the log: whole lines are told, in batches; a banner of the creator begins a phase."""
        *lines, self.rest = (self.rest + text).split("\n")
        if len(self.rest) > LONGEST:
            lines, self.rest = [*lines, self.rest], ""
        self._tell(lines)

    def over(self) -> None:
        """No more of this container's log comes."""
        last, self.rest = self.rest, ""
        if last:
            self._tell([last])

    def _tell(self, lines: Iterable[str]) -> None:
        batch: list[str] = []
        for line in map(plain, lines):
            if found := BANNER.fullmatch(line):
                self._flush(batch)
                batch = []
                if PHASES[found[1]] != self.phase:  # a warning may stand before the first banner
                    self.begin(PHASES[found[1]])
            elif found := PROGRESS.match(line.strip()):
                what, done = found["what"], int(found["done"])
                if done >= self.reached.get(what, 0):
                    self.reached[what] = done
                    self.emit(Progress(self.phase or "build", what, done, int(found["total"]), what))
            else:
                batch.append(self.mask(line))
        self._flush(batch)

    def _flush(self, batch: list[str]) -> None:
        if not batch:
            return
        if not self.phase:
            self.begin("analyze")
        self.tail = [*self.tail, *batch][-TAIL:]
        self.emit(LogLines(self.phase, tuple(batch)))


def plain(line: str) -> str:
    """A line without colours and without the carriage return of a terminal."""
    return COLOUR.sub("", line.rstrip("\r"))
