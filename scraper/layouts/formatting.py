"""Write a layout as a single file."""

import msgspec
import tomli_w

from scraper.layouts.layout import Layout


def as_toml(layout: Layout) -> str:
    """Return the text of a layout's file, or, if other files extend it, of one file that is equivalent to all of them."""
    if len(layout.sources) == 1:
        return layout.sources[0].data.decode("utf-8-sig")
    places = "".join(f"#     {ascii(source.place)[1:-1]}\n" for source in layout.sources)
    file = tomli_w.dumps(msgspec.to_builtins(layout.file), multiline_strings=False)
    return f"# What these files say together, each amending those before it:\n{places}\n{file}"
