"""Which address is answered by what."""

from __future__ import annotations

from jupyter_mlpack.server import handlers as rest
from jupyter_mlpack.server.downloads import ArchiveHandler, LogHandler
from jupyter_mlpack.server.handlers import ANY, ID, MlpackHandler

ROUTES: tuple[tuple[str, type[MlpackHandler]], ...] = (
    ("status", rest.StatusHandler),
    ("inspections", rest.InspectionsHandler),
    ("plans", rest.PlansHandler),
    ("runs", rest.RunsHandler),
    ("builds", rest.BuildsHandler),
    ("jobs", rest.JobsHandler),
    ("deliveries", rest.DeliveriesHandler),
    ("services", rest.ServicesHandler),
    (f"{ANY}/{ID}", rest.RunHandler),
    (f"{ANY}/{ID}/events", rest.EventsHandler),
    (f"{ANY}/{ID}/log", LogHandler),
    (f"builds/{ID}/archive", ArchiveHandler),
    (f"builds/{ID}/drift", rest.DriftHandler),
    (f"services/{ID}/api", rest.ServiceApiHandler),
    (f"services/{ID}/calls", rest.CallsHandler),
    ("(.*)", rest.NothingHandler),
)
"""Patterns below ``jupyter-mlpack/``, the first that fits counts."""
