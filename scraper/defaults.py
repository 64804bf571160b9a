"""Limits of a run, unless the user sets others."""

from typing import Final

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes that one page may have."""
PAGE_TIMEOUT: Final = 60.0
"""Seconds that cleaning one page may take."""
