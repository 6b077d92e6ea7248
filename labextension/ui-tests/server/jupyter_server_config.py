"""The server under test: token and XSRF check on, an awkward base URL, nothing of the machine's own settings."""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets puts it there)
here = Path(os.environ["MLPACK_UI_FOLDER"])

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["MLPACK_UI_PORT"])
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.base_url = "/user/x%40y/"
c.ServerApp.root_dir = str(here / "root")
c.ServerApp.allow_unauthenticated_access = False
c.IdentityProvider.token = os.environ["MLPACK_UI_TOKEN"]

# Themes, settings and open tabs must not leak from one run into the next.
c.LabApp.workspaces_dir = str(here / "workspaces")
c.LabApp.user_settings_dir = str(here / "settings")
c.JupyterNotebookApp.workspaces_dir = str(here / "workspaces")
c.JupyterNotebookApp.user_settings_dir = str(here / "settings")
c.LabApp.news_url = None

if os.environ["MLPACK_UI_WHAT"] == "scheduler":
    c.BaseScheduler.execution_manager_class = "jupyter_mlpack.scheduling.ContainerExecutionManager"
    c.SchedulerApp.environment_manager_class = "jupyter_mlpack.scheduling.TargetsEnvironmentManager"
    c.SchedulerApp.db_url = f"sqlite:///{here}/scheduler.sqlite"
