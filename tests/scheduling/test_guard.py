"""A job elsewhere ends with the process that waits for it, even if that is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_mlpack.handle import Job

pytest.importorskip("jupyter_scheduler", reason="LOUD: no jupyter-scheduler")
from jupyter_mlpack.scheduling import guard


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the child notes what it would have cancelled."""
    *before, code = guard.COMMAND
    cancelling = "    from jupyter_mlpack.cli.app import run\n    run("
    assert cancelling in code
    code = code.replace(
        cancelling, f"    (lambda words, last: open({str(tmp_path / 'noted')!r}, 'w').write(words[1]))("
    )
    monkeypatch.setattr(guard, "COMMAND", (*before, code))
    return tmp_path / "noted"


@contextmanager
def ends(how: str) -> Iterator[None]:
    if how == "exception":
        with pytest.raises(ValueError, match="x"):
            yield
    else:
        yield


@pytest.mark.parametrize("how", ["over", "exception"])
def test_guarded_by__block_ends__cancels_unless_all_is_over(noted: Path, tmp_path: Path, how: str) -> None:
    with ends(how), guard.guarded_by(Job("0" * 18, tmp_path)):
        if how == "exception":
            raise ValueError("x")
    assert noted.exists() == (how == "exception")


def test_guarded_by__process_is_killed__cancels(noted: Path, tmp_path: Path) -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with guard.guarded_by(Job("1" * 18, tmp_path)):
            os.write(write, b"x")
            time.sleep(60)
        os._exit(0)
    assert os.read(read, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    deadline = time.monotonic() + 30
    while not (noted.exists() and noted.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert noted.read_text() == "1" * 18
