"""HTML in which all text is escaped."""

from html import escape


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
