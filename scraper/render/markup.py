"""HTML that cannot be broken out of: whatever is not made here is escaped."""

from html import escape


class Markup(str):
    """HTML, as opposed to text that has yet to be escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str) -> Markup:
    """Return an element with its children, text among them escaped; an attribute ``class_`` or ``data_x`` is ``class`` or ``data-x``."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def void(name: str, /, **attributes: str) -> Markup:
    """Return an element that has no end tag."""
    return Markup(tag(name, **attributes).removesuffix(f"</{name}>"))


def join(*children: str) -> Markup:
    """Return the children one after another, text among them escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))
