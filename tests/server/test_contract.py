"""Values and hints of the server are those of ``labextension/src/tokens.ts``, field by field."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.server.app import MlpackExtension
from jupyter_mlpack.server.bus import SCHEMA_ID
from jupyter_mlpack.server.routes import ROUTES

TOKENS = Path(__file__).parents[2] / "labextension" / "src" / "tokens.ts"


def fields(interface: str) -> dict[str, str]:
    """Names and TypeScript types of an interface."""
    text = re.sub(r"/\*\*.*?\*/", "", TOKENS.read_text(), flags=re.DOTALL)
    body = re.search(rf"export interface {interface} {{\n(.*?)\n}}", text, re.DOTALL)
    assert body, interface
    return dict(re.findall(r"^  (\w+): (.+?);?$", body[1], re.MULTILINE))


SIMPLE = {"string": str, "number": (int, float), "boolean": bool}


def check(value: Mapping[str, Any], interface: str) -> None:
    """The same fields, and of the plain ones the same types."""
    wanted = fields(interface)
    assert set(value) == set(wanted), interface
    for name, kind in wanted.items():
        plain, _, _ = kind.partition(" | null")
        if value[name] is None:
            assert kind.endswith("| null"), (interface, name)
        elif plain in SIMPLE:
            assert isinstance(value[name], SIMPLE[plain]), (interface, name)
            assert not isinstance(value[name], bool) or plain == "boolean", (interface, name)


async def test_values__have_the_fields_of_the_contract(rest: Any, write: Any) -> None:
    write("a.ipynb", "1", language_info={"name": "R"})
    _, run = await rest("POST", "builds", {"path": "a.ipynb"})
    check(run, "Run")
    check(await rest.until(run, "failed"), "Run")
    _, page = await rest("GET", f"builds/{run['id']}/events")
    check(page, "Entries")
    for entry in page["entries"]:
        check(entry, "Entry")
        check(entry["event"], entry["event"]["event"])
    _, drift = await rest("GET", f"builds/{run['id']}/drift")
    check(drift, "Drift")
    _, status = await rest("GET", "status")
    check(status, "Status")
    for engine in status["engines"] + status["purposes"]:
        check(engine, "Engine")
    for name, offer in (("accelerators", "Accelerator"), ("stacks", "StackOffer"), ("targets", "TargetOffer")):
        assert status[name]
        for row in status[name]:
            check(row, offer)
    assert "linux/arm64" in status["platforms"]
    _, problem = await rest("GET", "builds/nothing")
    check(problem, "Problem")
    _, job = await rest("POST", "jobs", {"image": "a", "path": "a.ipynb"})
    check(job, "Run")
    await rest.until(job, "failed")


async def test_hints__reach_a_subscriber__and_are_no_more_than_five_a_second(
    rest: Any, write: Any, held: Any, jp_ws_fetch: Any
) -> None:
    socket = await jp_ws_fetch("api", "events", "subscribe")
    write("a.ipynb", "1", kernel="held")
    _, run = await rest("POST", "builds", {"path": "a.ipynb"})
    await rest("DELETE", f"builds/{run['id']}")
    await rest.until(run, "cancelled")
    await rest("DELETE", f"builds/{run['id']}")
    hints = []
    while True:
        hint = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        if hint.pop("schema_id") != SCHEMA_ID:
            continue
        check(hint, "Changed")
        assert (hint["kind"], hint["id"]) == ("build", run["id"])
        if hints and hints[-1]["state"] == "cancelled" and hint["seq"] == hints[-1]["seq"] + 1:
            break  # the run was forgotten
        hints.append(hint)
    socket.close()
    assert [hint["seq"] for hint in hints] == sorted(hint["seq"] for hint in hints)
    states = [hint["state"] for hint in hints]
    assert states[-1] == "cancelled"
    assert "running" in states


async def test_bus__hint_of_another_shape__is_refused_by_the_schema(jp_serverapp: Any, service: Any) -> None:
    schema = jp_serverapp.event_logger.schemas.get(SCHEMA_ID)
    good = {"kind": "job", "id": "0", "seq": 3, "state": "running"}
    schema.validate(good)
    for wrong in ({**good, "state": "done"}, {**good, "log": "x"}, {"kind": "job"}, {**good, "seq": -1}):
        with pytest.raises(Exception, match=r"."):
            schema.validate(wrong)


def test_settings_and_addresses__are_all_described() -> None:
    described = (TOKENS.parents[2] / "docs" / "server.md").read_text()
    own = MlpackExtension.class_own_traits(config=True)
    assert len(own) > 10
    assert [name for name in own if f"`{name}`" not in described] == []
    for pattern, _ in ROUTES[:-1]:
        noun = pattern.replace("(builds|jobs|deliveries|services)/([0-9a-f]{18})", "<run>").replace(
            "([0-9a-f]{18})", "<id>"
        )
        assert re.search(rf"`[^`]*{noun}\b[^|]*`|`{noun}`", described), noun


async def test_bus__broken_listener__breaks_nothing(rest: Any, write: Any, jp_serverapp: Any) -> None:
    async def broken(logger: object, schema_id: str, data: object) -> None:
        raise ZeroDivisionError

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=broken)
    write("a.ipynb", "1", language_info={"name": "R"})
    _, run = await rest("POST", "builds", {"path": "a.ipynb"})
    await rest.until(run, "failed")
