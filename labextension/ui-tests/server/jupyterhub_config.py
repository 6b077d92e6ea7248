"""A hub for one test: everybody may log in, a server is a process of this machine, all of it behind a prefix."""

import os
import secrets
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets puts it there)
here = Path(os.environ["MLPACK_UI_FOLDER"])
port = int(os.environ["MLPACK_UI_PORT"])

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}/behind/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.JupyterHub.cookie_secret = secrets.token_bytes(32)
c.JupyterHub.db_url = f"sqlite:///{here}/hub.sqlite"
c.ConfigurableHTTPProxy.command = str(Path(os.environ["MLPACK_UI_TESTS"]) / "node_modules/.bin/configurable-http-proxy")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.pid_file = str(here / "proxy.pid")
c.ConfigurableHTTPProxy.auth_token = secrets.token_hex(16)

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.DummyAuthenticator.password = os.environ["MLPACK_UI_TOKEN"]

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(here / "root")
c.Spawner.notebook_dir = str(here / "root")
c.Spawner.default_url = "/lab"
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = 60
c.Spawner.env_keep = [name for name in os.environ if name.startswith(("PATH", "JUPYTER", "MLPACK", "VIRTUAL_ENV"))]
c.Spawner.environment = {"TMPDIR": os.environ.get("TMPDIR", "/tmp")}
