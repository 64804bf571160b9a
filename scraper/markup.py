"""HTML pages of one file, in which all text is escaped: no scripts, and nothing from the network."""

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files


class Markup(str):
    """HTML, as opposed to text that must still be escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str) -> Markup:
    """Return an element with its children, escaping text.

    Args:
        name: the name of the element.
        children: markup and text.
        attributes: the attributes, written as Python identifiers: ``class_`` for ``class``, ``data_x`` for ``data-x``.
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def void(name: str, /, **attributes: str) -> Markup:
    """Return an element without an end tag."""
    return Markup(tag(name, **attributes).removesuffix(f"</{name}>"))


def join(*children: str) -> Markup:
    """Return the children joined, escaping text."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def to_page(title: str, style: str, body: Markup) -> str:
    """Return a complete HTML page. Its security policy allows only its own style sheet.

    Args:
        title: the title of the page.
        style: the style sheet.
        body: the ``body`` element.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void(
            "meta",
            http_equiv="Content-Security-Policy",
            content=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        ),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en', dir='ltr')}\n"


@cache
def style_sheet(package: str) -> str:
    """Return the style sheet of a package's pages, after that of all pages."""
    return "".join(files(place).joinpath("page.css").read_text(encoding="utf-8") for place in ("scraper", f"scraper.{package}"))
