"""The C0 controls of a page, which the parser must not see: libxml2 would turn them into a visible U+FFFD.

In UTF-8 a C0 control is always one byte. Those that are white space to str.isspace() become a space; the rest goes.
"""

from typing import Final

_SPACES: Final = b"\v\f\x1c\x1d\x1e\x1f"
_AS_SPACE: Final = bytes.maketrans(_SPACES, b" " * len(_SPACES))
_GONE: Final = bytes(set(range(0x20)) - set(b"\t\n\r") - set(_SPACES)) + b"\x7f"


def without_controls(data: bytes) -> bytes:
    """Return ``data``, which is UTF-8, as the parser may see it."""
    return data.translate(_AS_SPACE, _GONE)


def has_controls(data: bytes) -> bool:
    """Tell whether the parser must not see ``data`` as it is."""
    return data.translate(None, _SPACES + _GONE) != data
