"""Outputs: streams that pass on each line at once, and files that get their final name when they are complete."""

import io
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scraper.errors import OutputError, TooManyFailures
from scraper.output.committed_file import CommittedFile, mapped_os_errors, open_part, open_unlocked
from scraper.output.formats import Compressor, OutputTable, compressor_for, table_compressor

PART: Final = ".part"
"""Appended to the name of an output until it is complete."""
NEW: Final = ".new"
"""Appended to the name of a part file while a table is made of it."""
CHECKPOINT_ID: Final = 0x53435243
"""The identifier of checkpoints among SQLite files: "SCRC"."""

_STDOUT: Final = 1

_WRITEBACK: Final = 16 << 20
"""Bytes after which the system is asked to start writing them to the disk."""


class Output:
    """The destination of records: stdout, a device, a pipe or a file. A context manager.

    A file is written to a part file next to it, which is renamed if the block succeeds. If the block raises, the part file stays,
    and an existing file of that name is unchanged. Symbolic links are followed. A file whose name
    ends in ``.gz`` or ``.zst`` is compressed.

    Args:
        path: the file; None for stdout.
        is_kept: keep the part file of a killed run; :meth:`restore` truncates it.
        table: what the lines become at the end, if not JSON Lines.
        needs_lines: whether an existing file stays if no line was written.

    Raises:
        OutputError: if the output cannot be opened, written or renamed.
        ReaderGone: if the reader of a pipe has closed it.
    """

    def __init__(
        self, path: Path | None, *, is_kept: bool = False, table: OutputTable | None = None, needs_lines: bool = False
    ) -> None:
        self._path = path
        self._is_kept = is_kept
        self._needs_lines = needs_lines
        self._table = table
        self._name = "stdout" if path is None else str(path)
        # The symbolic link of a pipe that the shell has opened (/dev/fd/63) does not resolve to a path.
        self._target = path if path is None or is_special(path) else Path(os.path.realpath(path))
        self._compressor = self._new_compressor()
        self._needs_flush = True
        """True if the compressor has unwritten data, or nothing was written yet: an empty gzip file has a header, too."""
        self._unsent = 0
        """Bytes of the part file that the system was not yet asked to write to the disk."""
        self.part: Path | None = None
        """The part file, while there is one."""

    def __enter__(self) -> Self:
        with mapped_os_errors(self._name):
            if self._target is None:
                self._file = CommittedFile(io.FileIO(_STDOUT, "w", closefd=False), self._name)
            elif self._target.is_dir():
                raise IsADirectoryError(None, "it is a directory")
            elif is_special(self._target):
                if self._table is not None:
                    raise OutputError(f"{self._name}: {self._table.format.name} is not written to pipes and devices; name a file")
                self._file = CommittedFile(io.FileIO(self._target, "w"), self._name)
            else:
                with ExitStack() as on_error:
                    file = on_error.enter_context(open_part(part_of(self._target)))
                    self._file = CommittedFile(file, self._name, os.fstat(file.fileno()).st_size if self._is_kept else 0)
                    on_error.pop_all()
                if not self._is_kept:
                    remove_old_checkpoint(self._target)
                self.part = part_of(self._target)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with mapped_os_errors(self._name):
            if not isinstance(error, OutputError) and self._needs_flush:
                self._write(self._compressor.flush())
            if self.part is not None and self._target is not None and self._is_useless(self._target, error):
                self.part.unlink()
                self.part = None
                if error is None:
                    raise OutputError(f"{self._name}: no record was written, so the file that is there stays as it is")
            if self.part is not None and self._target is not None and error is None:
                rename_part(self._target, self._table)
                self.part = None
            self._file.close()

    def _is_useless(self, target: Path, error: BaseException | None) -> bool:
        """Return True if the part file has no record and would replace a file that may have some."""
        return self._needs_lines and (
            isinstance(error, TooManyFailures) or (error is None and not self._is_kept and target.exists())
        )

    def write(self, lines: bytes) -> None:
        """Write one or more complete lines."""
        self._needs_flush = True
        self._needs_lines = self._needs_lines and not lines
        self._write(self._compressor.compress(lines))

    def restore(self, lengths: Mapping[str, int]) -> bool:
        """Truncate the part file of a killed run to its committed length; return False if it is shorter."""
        length = lengths.get(str(self._target), 0)
        if self._file.length < length:
            return False
        self._file.truncate(length)
        self._needs_flush = length == 0
        return True

    def commit(self) -> dict[str, int]:
        """Write all data to the disk, so that they can be read, and return the length of the file by its path."""
        if self._needs_flush:
            self._write(self._compressor.flush())
            self._file.sync()
        self._compressor = self._new_compressor()
        self._needs_flush = False
        return {str(self._target): self._file.length}

    def _new_compressor(self) -> Compressor:
        # By the name the user gave: the target of a link may have another suffix.
        return compressor_for(self._path) if self._table is None else table_compressor()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        if self.part is not None:
            self._unsent += len(data)
            if self._unsent >= _WRITEBACK:
                _start_writeback(self._file, self._unsent)
                self._unsent = 0

    def inodes(self) -> set[tuple[int, int]]:
        """Return device and inode of the files that this output is or will replace; they are not read as inputs.

        It need not be open, unless it is stdout.
        """
        if self._target is None:
            return inodes_of([self._file.fileno()])
        return inodes_of(files_of(self._target))


def _start_writeback(file: CommittedFile, size: int) -> None:
    """Ask the system to write the last ``size`` bytes of a file to the disk in the background, so that the final sync is short.

    Python has no ``sync_file_range``. On Linux this advice starts the writing, too, and drops only pages that are written
    (posix_fadvise(2)).
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):  # it is only advice
            os.posix_fadvise(file.fileno(), file.length - size, size, os.POSIX_FADV_DONTNEED)


def inodes_of(files: Iterable[int | str | Path]) -> set[tuple[int, int]]:
    """Return device and inode of each regular file; other paths and descriptors are ignored."""
    found = set()
    for file in files:
        with suppress(OSError):
            status = os.stat(file)
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return found


def part_of(path: Path) -> Path:
    """Return the name of an output's part file."""
    return path.with_name(path.name + PART)


def checkpoint_of(path: Path) -> Path:
    """Return the name of the checkpoint of the run that writes an output."""
    return path.with_name(f"{path.name}.checkpoint")


def checkpoint_files(path: Path) -> list[Path]:
    """Return the files of a checkpoint: those that SQLite writes next to it, and itself."""
    name = checkpoint_of(path)
    return [name.with_name(f"{name.name}{ending}") for ending in ("-wal", "-shm", "")]


def remove_checkpoint(path: Path) -> None:
    """Remove the checkpoint of an output."""
    for file in checkpoint_files(path):
        file.unlink(missing_ok=True)


def remove_old_checkpoint(path: Path) -> None:
    """Remove the checkpoint that an earlier run has left of an output; another file of that name stays."""
    if _is_checkpoint(checkpoint_of(path)):
        remove_checkpoint(path)


def _is_checkpoint(file: Path) -> bool:
    if not file.is_file():
        return False
    import sqlite3  # few runs find a checkpoint

    try:
        # What a killed run has written may be in the log only, so the header of the file is not enough.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (application,) = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        return False
    return bool(application == CHECKPOINT_ID)


def files_of(path: Path) -> list[Path]:
    """Return the files that writing an output replaces or removes: itself, its part files and its checkpoint."""
    if is_special(path):
        return [path]
    target = Path(os.path.realpath(path))
    return [target, part_of(target), _new_of(target), *checkpoint_files(target)]


def conflict_of(output: Path, inputs: Iterable[str], others: Mapping[str, Path | None]) -> str | None:
    """Return a clause about an input or another output that writing an output would replace or remove; None if there is none.

    Args:
        output: the output.
        inputs: the names of the inputs.
        others: the other outputs, by what the user calls them.
    """
    own_files = files_of(output)
    for name in filter(os.path.isfile, inputs):
        if any(_is_same(Path(name), file) for file in own_files):
            return f"{name!r} is an input and would be lost; name another output"
    for name, other in others.items():
        if other is not None and any(_is_same(*pair) for pair in product(own_files, files_of(other))):
            return f"{str(output)!r} is also the file of {name}; name another file"
    return None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def _new_of(path: Path) -> Path:
    part = part_of(path)
    return part.with_name(part.name + NEW)


def rename_part(path: Path, table: OutputTable | None = None) -> None:
    """Sync the part file of an output, or the table of it, and rename it to ``path``, with the permissions of the file there."""
    complete = part_of(path) if table is None else _new_of(path)
    if table is not None:
        _make_table(part_of(path), complete, table)
    with complete.open("rb") as file:
        os.fsync(file.fileno())
    if path.exists():
        os.chmod(complete, stat.S_IMODE(path.stat().st_mode))
    os.replace(complete, path)
    if table is not None:
        part_of(path).unlink()


def _make_table(part: Path, target: Path, table: OutputTable) -> None:
    with ExitStack() as on_error:
        with part.open("rb") as lines, io.BufferedWriter(open_unlocked(target)) as file:
            on_error.callback(target.unlink)
            file.truncate(0)
            table.make(lines, file)
        on_error.pop_all()


def is_special(path: Path) -> bool:
    """Return True if ``path`` is neither a file nor a directory, but a device, a pipe or a socket."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
