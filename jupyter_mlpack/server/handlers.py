"""REST below ``<base_url>jupyter-mlpack/``: each verb checks who asks, reads the body, asks the service, answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_mlpack import __version__
from jupyter_mlpack.errors import FieldWrong, InputError, MlpackError, NothingThere, RunUnknown, ServerError
from jupyter_mlpack.server.asking import Refused, problem_of
from jupyter_mlpack.server.asks import (
    read_call,
    read_delivery_ask,
    read_job_ask,
    read_notebook_ask,
    read_service_ask,
)
from jupyter_mlpack.server.calling import call_service, describe_service
from jupyter_mlpack.server.wire import page_json

if TYPE_CHECKING:
    from jupyter_mlpack.server.service import Service

SERVICE = "jupyter_mlpack_service"
"""Name of the service among the web application's settings."""

T = TypeVar("T")


class MlpackHandler(APIHandler):
    """What all have in common: JSON, and refusals in words."""

    auth_resource = "jupyter_mlpack"

    @property
    def service(self) -> Service:
        """Everything but HTTP."""
        service: Service = self.settings[SERVICE]
        return service

    @property
    def user(self) -> str:
        """Who asks, as people know them."""
        user = self.current_user
        return str(user.display_name or user.name or user.username)

    def answer(self, data: object, status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(data if isinstance(data, bytes) else json.dumps(data))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a ``Problem``, whatever was raised. What nobody foresaw is in the server's log."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, Refused):
            self.answer(error.problem, error.status)
        elif isinstance(error, MlpackError):
            fallback = 400 if isinstance(error, InputError) else 422
            self.answer(problem_of(error), error.status if isinstance(error, ServerError) else fallback)
        else:
            message = getattr(error, "log_message", None) if status_code < 500 else None
            problem = {"code": f"http-{status_code}", "message": message or HTTPStatus(status_code).phrase}
            hint = (
                "The server's log says more." if status_code >= 500 else "Reload the page, and log in again if asked."
            )
            self.answer({**problem, "where": "", "why": "", "hint": hint}, status_code)

    def log_exception(self, *details: Any) -> None:
        """Refusals are answers, not accidents."""
        if not isinstance(details[1], (Refused, MlpackError)):
            super().log_exception(*details)

    async def while_connected(self, work: Coroutine[None, None, T]) -> T | None:
        """The result of the work, which is given up when the client goes away; then there is none."""
        self.work = task = asyncio.ensure_future(work)
        try:
            return await task
        except asyncio.CancelledError:
            if not self.gone:
                raise
            return None

    work: asyncio.Future[Any] | None = None
    gone = False

    def on_connection_close(self) -> None:
        """The client went away."""
        self.gone = True
        if self.work is not None:
            self.work.cancel()
        super().on_connection_close()


class StatusHandler(MlpackHandler):
    """``GET status``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Version, user, loads, engines, purposes."""
        self.answer({"version": __version__, "user": self.user, **await self.service.status()})


class InspectionsHandler(MlpackHandler):
    """``POST inspections``."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """What a notebook needs."""
        ask = read_notebook_ask(self.request.body)
        found = await self.while_connected(self.service.inspect(ask))
        if not self.gone:
            self.answer(found)


class PlansHandler(MlpackHandler):
    """``POST plans``."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """What would be built."""
        ask = read_notebook_ask(self.request.body)
        found = await self.while_connected(self.service.plan(ask))
        if not self.gone:
            self.answer(found)


class RunsHandler(MlpackHandler):
    """``GET runs``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All runs."""
        self.answer({"runs": await self.service.list_runs()})


class BuildsHandler(MlpackHandler):
    """``GET builds``, ``POST builds``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All builds."""
        self.answer({"runs": await self.service.list_runs("build")})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Build a notebook: 201, or 200 with the build of the same that goes on already."""
        run, new = await self.service.build(read_notebook_ask(self.request.body), self.user)
        self.answer(run, 201 if new else 200)


class JobsHandler(MlpackHandler):
    """``GET jobs``, ``POST jobs``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All jobs."""
        self.answer({"runs": await self.service.list_runs("job")})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Run a training."""
        self.answer(await self.service.train(read_job_ask(self.request.body), self.user), 201)


class DeliveriesHandler(MlpackHandler):
    """``GET deliveries``, ``POST deliveries``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All deliveries."""
        self.answer({"runs": await self.service.list_runs("delivery")})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Push an image."""
        self.answer(await self.service.deliver(read_delivery_ask(self.request.body), self.user), 201)


class ServicesHandler(MlpackHandler):
    """``GET services``, ``POST services``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """All services."""
        self.answer({"runs": await self.service.list_runs("service")})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Run an inference image."""
        self.answer(await self.service.serve(read_service_ask(self.request.body), self.user), 201)


class ServiceApiHandler(MlpackHandler):
    """``GET services/<id>/api``."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """What a request of it holds."""
        address = await self.service.address(id)
        found = await self.while_connected(describe_service(address))
        if not self.gone:
            self.answer(found)


class CallsHandler(MlpackHandler):
    """``POST services/<id>/calls``."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Ask it, and tell what it answered."""
        ask = read_call(self.request.body)
        address = await self.service.address(id)
        answer = await self.while_connected(call_service(address, ask))
        if not self.gone:
            self.answer(answer)


class RunHandler(MlpackHandler):
    """``GET``, ``DELETE`` of one run."""

    @web.authenticated
    @authorized
    async def get(self, kind: str, id: str) -> None:
        """The run."""
        self.answer(self.service.show(await self.service.record(KINDS[kind], id)))

    @web.authenticated
    @authorized
    async def delete(self, kind: str, id: str) -> None:
        """Cancel it (202 with the run) if it has not ended, else forget it; with ``cancel=1`` an ended one is left."""
        cancelled = await self.service.cancel(KINDS[kind], id)
        if cancelled is not None:
            self.answer(self.service.show(cancelled), 202)
        elif self.asked("cancel"):
            self.answer(self.service.show(await self.service.record(KINDS[kind], id)))
        else:
            self.answer(await self.service.forget(KINDS[kind], id, self.asked("image")))

    def asked(self, name: str) -> bool:
        """Whether the query says ``name=1``."""
        return self.get_query_argument(name, "0") == "1"


class EventsHandler(MlpackHandler):
    """``GET <run>/events?after=<seq>``."""

    @web.authenticated
    @authorized
    async def get(self, kind: str, id: str) -> None:
        """A page of its entries."""
        after = self.get_query_argument("after", "0")
        if not re.fullmatch(r"[0-9]{1,12}", after):
            raise FieldWrong(problem="after is the number of an entry", field="after")
        await self.service.record(KINDS[kind], id)
        try:
            self.answer(page_json(*await asyncio.to_thread(self.service.ledger.page, id, int(after))))
        except FileNotFoundError:
            raise RunUnknown(kind=KINDS[kind], id=id) from None


class DriftHandler(MlpackHandler):
    """``GET builds/<id>/drift``."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """What changed since."""
        found = await self.while_connected(self.service.drift(id))
        if not self.gone:
            self.answer(found)


class NothingHandler(MlpackHandler):
    """All other addresses below ours."""

    @web.authenticated
    @authorized
    async def get(self, _: str) -> None:
        """Say so."""
        raise NothingThere()

    @web.authenticated
    @authorized
    async def post(self, _: str) -> None:
        """Say so. Not the same function as ``get``: ``authorized`` keeps the action of its first call."""
        raise NothingThere()

    put = patch = delete = post


KINDS = {"builds": "build", "jobs": "job", "deliveries": "delivery", "services": "service"}
ANY = f"({'|'.join(KINDS)})"
ID = "([0-9a-f]{18})"
