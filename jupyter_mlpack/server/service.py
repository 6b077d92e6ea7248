"""What the handlers ask for, without HTTP: contents paths and checked bodies in, values of the contract out."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_mlpack.errors import (
    BuildGoesOn,
    ImageNotThere,
    MlpackError,
    OutputNotWritable,
    RunElsewhere,
    RunUnknown,
    StoreUnwritable,
)
from jupyter_mlpack.ledger import Ledger, Record, new_id
from jupyter_mlpack.oci import Store
from jupyter_mlpack.server.asking import Answer, Asking
from jupyter_mlpack.server.asks import DeliveryAsk, JobAsk, NotebookAsk
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.drift import package_changes
from jupyter_mlpack.server.expected import expected_build, expected_job
from jupyter_mlpack.server.live import Live
from jupyter_mlpack.server.paths import Root, next_run_folder
from jupyter_mlpack.server.requests import Requests
from jupyter_mlpack.server.runs import Rules, Runs
from jupyter_mlpack.server.wire import run_json
from jupyter_mlpack.server.workers import Request, Workers

CHECKED = 15.0
"""Seconds between two looks whether other servers still run what they began."""

PROBED = 60.0
"""Seconds for which an answer about engines counts."""

TIDIED = 3600.0
"""Seconds between two tidyings of the ledger."""

PROBING = 10.0
"""Seconds that the first status waits for the engines; it is told without them if they take longer."""

LOOKED = 20.0
"""Seconds for which a look at a notebook counts, if its file does not change."""

REMEMBERED = 200
"""Plans of which the size is remembered."""


@dataclass(frozen=True)
class Settings:
    """The server's settings; ``MlpackExtension`` says what each does."""

    home: Path
    run_folder: str
    limits: dict[str, int]
    max_inspections: int
    idle: float
    answer_time: float
    plan_time: float
    log_limit: int
    keep_runs: int
    keep_days: float


class Service:
    """Everything but HTTP. Only to be used on the loop."""

    def __init__(self, settings: Settings, root: Root, bus: Bus, log: logging.Logger) -> None:
        self.settings = settings
        self.root = root
        self.bus = bus
        self.log = log
        self.ledger = Ledger(settings.home)
        self.workers = Workers(settings.idle)
        self.requests = Requests(settings.home)
        self.asking = Asking(self.workers, settings.max_inspections, settings.answer_time)
        self.slow = Asking(self.workers, 1, settings.plan_time)
        self.runs = Runs(self.ledger, self.workers, bus, Rules(settings.limits, settings.log_limit), log)
        self.opening: asyncio.Task[None] | None = None
        self.offered: tuple[float, dict[str, Any]] | None = None
        self.probing: asyncio.Task[None] | None = None
        self.looks: dict[str, tuple[float, int, Answer]] = {}
        self.planned: dict[str, int] = {}
        self.checked = 0.0

    # --- what is ---

    async def status(self) -> dict[str, Any]:
        """Limits and loads, engines and purposes. Engines are probed in a worker, now and then."""
        if self.offered is None or time.monotonic() - self.offered[0] > PROBED:
            if self.probing is None or self.probing.done():
                self.probing = asyncio.ensure_future(self._probe())
            if self.offered is None:
                await asyncio.wait([self.probing], timeout=PROBING)
        loads = {}
        for kind in ("build", "job"):
            running, queued = self.runs.count(kind)
            loads[f"{kind}s"] = {"limit": self.settings.limits[kind], "running": running, "queued": queued}
        return {**loads, **(self.offered[1] if self.offered else {"engines": [], "purposes": []})}

    async def records(self) -> dict[str, Record]:
        """All runs, whoever runs them."""
        await self._opened()
        records = await asyncio.to_thread(self.ledger.records)
        if any(not record.has_ended and id not in self.runs.live for id, record in records.items()):
            await self._look_for_interrupted()
        return {**records, **{id: live.record for id, live in self.runs.live.items()}}

    async def record(self, kind: str, id: str) -> Record:
        """One run. Raises ``RunUnknown``."""
        live = self.runs.live.get(id)
        record = live.record if live else (await self.records()).get(id)
        if record is None or record.kind != kind:
            raise RunUnknown(kind=kind, id=id)
        return record

    async def list_runs(self, kind: str | None = None) -> list[dict[str, Any]]:
        """``Run`` of all, or of a kind, newest first."""
        records = [record for record in (await self.records()).values() if kind in (None, record.kind)]
        return [self.show(record) for record in sorted(records, key=lambda record: record.id, reverse=True)]

    def show(self, record: Record) -> dict[str, Any]:
        """The ``Run`` of a record."""
        return run_json(record, self.runs.live.get(record.id), self.root)

    # --- questions ---

    async def inspect(self, ask: NotebookAsk) -> dict[str, Any]:
        """What a notebook needs, and which choices it keeps."""
        notebook = await self._notebook(ask.path)
        answer = await self.asking.ask(self.requests.inspection(notebook, ask.choices))
        kept = answer.notebook["choices"] if answer.notebook else {}
        return {"path": ask.path, "choices": kept, "inspection": answer.result}

    async def plan(self, ask: NotebookAsk) -> dict[str, Any]:
        """What would be built, and how long that may take."""
        notebook = await self._notebook(ask.path)
        answer = await self.asking.ask(self.requests.plan(notebook, ask.choices), self.settings.plan_time)
        plan: dict[str, Any] = answer.result
        fresh = plan.get("size", 0) - plan.get("reused", 0)
        while len(self.planned) >= REMEMBERED:
            del self.planned[next(iter(self.planned))]
        self.planned[str(notebook)] = fresh
        records = (await self.records()).values()
        return {**plan, "seconds": expected_build(records, str(notebook), fresh)}

    async def drift(self, id: str) -> dict[str, Any]:
        """Whether the notebook, its packages or the image's name changed since a build."""
        record = await self.record("build", id)
        notebook = Path(record.notebook)
        packages: list[dict[str, str]] = []
        if not await asyncio.to_thread(notebook.is_file):
            state = "missing"
        else:
            found = (await self._look(notebook)).notebook
            state = "same" if found and found["code"] == record.code else "changed"
            packages = package_changes(record.needs, found and found.get("needs"))
        return {"notebook": state, "packages": packages, "image": await self._image_now(record)}

    async def image_of(self, id: str) -> str:
        """The name of a build's image, if that still points at it. Raises ``ImageNotThere``."""
        record = await self.record("build", id)
        reasons = {"missing": "it was removed", "replaced": "its name belongs to a newer one"}
        if not record.digest:
            raise ImageNotThere(reason="the build did not finish one")
        now = await self._image_now(record)
        if now != "same":
            raise ImageNotThere(reason=reasons[now])
        return record.image

    async def write_archive(self, image: str, file: Path) -> bool:
        """Write an image as a file for ``docker load``."""
        await self.slow.ask(self.requests.archive(image, file))
        return True

    # --- changes ---

    async def build(self, ask: NotebookAsk, user: str) -> tuple[dict[str, Any], bool]:
        """Build a notebook: the run, and whether it is a new one. Raises ``BuildGoesOn``.

        Two tabs that ask for the same get the same run. Other choices, or a notebook that was saved since, would make
        another image under the same name: the second is refused.
        """
        notebook = await self._notebook(ask.path)
        records = await self.records()
        saved = (await asyncio.to_thread(notebook.stat)).st_mtime
        for live in self.runs.live.values():
            record = live.record
            if record.kind == "build" and record.notebook == str(notebook) and not live.cancelling:
                if dict(record.choices) != dict(ask.choices):
                    raise BuildGoesOn(id=record.id, difference="with other choices")
                if record.started is not None and saved > record.started:
                    raise BuildGoesOn(id=record.id, difference="as it was before it was saved the last time")
                return self.show(record), False
        seconds = expected_build(records.values(), str(notebook), self.planned.get(str(notebook)))
        name = ask.choices.get("name")
        record = self._record("build", user, notebook=str(notebook), choices=ask.choices, expected=seconds)
        live = self._submit(record, self.requests.build(notebook, ask.choices), image=str(name or ""))
        return self.show(live.record), True

    async def train(self, ask: JobAsk, user: str) -> dict[str, Any]:
        """Run a training; its outputs go into a new folder beside the notebook."""
        notebook = await self._notebook(ask.path)
        records = await self.records()
        try:
            output = await asyncio.to_thread(next_run_folder, notebook, self.settings.run_folder)
        except OSError as error:
            raise OutputNotWritable(path=notebook.parent, reason=error.strerror or str(error)) from error
        record = self._record(
            "job",
            user,
            notebook=str(notebook),
            parameters=ask.parameters,
            engine=ask.engine,
            output=str(output),
            expected=expected_job(records.values(), ask.image),
        )
        return self.show(self._submit(record, self.requests.job(ask, output), image=ask.image).record)

    async def deliver(self, ask: DeliveryAsk, user: str) -> dict[str, Any]:
        """Push a build's image."""
        image = await self.image_of(ask.build)
        built = await self.record("build", ask.build)
        record = self._record(
            "delivery", user, notebook=built.notebook, destination=ask.destination, digest=built.digest, size=built.size
        )
        return self.show(self._submit(record, self.requests.delivery(image, ask), image=image).record)

    async def cancel(self, kind: str, id: str) -> Record | None:
        """Cancel a run: its record, if it had not ended. Raises ``RunElsewhere``."""
        record = await self.record(kind, id)
        live = self.runs.live.get(id)
        if live is not None:
            self.runs.cancel(live)
            return live.record
        if not record.has_ended:
            raise RunElsewhere(kind=kind, id=id, host=record.host)
        return None

    async def forget(self, kind: str, id: str, image: bool) -> dict[str, Any]:
        """Forget a run that has ended, on request with its image: the bytes that this freed."""
        record = await self.record(kind, id)
        freed = 0
        if image and record.digest and kind == "build" and await self._image_now(record) == "same":
            answer = await self.asking.ask(self.requests.removal(record.image), self.settings.plan_time)
            freed = int(answer.result.get("freed", 0))
        await asyncio.to_thread(self.ledger.forget, id)
        self.bus.tell(record, forgotten=True)
        return {"freed": freed}

    async def close(self) -> None:
        """The server goes down: all workers end in order."""
        await self.runs.close()
        if self.probing is not None:
            self.probing.cancel()
        await self.workers.close()

    # --- inside ---

    def _record(self, kind: str, user: str, **more: Any) -> Record:
        now = time.time()
        return Record(kind=kind, id=new_id(now), user=user, created=now, **more)

    def _submit(self, record: Record, request: Request, image: str) -> Live:
        try:
            return self.runs.submit(replace(record, image=image), request)
        except OSError as error:
            raise StoreUnwritable(path=self.ledger.folder, reason=error.strerror or str(error)) from error

    async def _notebook(self, path: str) -> Path:
        return await asyncio.to_thread(self.root.notebook, path)

    async def _look_for_interrupted(self) -> None:
        """Another server runs something, or did: look now and then whether it still lives."""
        if time.monotonic() - self.checked > CHECKED:
            self.checked = time.monotonic()
            await self.runs.tell_interrupted()

    async def _opened(self) -> None:
        """At first, and every hour that somebody asks: tell the runs that were interrupted, and forget old ones."""
        if self.opening is None or (self.opening.done() and time.monotonic() - self.checked > TIDIED):
            self.opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self.opening)

    async def _open(self) -> None:
        self.checked = time.monotonic()
        try:
            await self.runs.tell_interrupted()
            await asyncio.to_thread(self.ledger.prune, self.settings.keep_runs, self.settings.keep_days)
        except OSError as error:
            self.log.warning("the ledger in %s cannot be tidied up: %s", self.ledger.folder, error)

    async def _probe(self) -> None:
        try:
            answer = await Asking(self.workers, 1, self.settings.answer_time, people=False).ask(self.requests.offers())
            self.offered = (time.monotonic(), answer.result["offers"])
        except (MlpackError, KeyError, TypeError) as error:
            why = error.sentence("why") if isinstance(error, MlpackError) else ""
            self.log.warning("engines could not be probed: %s %s", error, why)

    async def _look(self, notebook: Path) -> Answer:
        """What a notebook is now; asked of a worker at most every some seconds."""
        changed = (await asyncio.to_thread(notebook.stat)).st_mtime_ns
        looked = self.looks.get(str(notebook))
        if looked and looked[1] == changed and time.monotonic() - looked[0] < LOOKED:
            return looked[2]
        answer = await self.asking.ask(self.requests.look(notebook))
        while len(self.looks) >= REMEMBERED:
            del self.looks[next(iter(self.looks))]
        self.looks[str(notebook)] = (time.monotonic(), changed, answer)
        return answer

    async def _image_now(self, record: Record) -> str:
        """``same``, ``replaced`` or ``missing``."""

        def look() -> str:
            try:
                image = Store(self.settings.home).image(record.image) if record.image else None
            except MlpackError:
                return "missing"
            if image is None:
                return "missing"
            return "same" if image.descriptor.digest == record.digest else "replaced"

        return await asyncio.to_thread(look)
