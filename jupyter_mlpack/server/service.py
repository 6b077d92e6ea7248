"""What the handlers ask for, without HTTP: contents paths and checked bodies in, values of the contract out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_mlpack.errors import (
    BuildGoesOn,
    ImageNotService,
    ImageNotThere,
    ImageNotTraining,
    MlpackError,
    OutputNotWritable,
    RunElsewhere,
    ServiceNotRunning,
    StoreUnwritable,
)
from jupyter_mlpack.ledger import Ledger, Record, new_id
from jupyter_mlpack.oci import Store
from jupyter_mlpack.server.asking import Answer, Asking
from jupyter_mlpack.server.asks import DeliveryAsk, JobAsk, NotebookAsk, ServiceAsk
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.drift import package_changes
from jupyter_mlpack.server.expected import expected_build, expected_job
from jupyter_mlpack.server.live import Live
from jupyter_mlpack.server.offered import list_targets
from jupyter_mlpack.server.offers import Offers
from jupyter_mlpack.server.paths import Root, next_run_folder
from jupyter_mlpack.server.records import Records
from jupyter_mlpack.server.requests import Requests
from jupyter_mlpack.server.runs import Rules, Runs
from jupyter_mlpack.server.wire import run_json
from jupyter_mlpack.server.workers import Request, Workers
from jupyter_mlpack.services import LOOPBACK, is_service, take_port
from jupyter_mlpack.submission.submitting import Order, make_record, wish_of
from jupyter_mlpack.submission.targets import read_targets

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
    targets: Mapping[str, Any] = field(default_factory=dict)


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
        rules = Rules(settings.limits, settings.log_limit)
        self.runs = Runs(self.ledger, self.workers, bus, rules, log, self.requests.attend)
        self.records = Records(self.ledger, self.runs, settings.keep_runs, settings.keep_days, log)
        self.offers = Offers(Asking(self.workers, 1, settings.answer_time, people=False), self.requests, log)
        self.looks: dict[str, tuple[float, int, Answer]] = {}
        self.planned: dict[str, int] = {}

    # --- what is ---

    async def status(self) -> dict[str, Any]:
        """Limits and loads, engines and purposes. Engines are probed in a worker, now and then."""
        offers = await self.offers.now()
        loads = {}
        for kind in ("build", "job", "service"):
            running, queued = self.runs.count(kind)
            loads[f"{kind}s"] = {"limit": self.settings.limits[kind], "running": running, "queued": queued}
        return {**loads, **offers, "targets": list_targets(self.settings.targets)}

    async def record(self, kind: str, id: str) -> Record:
        """One run. Raises ``RunUnknown``."""
        return await self.records.one(kind, id)

    async def list_runs(self, kind: str | None = None) -> list[dict[str, Any]]:
        """``Run`` of all, or of a kind, newest first."""
        records = [record for record in (await self.records.all()).values() if kind in (None, record.kind)]
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
        records = (await self.records.all()).values()
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
        records = await self.records.all()
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
        records = await self.records.all()
        if await self._serves(ask.image):
            raise ImageNotTraining(image=ask.image)
        try:
            output = await asyncio.to_thread(next_run_folder, notebook, self.settings.run_folder)
        except OSError as error:
            raise OutputNotWritable(path=notebook.parent, reason=error.strerror or str(error)) from error
        if ask.target:
            return await self._submit_to_target(ask, notebook, output, user)
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

    async def _submit_to_target(self, ask: JobAsk, notebook: Path, output: Path, user: str) -> dict[str, Any]:
        """Hand a training to a target: a worker does it, and follows it."""
        parameters, secrets = tuple(ask.parameters.items()), tuple(ask.secrets.items())
        order = Order(output, ask.target, parameters, ask.resources, (), secrets, str(notebook))

        def make() -> Record:
            targets = read_targets(self.settings.targets)
            return make_record(wish_of(ask.image, targets, order, Store(self.settings.home)))

        record = replace(await asyncio.to_thread(make), user=user)
        request = self.requests.attend(record, "--begin", secrets=ask.secrets)
        return self.show(self._submit(record, request, image=ask.image).record)

    async def deliver(self, ask: DeliveryAsk, user: str) -> dict[str, Any]:
        """Push a build's image."""
        image = await self.image_of(ask.build)
        built = await self.record("build", ask.build)
        record = self._record(
            "delivery", user, notebook=built.notebook, destination=ask.destination, digest=built.digest, size=built.size
        )
        return self.show(self._submit(record, self.requests.delivery(image, ask), image=image).record)

    async def serve(self, ask: ServiceAsk, user: str) -> dict[str, Any]:
        """Run a build's image as a service on this machine. Raises ``ImageNotService``."""
        image = await self.image_of(ask.build)
        if not await self._serves(image):
            raise ImageNotService(image=image)
        built = await self.record("build", ask.build)
        port = take_port(LOOPBACK, 0)
        record = self._record(
            "service",
            user,
            notebook=built.notebook,
            digest=built.digest,
            size=built.size,
            engine=ask.engine,
            address=f"http://{LOOPBACK}:{port}",
        )
        return self.show(self._submit(record, self.requests.service(image, ask, port), image=image).record)

    async def address(self, id: str) -> str:
        """Where a service of this server answers. Raises ``RunUnknown``, ``ServiceNotRunning``."""
        record = await self.record("service", id)
        if id not in self.runs.live or record.state != "running":
            raise ServiceNotRunning(id=id)
        return record.address

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
        self.offers.close()
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

    async def _serves(self, image: str) -> bool:
        """Whether an image is a service; one that is not there is none."""

        def look() -> bool:
            try:
                return is_service(Store(self.settings.home), image)
            except MlpackError:
                return False

        return await asyncio.to_thread(look)

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
