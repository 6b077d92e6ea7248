"""What the form for a notebook job offers: one environment, and as its compute types this machine and the targets."""

from __future__ import annotations

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

from jupyter_mlpack.api import configured
from jupyter_mlpack.scheduling.running import HERE
from jupyter_mlpack.submission.targets import DOCKER


class TargetsEnvironmentManager(EnvironmentManager):  # type: ignore[misc]  # it has no types
    """Lists the targets of ``jupyter_mlpack_config.py``."""

    def list_environments(self) -> list[RuntimeEnvironment]:
        """One: the container that is built of the notebook. Raises ``TargetWrong``."""
        from jupyter_mlpack.cli.jobs import JobsCommand

        named = [name for name in configured(JobsCommand, []).job_targets() if name != DOCKER.name]
        environment = RuntimeEnvironment(
            name="container",
            label="Container of the notebook",
            description="An image with what the notebook needs, built or reused",
            file_extensions=["ipynb"],
            output_formats=["ipynb", "html"],
            metadata={},
            compute_types=[HERE, DOCKER.name, *named],
            default_compute_type=HERE,
        )
        return [environment]

    def manage_environments_command(self) -> str:
        """None: what a notebook needs is read from it."""
        return ""

    def output_formats_mapping(self) -> dict[str, str]:
        """What can be had of a run."""
        return {"ipynb": "Notebook", "html": "HTML"}
