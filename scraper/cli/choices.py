"""Checks of the options that filter records and choose their keys."""

import re
from datetime import date
from typing import Final, get_args
from urllib.parse import urlsplit

import msgspec
import typer

from scraper.cli.options import Options
from scraper.engine.filters import Filters
from scraper.records import Keys, Lang
from scraper.urls import is_absolute, site_of

_LANG: Final = re.compile(get_args(Lang)[1].pattern or "")
_SLUG: Final = re.compile(r"[^\s/]+")


def check_filters(options: Options) -> Filters:
    """Return the filters, or end with a usage error."""
    filters = Filters(
        frozenset(options.only or ()),
        frozenset(map(_lang, options.lang or ())),
        frozenset(map(_site, options.site or ())),
        frozenset(map(_slug, options.newspaper or ())),
        _day(options.since, "--since"),
        _day(options.until, "--until"),
    )
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise typer.BadParameter(f"{filters.since} is after --until {filters.until}; no day is left.", param_hint="--since")
    if filters.kinds == {"unknown"} and (options.unknown != "keep" or filters.is_of_known):
        others = "--unknown keep, and without --lang, --newspaper, --since and --until"
        raise typer.BadParameter(f"pages of unknown layout are written only with {others}.", param_hint="--only")
    return filters


def check_keys(keys: str | None, record: type[msgspec.Struct]) -> Keys:
    """Return the keys of a line and their fields, none for all; or end with a usage error."""
    if keys is None:
        return ()
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    chosen: dict[str, str] = {}
    for part in keys.split(","):
        new, _, old = (name.strip() for name in (part if "=" in part else f"{part}={part}").partition("="))
        if old not in fields or not new or not new.isprintable():
            raise typer.BadParameter(
                f"{part!r} is not a key; write KEY or NEW=KEY, where KEY is one of {', '.join(fields)}.", param_hint="--keys"
            )
        if new in chosen:
            raise typer.BadParameter(f"{new!r} would be in a line twice; name each key once.", param_hint="--keys")
        chosen[new] = fields[old]
    return tuple(chosen.items())


def _lang(value: str) -> str:
    if not _LANG.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is not a language tag; write it as in records: ar, fr, en.", param_hint="--lang")
    return value


def _site(value: str) -> str:
    """Return a site as records write it, from a host or the address of a front page."""
    address = value if "://" in value else f"https://{value}"
    parts = urlsplit(address) if is_absolute(address) else None
    site = site_of(address) if parts is not None and parts.path in ("", "/") and not (parts.query or parts.fragment) else None
    if not site:
        raise typer.BadParameter(f"{value!r} is not a site; name its host, such as maghress.com.", param_hint="--site")
    return site


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise typer.BadParameter(
            f"{value!r} is not a newspaper_slug; write it as in the addresses of articles.", param_hint="--newspaper"
        )
    return value


def _day(value: str | None, option: str) -> str | None:
    try:
        is_day = value is None or date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    if not is_day:
        raise typer.BadParameter(f"{value!r} is not a date; write it as YYYY-MM-DD.", param_hint=option)
    return value
