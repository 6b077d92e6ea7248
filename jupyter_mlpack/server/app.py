"""The extension: its settings, and where it is put into Jupyter Server."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_path
from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, Integer, Unicode

import jupyter_mlpack
from jupyter_mlpack.cli.places import home_folder
from jupyter_mlpack.server.bus import Bus
from jupyter_mlpack.server.handlers import SERVICE
from jupyter_mlpack.server.paths import make_root
from jupyter_mlpack.server.routes import ROUTES
from jupyter_mlpack.server.service import Service, Settings


class MlpackExtension(ExtensionApp):
    """Builds images of notebooks, and runs them, for people who sit before JupyterLab."""

    name = "jupyter_mlpack"
    extension_url = "/lab"
    load_other_extensions = True

    home = Unicode(help="The content store. Default: MLPACK_HOME, else a folder among Jupyter's data.").tag(config=True)
    max_builds = Integer(1, min=1, help="Builds at a time; further ones wait, and their place is shown.").tag(
        config=True
    )
    max_jobs = Integer(1, min=1, help="Trainings at a time; further ones wait, and their place is shown.").tag(
        config=True
    )
    max_deliveries = Integer(1, min=1, help="Images that are pushed at a time; further ones wait.").tag(config=True)
    max_services = Integer(2, min=1, help="Services that people try out at a time; further ones wait.").tag(config=True)
    max_inspections = Integer(2, min=1, help="Notebooks that are looked at at a time; others wait.").tag(config=True)
    answer_time = Float(60, min=1, help="Seconds that looking at a notebook may take.").tag(config=True)
    plan_time = Float(600, min=1, help="Seconds that planning, writing an archive or removing may take.").tag(
        config=True
    )
    run_folder = Unicode(
        "{name}-runs", help="Folder beside a notebook for the outputs of its trainings; {name} is the notebook's."
    ).tag(config=True)
    idle = Float(600, min=1, help="Seconds that a worker is kept warm when nothing is asked for.").tag(config=True)
    log_limit = Integer(64_000_000, min=0, help="Characters of log that are kept of a run.").tag(config=True)
    keep_runs = Integer(200, min=1, help="Runs that are remembered; older ones that have ended are forgotten.").tag(
        config=True
    )
    keep_days = Float(90, min=0, help="Days that ended runs are remembered.").tag(config=True)

    def _home_default(self) -> str:
        """What the command line uses, so that both see the same images."""
        return self.config.get("Command", {}).get("home") or home_folder()

    def _config_file_name_default(self) -> str:
        """The same file as the command line's."""
        return "jupyter_mlpack_config"

    def initialize_settings(self) -> None:
        """Make the service. Its schema of events must be known before a client can connect."""
        settings = Settings(
            home=Path(self.home).expanduser().absolute(),
            run_folder=self.run_folder,
            limits={
                "build": self.max_builds,
                "job": self.max_jobs,
                "delivery": self.max_deliveries,
                "service": self.max_services,
            },
            max_inspections=self.max_inspections,
            idle=self.idle,
            answer_time=self.answer_time,
            plan_time=self.plan_time,
            log_limit=self.log_limit,
            keep_runs=self.keep_runs,
            keep_days=self.keep_days,
            targets=dict(self.config.get("TargetsMixin", {}).get("targets", {})),
        )
        assert self.serverapp is not None
        events = self.serverapp.event_logger
        assert events is not None
        root = make_root(self.serverapp.contents_manager)
        self.service = Service(settings, root, Bus(events, self.log), self.log)
        self.settings[SERVICE] = self.service
        if not has_panel():
            self.log.info("The JupyterLab panel is not built here: `make panel` builds it (Node.js 20.19 or newer).")

    def initialize_handlers(self) -> None:
        """All routes."""
        self.handlers.extend((f"/jupyter-mlpack/{pattern}", handler) for pattern, handler in ROUTES)

    async def stop_extension(self) -> None:
        """The server goes down: end what runs."""
        await self.service.close()


def has_panel() -> bool:
    """Whether the front end was built: an editable installation without Node.js has none."""
    built = Path(jupyter_mlpack.__file__).parent / "labextension"
    installed = (Path(folder) / "jupyter-mlpack" / "package.json" for folder in jupyter_path("labextensions"))
    return built.is_dir() or any(map(Path.is_file, installed))
