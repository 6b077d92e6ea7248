"""What is sent in pieces: a run's whole log, an image as an archive."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_mlpack.errors import RunUnknown
from jupyter_mlpack.scratch import make_folder
from jupyter_mlpack.server.handlers import KINDS, MlpackHandler

PIECE = 1 << 20


class LogHandler(MlpackHandler):
    """``GET <run>/log``."""

    @web.authenticated
    @authorized
    async def get(self, kind: str, id: str) -> None:
        """The whole log as text."""
        await self.service.record(KINDS[kind], id)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        log = self.service.ledger.log(id)
        try:
            while piece := await asyncio.to_thread(next_piece, log):
                self.write(piece)
                await self.flush()
        except FileNotFoundError:
            raise RunUnknown(kind=KINDS[kind], id=id) from None
        except StreamClosedError:
            return
        finally:
            log.close()
        self.finish(set_content_type="text/plain; charset=utf-8")


class ArchiveHandler(MlpackHandler):
    """``GET builds/<id>/archive``."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """The image as a file for ``docker load``. It is written whole before the first byte is sent."""
        image = await self.service.image_of(id)
        folder = await asyncio.to_thread(make_folder, "mlpack-archive-")
        try:
            if await self.while_connected(self.service.write_archive(image, folder / "image.tar")):
                await self.send(folder / "image.tar", image.replace("/", "-").replace(":", "-") + ".tar")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def send(self, path: Path, name: str) -> None:
        """A file in pieces, as fast as the client takes them."""
        self.set_header("Content-Type", "application/x-tar")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Content-Length", str(path.stat().st_size))
        self.set_header("X-Content-Type-Options", "nosniff")
        with suppress(StreamClosedError), path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                self.write(piece)
                await self.flush()
            self.finish(set_content_type="application/x-tar")


def next_piece(log: Iterator[str]) -> str:
    """About ``PIECE`` characters; nothing at the end."""
    found, size = [], 0
    for text in log:
        found.append(text)
        size += len(text)
        if size >= PIECE:
            break
    return "".join(found)
