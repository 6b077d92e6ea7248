"""``project.toml``, the project descriptor of Cloud Native Buildpacks (schema 0.2), as far as it speaks of builds."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.errors import OrderUnreadable
from jupyter_mlpack.frozen import dataclass, field
from jupyter_mlpack.given.variables import check_name
from jupyter_mlpack.lifecycle.fields import Fields
from jupyter_mlpack.lifecycle.inputs import Variable
from jupyter_mlpack.lifecycle.records import Table
from jupyter_mlpack.lifecycle.toml import MalformedError

NAME = "project.toml"
SCHEMA = "0.2"
FORM = (
    'It is a project descriptor of schema 0.2: [_] schema-version = "0.2", [io.buildpacks], [[io.buildpacks.build.env]]'
)


@dataclass(frozen=True)
class Script:
    """A buildpack of one script: its ``bin/build``."""

    api: str
    inline: str
    shell: str


@dataclass(frozen=True)
class Named:
    """A buildpack that a descriptor names: by id, by address, or as a script of its own."""

    id: str = ""
    version: str = ""
    uri: str = ""
    script: Script | None = None


@dataclass(frozen=True)
class Project:
    """A descriptor. ``source`` is what the image's label tells of the application."""

    path: Path
    builder: str = ""
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    group: tuple[Named, ...] = ()
    before: tuple[Named, ...] = ()
    after: tuple[Named, ...] = ()
    variables: tuple[Variable, ...] = ()
    source: Table | None = field(default=None, hash=False)

    @property
    def programs(self) -> tuple[str, ...]:
        """The buildpacks that are not in any catalog: programs that come with the project."""
        named = (*self.before, *self.group, *self.after)
        outside = [one for one in named if one.script or (one.uri and not one.uri.startswith("urn:cnb:builder"))]
        return tuple(one.uri or one.id or "a script" for one in outside)


def read_project(path: Path) -> Project | None:
    """The descriptor; ``None`` for a file of this name that is none. Raises ``OrderUnreadable``."""
    try:
        fields = Fields.read(path)
        if not {"_", "io", "project"} & fields.content.keys():
            return None
        return _project(fields)
    except MalformedError as error:
        raise OrderUnreadable(path=path, reason=f"{error.reason}.", form=FORM) from error
    except OSError as error:
        raise OrderUnreadable(path=path, reason=f"{error.strerror}.", form=FORM) from error


def _project(fields: Fields) -> Project:
    about, here = fields.table("_"), fields.table("io").table("buildpacks")
    schema = about.text("schema-version")
    if schema != SCHEMA:
        raise MalformedError(fields.path, f"its schema-version is {schema or 'not said'}; supported is {SCHEMA}")
    include, exclude = here.texts("include"), here.texts("exclude")
    if include is not None and exclude is not None:
        raise MalformedError(fields.path, "it has both include and exclude")
    # the first draft of the schema had the two words of the table the other way round
    listed = here.table("build").tables("env") or here.table("env").tables("build")
    return Project(
        path=fields.path,
        builder=here.text("builder"),
        include=include,
        exclude=exclude,
        group=_group(here),
        before=_group(here.table("pre")),
        after=_group(here.table("post")),
        variables=tuple(_variable(entry) for entry in listed),
        source=_source(about),
    )


def _group(fields: Fields) -> tuple[Named, ...]:
    return tuple(_named(entry) for entry in fields.tables("group"))


def _named(entry: Fields) -> Named:
    script = entry.table("script")
    found = Named(entry.text("id"), entry.text("version"), entry.text("uri"), _script(script))
    if not (found.id or found.uri or found.script):
        raise MalformedError(entry.path, "a buildpack of its group has neither id nor uri")
    if found.uri and (found.version or found.script):
        raise MalformedError(entry.path, f"the buildpack {found.uri} has a uri, so it has no version and no script")
    return found


def _script(fields: Fields) -> Script | None:
    if not fields.content:
        return None
    if not fields.text("inline"):
        raise MalformedError(fields.path, "a script of its group has no inline text")
    return Script(fields.text("api") or "0.10", fields.text("inline"), fields.text("shell") or "/bin/sh")


def _variable(entry: Fields) -> Variable:
    name = entry.text("name")
    check_name(name, str(entry.path))
    return Variable(name, entry.text("value"), secret=False)


def _source(about: Fields) -> Table | None:
    """What is said of the version and of where it comes from, in the form of ``project-metadata.toml``."""
    version, url = about.text("version"), about.text("source-url")
    if not version and not url:
        return None
    told = {"version": {"declared": version} if version else {}, "metadata": {"url": url} if url else {}}
    return {"source": {"type": "project", **{key: value for key, value in told.items() if value}}}
