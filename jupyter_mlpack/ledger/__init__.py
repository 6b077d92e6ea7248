"""The history of builds, jobs and deliveries: an append-only file of JSON lines for each run, below ``<home>/ledger``.

A file begins with the run's record; entries (``{"seq", "at", "event"}``) follow, and the record again whenever it
changed: the last one counts. Who writes a file holds a lock on it, so a run that has not ended and that nobody locks
was interrupted. A line that was torn by a crash is dropped. Why no database: ``docs/decisions/0017-ledger.md``.

Everything here is synchronous. ``Writing`` does one small append at a time; what reads whole files (``records``,
``page``, ``log``, ``prune``) is for a thread.
"""

from __future__ import annotations

from jupyter_mlpack.ledger.history import PAGE_BYTES, PAGE_ENTRIES, Ledger, Told
from jupyter_mlpack.ledger.record import Record, new_id
from jupyter_mlpack.ledger.writing import Writing

__all__ = ["PAGE_BYTES", "PAGE_ENTRIES", "Ledger", "Record", "Told", "Writing", "new_id"]
