"""Lists of inputs, with a path or an address per line, or the failures of an earlier run."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from scraper.errors import MissingInput, UnreadableInput

STDIN: Final = "-"


class _Failure(msgspec.Struct):
    input: str


_decoder: Final = msgspec.json.Decoder(_Failure)


def read_list(name: str) -> Iterator[str]:
    """Yield the inputs in a list, in order, skipping blank lines.

    Args:
        name: the file, or ``-`` for stdin. A line is an input, or a JSON object with the key ``input``, as ``--failures`` writes it.

    Raises:
        MissingInput: if there is no such file.
        UnreadableInput: if it cannot be read.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise UnreadableInput("stdin is closed; pipe a list in")
            yield from _entries(sys.stdin.buffer)
        else:
            with open(name, "rb") as file:
                yield from _entries(file)
    except FileNotFoundError:
        raise MissingInput("there is no such list; check the path") from None
    except OSError as error:
        raise UnreadableInput(f"the list cannot be read ({error.strerror or error}); check its permissions") from None


def _entries(file: BinaryIO) -> Iterator[str]:
    for line in file:
        entry = line.rstrip(b"\r\n")
        if entry.startswith(b"{"):
            try:
                yield _decoder.decode(entry).input
                continue
            except (msgspec.MsgspecError, ValueError):
                pass  # a path may begin with a brace
        if entry.strip():
            yield os.fsdecode(entry)
