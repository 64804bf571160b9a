"""Values that several packages share: the limits of a run, unless the user sets others, and the places of the user's settings."""

import os
from collections.abc import Mapping
from typing import Final

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes that one page may have."""
PAGE_TIMEOUT: Final = 60.0
"""Seconds that cleaning one page may take."""
GZIP_WBITS: Final = 31
"""The ``wbits`` of zlib for gzip. The header it writes has no name and no time."""
LAYOUTS_VARIABLE: Final = "SCRAPER_LAYOUTS"
"""The variable that names directories of layout files."""


def config_directory(environment: Mapping[str, str]) -> str | None:
    """Return the directory of the user's settings, which may be missing; None if the environment does not give one.

    Args:
        environment: the variables of the process, of which ``XDG_CONFIG_HOME`` and ``HOME`` are read.
    """
    # The specification says to ignore a relative path (https://specifications.freedesktop.org/basedir-spec/latest/#variables).
    config, home = environment.get("XDG_CONFIG_HOME", ""), environment.get("HOME", "")
    base = config if os.path.isabs(config) else os.path.join(home, ".config") if os.path.isabs(home) else None
    return os.path.join(base, "scraper") if base is not None else None
