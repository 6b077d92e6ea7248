"""Workers themselves: one is kept warm, none is left, whatever happens to those who wait."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.errors import WorkerNotStarted
from jupyter_mlpack.server import workers as room
from jupyter_mlpack.server.asking import Asking
from jupyter_mlpack.server.worker import COMMAND
from jupyter_mlpack.server.workers import Request, Workers

NOTHING = Request((), "/")


async def test_spare__after_first_use__is_warm_and_ends_when_idle(processes: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "SOON", 0.1)
    workers = Workers(idle=60.0)
    assert processes.workers() == []
    await Asking(workers, 1, 60).ask(NOTHING)
    await asyncio.sleep(0.5)
    (spare,) = processes.workers()
    workers.idle = 2.0
    worker = await workers.take()
    assert worker.process.pid == spare
    await worker.stop(5)
    await asyncio.sleep(0.5)
    (another,) = processes.workers()
    await processes.gone(another)
    assert workers.spare is None
    await workers.close()


async def test_spare__question_of_nobody__keeps_none(processes: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "SOON", 0.01)
    workers = Workers(idle=60.0)
    await Asking(workers, 1, 60, people=False).ask(NOTHING)
    await asyncio.sleep(0.5)
    assert processes.workers() == []
    await workers.close()


async def test_spare_that_died__is_not_given_out(processes: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "SOON", 0.05)
    workers = Workers(idle=60.0)
    first = await workers.take()
    await asyncio.sleep(0.5)
    (spare,) = set(processes.workers()) - {first.process.pid}
    os.kill(spare, signal.SIGKILL)
    await asyncio.sleep(0.5)
    worker = await workers.take()
    assert worker.process.pid != spare
    assert worker.alive
    await asyncio.gather(first.stop(2), worker.stop(2))
    await workers.close()
    assert processes.workers() == []


async def test_take__given_up_while_it_starts__leaves_nothing(processes: Any) -> None:
    workers = Workers(idle=60.0)
    taking = asyncio.ensure_future(workers.take())
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await workers.close()
    assert processes.workers() == []


async def test_start__impossible__says_so(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "COMMAND", ("/no/such/python",))
    workers = Workers(idle=60.0)
    with pytest.raises(WorkerNotStarted):
        await workers.take()
    await workers.close()


def test_worker__server_gone_before_a_request__ends() -> None:
    done = subprocess.run(COMMAND, input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b'{"ready": true}\n')


def test_worker__server_gone_in_the_middle__stops_the_command(
    held: Any, write: Any, processes: Any, jp_environ: None
) -> None:
    path = write("a.ipynb", "1", kernel="held")
    request = {"argv": ["inspect", "./a.ipynb", "--format", "json"], "folder": str(path.parent), "environment": {}}
    line = json.dumps({**request, "notebook": "", "needs": "", "offers": ""}).encode() + b"\n"
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as child:
        assert child.stdin is not None
        child.stdin.write(line)
        child.stdin.flush()
        asyncio.new_event_loop().run_until_complete(held.asked())
        child.stdin.close()
        assert child.wait(30) == 128 + signal.SIGTERM
    assert not any(map(processes.is_running, held.waiting))


async def test_lines__longer_than_anything__are_passed_over_in_bounded_memory(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "LONGEST_LINE", 100_000)
    program = "import sys; sys.stdout.write('x' * 5_000_000 + '\\n{\"a\": 1}\\n')"
    monkeypatch.setattr(room, "COMMAND", (COMMAND[0], "-c", program))
    worker = await room.start_worker()
    lines = [line async for piece in worker.lines() for line in piece]
    assert lines[-1] == b'{"a": 1}'
    assert len(lines) == 2
    assert len(lines[0]) < 200_000
    await worker.end()


async def test_loop__while_a_worker_floods_it__gives_others_their_turn(monkeypatch: Any) -> None:
    program = 'import sys\nfor _ in range(400_000): sys.stdout.write(\'{"event": "Progress"}\\n\')'
    monkeypatch.setattr(room, "COMMAND", (COMMAND[0], "-c", program))
    worker = await room.start_worker()
    pauses = []

    async def tick() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            pauses.append(time.thread_time() - began)

    ticking = asyncio.ensure_future(tick())
    count = 0
    async for lines in worker.lines():
        for line in lines:
            count += bool(json.loads(line))
    ticking.cancel()
    await worker.end()
    assert count == 400_000
    assert sorted(pauses)[int(len(pauses) * 0.99)] < 0.03, "seconds of this thread's own work in one turn"


def test_worker__imports_no_web_server() -> None:
    program = f"{COMMAND[2].rpartition('; ')[0]}; import jupyter_mlpack.server.worker as w, importlib, sys;"
    program += "[importlib.import_module(name) for name in w.EARLY];"
    program += "print([name for name in ('tornado', 'jupyter_server', 'docker') if name in sys.modules])"
    done = subprocess.run([COMMAND[0], "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_package__import_stays_light() -> None:
    program = "import sys, jupyter_mlpack; jupyter_mlpack._jupyter_labextension_paths();"
    program += "print([name for name in ('tornado', 'traitlets', 'jupyter_server') if name in sys.modules])"
    done = subprocess.run([COMMAND[0], "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_folder_of_a_run__is_the_next_free_number(tmp_path: Path) -> None:
    from jupyter_mlpack.server.paths import next_run_folder

    notebook = tmp_path / "a {b}.ipynb"
    assert next_run_folder(notebook, "{name}-runs") == tmp_path / "a {b}-runs" / "1"
    (tmp_path / "a {b}-runs" / "7").mkdir()
    (tmp_path / "a {b}-runs" / "notes").mkdir()
    assert next_run_folder(notebook, "{name}-runs").name == "8"
