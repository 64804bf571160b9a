"""Outputs at remote addresses: written to local files first, and put in their places, each at once, when the run has finished."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from scraper import remote
from scraper.errors import OutputError, PageError


class Uploads:
    """Local files that stand in for remote outputs. A context manager around the outputs.

    If the block succeeds, the files are uploaded and removed. If it raises, nothing is uploaded, and what was written stays.

    Raises:
        OutputError: if an address cannot be written to.
    """

    def __init__(self) -> None:
        self._name = f"scraper-{os.urandom(6).hex()}"
        self._files: dict[Path, str] = {}
        self._placeholders: dict[Path, int] = {}
        self.part: Path | None = None

    @property
    def are_needed(self) -> bool:
        """Whether an output is remote."""
        return bool(self._files)

    @property
    def _root(self) -> Path:
        import tempfile  # few runs need it

        return Path(tempfile.gettempdir()) / self._name

    def local(self, path: Path | None) -> Path | None:
        """Return the local file that stands in for an output: the output itself if it is local."""
        address = remote.address_of(path) if path is not None else None
        if address is None or not remote.is_remote(address):
            return path if address is None else Path(remote.local_name(address))
        scheme, _, name = address.partition("://")
        file = self._root / scheme / name
        self._files[file] = address
        return file

    def __enter__(self) -> Self:
        are_there = {}
        for file, address in self._files.items():
            with _mapped_errors(address):
                remote.check_writable(address)
                are_there[file] = remote.exists(address)
        if are_there:
            self._root.mkdir(mode=0o700)
        for file, is_there in are_there.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if is_there:  # an output without records does not replace it
                file.touch()
                self._placeholders[file] = file.stat().st_ino
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._files:
            return
        for file, inode in self._placeholders.items():
            with suppress(OSError):
                if file.stat().st_ino == inode:
                    file.unlink()
        import shutil

        if error is None:
            for file in self._written():
                scheme, *names = file.relative_to(self._root).parts
                address = f"{scheme}://{'/'.join(names)}"
                with _mapped_errors(address, f"; it is kept as {file}"):
                    remote.put(file, address)
            shutil.rmtree(self._root, ignore_errors=True)
        elif not any(True for _ in self._written()):
            shutil.rmtree(self._root, ignore_errors=True)

    def _written(self) -> Iterator[Path]:
        for directory, _, names in os.walk(self._root):
            yield from (Path(directory, name) for name in sorted(names))


@contextmanager
def _mapped_errors(address: str, kept: str = "") -> Iterator[None]:
    try:
        yield
    except PageError as error:
        raise OutputError(f"{address}: {error}{kept}") from None
    except OSError as error:
        raise OutputError(f"{address}: the output cannot be written ({error.strerror or error}){kept}") from None
