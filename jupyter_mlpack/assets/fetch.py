"""``fetch_assets``: the assets of a build, each on the shelf, fetched once and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlpack import errors
from jupyter_mlpack.assets.address import shown
from jupyter_mlpack.assets.download import Download, download
from jupyter_mlpack.assets.local import FileSource, local_sources
from jupyter_mlpack.assets.origin import Source
from jupyter_mlpack.assets.plan import Fetched
from jupyter_mlpack.assets.shelf import Item, Shelf, folder_hash
from jupyter_mlpack.events import Emit, Noticed, Progress
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.inspection.assets import REMOTE
from jupyter_mlpack.values import Asset, Notice

if TYPE_CHECKING:
    from jupyter_mlpack.assets.bucket import Account
    from jupyter_mlpack.lifecycle.inputs import Binding

PHASE = "fetch"


@dataclass(frozen=True)
class Fetching:
    """What assets are fetched with. ``folder`` is the notebook's; ``refresh`` asks for what has no hash anew."""

    shelf: Shelf
    folder: Path
    bindings: tuple[Binding, ...] = ()
    refresh: bool = False


def fetch_assets(assets: Iterable[Asset], fetching: Fetching, emit: Emit) -> tuple[Fetched, ...]:
    """All of them, mounts left out. Raises leaves of ``AssetError``, ``StoreFull``, ``StoreUnwritable``."""
    with ExitStack() as stack:
        fetcher = Fetcher(fetching, emit, stack)
        return tuple(fetcher.fetch(asset) for asset in assets if not asset.mount)


class Fetcher:
    """Fetches one asset after the other, with one session for all."""

    def __init__(self, fetching: Fetching, emit: Emit, stack: ExitStack) -> None:
        self.fetching, self.shelf, self.emit = fetching, fetching.shelf, emit
        self.stack = stack
        self.clients: dict[object, Any] = {}

    def fetch(self, asset: Asset) -> Fetched:
        """What is here by its hash, or was read from this source before, is not read again."""
        if asset.source == "dvc":
            from jupyter_mlpack.assets.dvc import fetch_tracked

            return Fetched(asset, fetch_tracked(asset, self))
        local = not REMOTE.search(asset.source)
        key = [shown(asset.source), asset.sha256]
        size = self.shelf.size(asset.sha256) if asset.sha256 else None
        if size is not None:
            items: tuple[Item, ...] = (Item("", asset.sha256, size),)
        elif local:
            items = self.local(asset)
        else:
            again = self.fetching.refresh and not asset.sha256
            items = (None if again else self.shelf.recall(key)) or self.remote(asset)
            self.shelf.note(key, items)
        fetched = Fetched(asset, items)
        if asset.sha256 not in ("", fetched.sha256):
            raise errors.AssetDiffers(
                path=asset.path, source=shown(asset.source), algorithm="sha256", found=fetched.sha256,
                expected=asset.sha256,
            )  # fmt: skip
        if not local and not asset.sha256:
            self.emit(Noticed(unpinned(fetched)))
        return fetched

    def local(self, asset: Asset) -> tuple[Item, ...]:
        """Of this machine: read again only where a file is another one than before."""
        sources = local_sources(asset.source, self.fetching.folder, asset.path, given=asset.given)
        expected = asset.sha256 if not sources[0].path else ""
        return tuple(self.file(source, asset.path, expected) for source in sources)

    def file(self, source: FileSource, path: str, expected: str, algorithm: str = "sha256") -> Item:
        """One file of this machine."""
        known = self.shelf.recall(source.identity)
        if known and not expected:
            return Item(source.path, known[0].sha256, known[0].size)
        item = download(source, Download(self.shelf, path, expected, algorithm), self.teller(path))
        self.shelf.note(source.identity, [item])
        return item

    def remote(self, asset: Asset) -> tuple[Item, ...]:
        """From the network."""
        sources = self.sources(asset)
        single = not sources[0].path
        return tuple(self.items(sources, asset, asset.sha256 if single else ""))

    def items(self, sources: Sequence[Source], asset: Asset, expected: str) -> Iterator[Item]:
        """Each file; those of a folder that are here already in this version are not fetched again."""
        for number, source in enumerate(sources):
            path = f"{asset.path}/{source.path}" if source.path else asset.path
            version = getattr(source, "version", "")
            known = self.shelf.recall([source.key, version]) if version else None
            item = known[0] if known else download(source, Download(self.shelf, path, expected), self.teller(path))
            if version and not known:
                self.shelf.note([source.key, version], [item])
            yield Item(source.path, item.sha256, item.size)
            if len(sources) > 1:
                self.emit(Progress(PHASE, asset.path, number + 1, len(sources), "files"))

    def sources(self, asset: Asset) -> Sequence[Source]:
        """What an address stands for. Raises ``AssetScheme``."""
        scheme = asset.source.partition("://")[0].lower()
        if scheme in ("http", "https"):
            from jupyter_mlpack.assets.web import WebSource

            return [WebSource(self.web(), asset.source, asset.path)]
        if scheme == "s3":
            from jupyter_mlpack.assets.bucket import bucket_sources

            return bucket_sources(self.bucket(asset), asset.source, asset.path)
        raise errors.AssetScheme(path=asset.path, source=shown(asset.source))

    def web(self, login: tuple[str, str] | None = None) -> Any:
        """The session for the web."""
        from jupyter_mlpack.assets.web import make_client

        return self.once(("web", login), lambda: self.stack.enter_context(make_client(login)))

    def bucket(self, asset: Asset, own: Account | None = None) -> Any:
        """The session for the bucket of an address."""
        from jupyter_mlpack.assets.account import find_account
        from jupyter_mlpack.assets.bucket import Account, make_client, split

        account = find_account(self.fetching.bindings, split(asset.source, asset.path)[0]) or own or Account()
        return self.once(account, lambda: make_client(asset.path, asset.source, account))

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """One session for each server and account."""
        if key not in self.clients:
            self.clients[key] = make()
        return self.clients[key]

    def teller(self, path: str) -> Callable[[int, int | None], None]:
        """Progress of one file."""
        return lambda done, total: self.emit(Progress(PHASE, path, done, total, "bytes"))


def unpinned(fetched: Fetched) -> Notice:
    """How to have the same content everywhere."""
    path, source = fetched.asset.path, shown(fetched.asset.source)
    text = (
        f"{path} has no hash; what is at {source} now is sha256 {fetched.sha256}, and stays in use here "
        f"until --upgrade. To have the same everywhere: --asset {path}={source}#sha256={fetched.sha256}"
    )
    return Notice("asset-without-hash", text)


__all__ = ["Fetcher", "Fetching", "fetch_assets", "folder_hash"]
