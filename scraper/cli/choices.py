"""Which records the user wants, and which keys of them, checked before anything is read."""

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


def check_choice(options: Options) -> Filters:
    """Return which records are wanted, or end with a usage error."""
    choice = Filters(
        frozenset(options.only or ()),
        frozenset(map(_lang, options.lang or ())),
        frozenset(map(_site, options.site or ())),
        frozenset(map(_slug, options.newspaper or ())),
        _day(options.since, "--since"),
        _day(options.until, "--until"),
    )
    if choice.since is not None and choice.until is not None and choice.since > choice.until:
        raise typer.BadParameter(f"{choice.since} is after --until {choice.until}; no day is wanted.", param_hint="--since")
    if choice.kinds == {"unknown"} and (options.unknown != "keep" or choice.is_of_known):
        others = "--unknown keep, and without --lang, --newspaper, --since and --until"
        raise typer.BadParameter(f"pages of unknown layout can only be had with {others}.", param_hint="--only")
    return choice


def check_keys(keys: str | None, record: type[msgspec.Struct]) -> Keys:
    """Return which keys lines are to have, or end with a usage error; nothing if they are to have all."""
    if keys is None:
        return ()
    known = {field.encode_name: field.name for field in msgspec.structs.fields(record)}
    found: dict[str, str] = {}
    for part in keys.split(","):
        new, _, old = (piece.strip() for piece in (part if "=" in part else f"{part}={part}").partition("="))
        if old not in known or not new or not new.isprintable():
            raise typer.BadParameter(
                f"{part!r} names no key; write KEY or NEW=KEY, where KEY is one of {', '.join(known)}.", param_hint="--keys"
            )
        if new in found:
            raise typer.BadParameter(f"{new!r} would stand twice in a line; name each key once.", param_hint="--keys")
        found[new] = known[old]
    return tuple(found.items())


def _lang(value: str) -> str:
    if not _LANG.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is no language tag; write it as records have it: ar, fr, en.", param_hint="--lang")
    return value


def _site(value: str) -> str:
    """Return a site as records have it; what may stand around it in an address is taken off."""
    address = value if "://" in value else f"https://{value}"
    parts = urlsplit(address) if is_absolute(address) else None
    site = site_of(address) if parts is not None and parts.path in ("", "/") and not (parts.query or parts.fragment) else None
    if not site:
        raise typer.BadParameter(f"{value!r} is no site; name its host, as in maghress.com.", param_hint="--site")
    return site


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise typer.BadParameter(
            f"{value!r} is no newspaper_slug; write it as it stands in the address of its articles.", param_hint="--newspaper"
        )
    return value


def _day(value: str | None, option: str) -> str | None:
    try:
        is_day = value is None or date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    if not is_day:
        raise typer.BadParameter(f"{value!r} is no day; write it as YYYY-MM-DD.", param_hint=option)
    return value
