"""The configuration file: the options that people would otherwise repeat on every command line."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from scraper.defaults import LAYOUTS_VARIABLE, config_directory
from scraper.errors import ConfigError

NAME: Final = "config.toml"
_LAYOUTS: Final = "layouts"
_DAY: Final = 86400


class _Key(NamedTuple):
    """What a key of the file may have as its value."""

    what: str
    is_valid: Callable[[Any], bool]


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and value.isprintable()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KEYS: Final = {
    "user-agent": _Key("text on one line", _is_line),
    "contact": _Key("text on one line", _is_line),
    "delay": _Key("a number of seconds from 0 to 86400", lambda value: _is_number(value) and 0 <= value <= _DAY),
    _LAYOUTS: _Key("the name of a directory", _is_line),
    "jobs": _Key("a whole number from 1", lambda value: _is_number(value) and isinstance(value, int) and value >= 1),
}
"""The keys; each is an option of one or more commands."""


def read_config(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the values of the configuration file by the parameters of commands; none if there is no file.

    Args:
        environment: the variables that say where the file is. What they set themselves is not taken from the file.

    Raises:
        ConfigError: if the file cannot be read, is not TOML, or has keys or values that are not allowed.
    """
    directory = config_directory(environment)
    try:
        data = Path(directory, NAME).read_bytes() if directory is not None else None
    except (FileNotFoundError, NotADirectoryError):
        data = None
    except OSError as error:
        raise ConfigError(str(Path(directory or "", NAME)), f"it cannot be read: {error.strerror}") from None
    if directory is None or data is None:
        return {}
    values = _parse(str(Path(directory, NAME)), data)
    if _LAYOUTS in values:
        values[_LAYOUTS] = os.path.join(directory, os.path.expanduser(values[_LAYOUTS]))
        if not os.path.isdir(values[_LAYOUTS]):
            raise ConfigError(str(Path(directory, NAME)), f"{_LAYOUTS}: {values[_LAYOUTS]!r} is not a directory")
        if environment.get(LAYOUTS_VARIABLE):
            del values[_LAYOUTS]
    return {key.replace("-", "_"): value for key, value in values.items()}


def _parse(place: str, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        values = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(place, f"it is not UTF-8: byte {error.start + 1} is {data[error.start]:#04x}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"it is not valid TOML: {error}") from None
    faults = list(_faults(values))
    if faults:
        raise ConfigError(place, *faults)
    return values


def _faults(values: Mapping[str, Any]) -> Iterator[str]:
    from scraper.layouts.validation import near

    for key, value in values.items():
        if key not in _KEYS:
            yield f"{key!r} is not a key{near(key, _KEYS)}; the keys are {', '.join(_KEYS)}"
        elif not _KEYS[key].is_valid(value):
            yield f"{key}: {value!r} is not {_KEYS[key].what}"
