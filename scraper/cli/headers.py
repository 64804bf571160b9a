"""The headers that ``fetch`` sends with each request."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from typing import Final

import typer

from scraper import __version__
from scraper.fetch import Header

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_headers(user_agent: str | None, contact: str | None, given: list[str] | None) -> list[Header]:
    """Return the headers of each request, or end with a usage error."""
    headers: list[Header] = []
    for text in [f"User-Agent: {_user_agent(user_agent, contact)}", *(given or [])]:
        name, colon, value = (part.strip() for part in text.partition(":"))
        is_user_agent = len(headers) > 0 and name.lower() == "user-agent"
        if not colon or not _TOKEN.fullmatch(name) or not value.isprintable() or is_user_agent:
            hint = "--user-agent" if not headers else "--header"
            remedy = "use --user-agent." if is_user_agent else "write 'Name: value' on one line."
            raise typer.BadParameter(f"{text!r} is not a valid header; {remedy}", param_hint=hint)
        headers.append((name.encode("ascii"), value.encode("utf-8")))
    return headers


def default_user_agent(contact: str | None = None) -> str:
    """Return the name and version of the program, and whom to ask: the user, the project's page, or the project's README."""
    try:
        pages = [link.partition(", ")[2] for link in metadata("press-scraper").get_all("Project-URL") or []]
    except PackageNotFoundError:
        pages = []
    whom = contact or (pages[0] if pages else "archives press pages; see the README of the scraper project")
    return f"scraper/{__version__} ({'+' if '://' in whom else ''}{whom})"


def _user_agent(given: str | None, contact: str | None) -> str:
    if contact is not None and not contact.isprintable():
        raise typer.BadParameter(f"{contact!r} is not on one line; write an e-mail address or a URL.", param_hint="--contact")
    if given is None:
        return default_user_agent(contact)
    return given if contact is None else f"{given} ({contact})"
