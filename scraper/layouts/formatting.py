"""A layout as a file that could stand in its place."""

import msgspec
import tomli_w

from scraper.layouts.layout import Layout


def as_toml(layout: Layout) -> str:
    """Return the text of a layout's file; of one that others extend, all that they say together."""
    if len(layout.sources) == 1:
        return layout.sources[0].data.decode("utf-8-sig")
    places = "".join(f"#     {ascii(source.place)[1:-1]}\n" for source in layout.sources)
    file = tomli_w.dumps(msgspec.to_builtins(layout.file), multiline_strings=False)
    return f"# What these files say together, each amending those before it:\n{places}\n{file}"
