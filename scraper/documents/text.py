"""A text page as a document: all of it, a block for each line."""

from scraper.pages import Block, Document


def read_text(text: str) -> Document:
    """Make the document of a text page."""
    blocks: list[Block] = []
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip()
        if bare:
            blocks.append(Block(position, position + len(bare)))
        position += len(line)
    return Document(form="text", text=text, blocks=blocks)
