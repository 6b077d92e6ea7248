"""Several transfers at once: one progress for all, and one failure ends all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from jupyter_mlpack.events import Emit, Progress


class Meter:
    """The bytes of all blobs of one image as ``Progress`` events. Safe to use from several threads.

    A blob that starts over does not make the sum fall. At most about 200 events are sent for one image.
    """

    def __init__(self, emit: Emit, phase: str, what: str, total: int) -> None:
        self._emit, self._phase, self._what, self._total = emit, phase, what, total
        self._step = max(total // 200, 1)
        self._done: dict[str, int] = {}
        self._told = -1
        self._lock = threading.Lock()
        self.report("", 0)

    def report(self, blob: str, done: int) -> None:
        """``done`` bytes of ``blob`` (its digest) have arrived."""
        with self._lock:
            self._done[blob] = max(done, self._done.get(blob, 0))
            total = min(sum(self._done.values()), self._total)
            if total >= self._told + self._step or (total == self._total and total > self._told):
                self._told = total
                self._emit(Progress(self._phase, self._what, total, self._total, "bytes"))


def run_together(tasks: Sequence[Callable[[], None]], workers: int, stop: Callable[[], None]) -> None:
    """Run all ``tasks``, ``workers`` at a time. The first failure calls ``stop`` and is raised when all have ended.

    ``stop`` makes running tasks end soon; what they raise after that is not told. Ctrl-C calls it, too.
    """
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="transfer") as pool:
        try:
            futures = [pool.submit(task) for task in tasks]
            done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            # The user's own interruption (Ctrl-C) must not wait for gigabytes, or for a registry that is silent.
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        failed = [future for future in done if future.exception() is not None]
        if failed:
            stop()
            for future in waiting:
                future.cancel()
    for future in failed:
        future.result()
