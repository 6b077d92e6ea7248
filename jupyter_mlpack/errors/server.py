"""The server extension refuses a request, or has to tell how a run of it ended."""

from __future__ import annotations

from typing import ClassVar

from jupyter_mlpack.errors.base import LOG, RETRY, MlpackError


class ServerError(MlpackError):
    """A request that cannot be done, or a run whose end the command could not tell itself.

    ``status`` is the HTTP status of the refusal.
    """

    exit_code = 9
    status: ClassVar[int] = 400


class BodyNotJson(ServerError):
    """The body of a request is no JSON object."""

    code = "body-not-json"
    what = "The request's body is not a JSON object."
    why = "{reason}"
    hint = "Send one object as UTF-8 JSON."


class BodyTooLarge(ServerError):
    """The body of a request is larger than any that makes sense."""

    code = "body-too-large"
    what = "The request's body has {size} bytes; at most {limit} are taken."
    hint = "Send less: choices and parameters are small values, files belong beside the notebook."
    status = 413


class FieldWrong(ServerError):
    """A field of a request is missing, unknown, or of another type."""

    code = "field-wrong"
    what = "The request cannot be used: {problem}."
    where = "{field}"
    hint = "Correct the field and send the request again."


class NothingThere(ServerError):
    """An address below ours that nothing answers."""

    code = "nothing-there"
    what = "There is nothing at this address of the server extension."
    hint = "Front end and server may be of different versions: update jupyter-mlpack and reload the page."
    status = 404


class RunUnknown(ServerError):
    """No run of that kind has the id."""

    code = "run-unknown"
    what = "There is no {kind} {id}."
    why = "It was removed, or it is so old that the server forgot it."
    hint = "Reload the list."
    status = 404


class PathRefused(ServerError):
    """A path that does not name a file below the server's root."""

    code = "path-refused"
    what = "The path {path!r} cannot be used: {reason}."
    hint = "Name a notebook in a folder that this server shows."


class NotebookGone(ServerError):
    """There is no file at a notebook's path."""

    code = "notebook-gone"
    what = "There is no notebook {path!r} on the server."
    why = "It was moved, renamed or deleted, or was never saved."
    hint = "Save the notebook, then try again."
    status = 404


class FilesElsewhere(ServerError):
    """The contents manager keeps notebooks where this process cannot read them as files."""

    code = "files-elsewhere"
    what = "This server does not keep its notebooks as files, so none of them can be built here."
    why = "Its contents manager ({manager}) has no root folder."
    hint = "Copy the notebook to a server that keeps files, and build it there."


class BuildGoesOn(ServerError):
    """The notebook is being built already, from other code or with other choices."""

    code = "build-goes-on"
    what = "This notebook is being built already, {difference}."
    where = "{id}"
    hint = "Wait until that build has ended, or cancel it, then build again."
    status = 409


class RunElsewhere(ServerError):
    """Another server on the same home runs it."""

    code = "run-elsewhere"
    what = "The {kind} {id} belongs to another server (on {host}), so it cannot be changed from here."
    hint = "Cancel it there, or wait until it has ended."
    status = 409


class ImageNotThere(ServerError):
    """The build has no image, or its name points at another one by now."""

    code = "image-not-there"
    what = "The image of this build cannot be had: {reason}."
    hint = "Build the notebook again."
    status = 409


class ImageNotService(ServerError):
    """An image that trains was asked to serve."""

    code = "image-not-service"
    what = "{image} answers no requests: it is a training image."
    hint = "Build the notebook for inference."
    status = 409


class ImageNotTraining(ServerError):
    """An image that serves was asked to train."""

    code = "image-not-training"
    what = "{image} does not train: it is an inference image."
    hint = "Run it as a service, or build the notebook for training."
    status = 409


class ServiceNotRunning(ServerError):
    """Something was asked of a service that this server does not run now."""

    code = "service-not-running"
    what = "The service {id} does not run here now."
    hint = "Start it again."
    status = 409


class ServiceSilent(ServerError):
    """A service that runs gave no answer that could be read."""

    code = "service-silent"
    what = "The service gave no answer."
    why = "{reason}"
    hint = "Look at its log, then try again."
    action = LOG
    status = 502


class AnswerTooLate(ServerError):
    """A question about a notebook took longer than the server allows."""

    code = "answer-too-late"
    what = "The notebook was not understood within {seconds} seconds, so the attempt was ended."
    hint = "Make the notebook smaller, or allow more time (MlpackExtension.answer_time)."
    status = 422


class WorkerNotStarted(ServerError):
    """The system did not let the server start a process."""

    code = "worker-not-started"
    what = "The server could not start a process for this."
    why = "{reason}"
    hint = "Close other programs on the machine, then try again."
    action = RETRY
    status = 503


class WorkerDied(ServerError):
    """A worker ended without saying how its work went."""

    code = "worker-died"
    what = "The process that did this ended before its work was done ({how})."
    why = "{evidence}"
    hint = "Look at the end of the log. If the machine was short of memory, close other programs and try again."
    action = LOG
    status = 500


class WorkerForced(ServerError):
    """A worker that was asked to end did not, and was killed."""

    code = "worker-forced"
    what = "It was cancelled by force: the process did not end within {seconds} seconds after it was asked to."
    why = "What it had begun to write is left behind unfinished; no image name points at it."
    hint = "Start it again: what was finished before is reused."
    action = RETRY


class ServerStopped(ServerError):
    """The server was shut down in an orderly way while something ran or waited."""

    code = "server-stopped"
    what = "The Jupyter server was shut down before this ended."
    hint = "Start it again: what was finished before is reused."
    action = RETRY


class InterruptedByRestart(ServerError):
    """The server died while something ran or waited."""

    code = "interrupted-by-restart"
    what = "The Jupyter server ended while this went on, so it was not finished."
    why = "Nobody runs it any more: the server on {host} was killed, or its machine stopped."
    hint = "Start it again: what was finished before is reused."
    action = RETRY
