"""Clean one page: decode it, read it, detect its layout, label it, and build and audit its record."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from scraper.errors import EmptyInput, UnknownLayout
from scraper.extract.audit import audit
from scraper.extract.converted_text import rejoined
from scraper.extract.detection import Detection, detect
from scraper.extract.labelling import label
from scraper.extract.record_builder import build_record
from scraper.extract.spans import KEPT_RULE, Claim, Ledger, Span, partition, trim
from scraper.layouts import Layout, builtin_layouts, chrome_parts
from scraper.models import Decoding, Document, Page
from scraper.parse import Tree, is_html, read_text
from scraper.parse.encoding import decode
from scraper.provenance import Original, original_of
from scraper.records import PageRecord
from scraper.text import is_blank


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a page, and the data that it was built from."""

    record: PageRecord
    document: Document
    claimed: Sequence[Claim]
    """The labels of all visible text."""
    decoding: Decoding
    layout: Layout | None
    evidence: Sequence[str]
    """The rules by which the layout was detected."""
    tree: Tree | None = None
    """The tree of an HTML page."""

    @property
    def spans(self) -> list[Span]:
        """The labels of all text, blanks included: a partition of the document's text."""
        return partition(self.claimed, len(self.document.text))


def clean(page: Page, layouts: Sequence[Layout] | None = None, *, known_only: bool = False) -> Outcome:
    """Clean a page.

    Args:
        page: the page as it was received.
        layouts: the layouts to choose from; by default the built-in ones.
        known_only: whether to raise :class:`~scraper.errors.UnknownLayout` for a page that no layout fits.

    Raises:
        PageError: if the page gives no record; see :mod:`scraper.errors` for the cases.
    """
    candidates = builtin_layouts() if layouts is None else tuple(layouts)
    text, decoding = decode(page)
    document, own, detection, tree = _read(page, text, decoding, candidates)
    if detection is None and known_only:
        raise UnknownLayout("no layout fits the page; use --unknown keep to keep its whole text")
    labelled = label(document, detection.segments, detection.layout) if detection is not None else None
    ledger = labelled.ledger if labelled is not None else _label_unknown(document)
    claimed = ledger.settle()
    record = build_record(page, own, decoding, document, claimed, detection, labelled)
    audit(document.text, claimed, record)
    return Outcome(
        record=record,
        document=document,
        claimed=claimed,
        decoding=decoding,
        layout=detection.layout if detection is not None else None,
        evidence=tuple(detection.evidence) if detection is not None else (),
        tree=tree,
    )


class _Reading(NamedTuple):
    document: Document
    own: Original | None
    """The page's address."""
    detection: Detection | None
    tree: Tree | None
    """The tree of an HTML page."""


def _read(page: Page, text: str, decoding: Decoding, layouts: tuple[Layout, ...]) -> _Reading:
    """Read a page, and detect the layout that fits it."""
    if not is_html(text, page.media_type):
        document = _checked(read_text(text))
        unwrapped = rejoined(document, lambda line: any(layout.is_complete_line(line) for layout in layouts))
        own = _own_address(page, document)
        detection = detect(unwrapped, own and own.url, layouts)
        return _Reading(unwrapped if detection is not None else document, own, detection, None)
    tree = Tree(page.data if decoding.by == "strict" else text)  # the parser takes bytes without encoding them again
    document = _checked(tree.document(chrome_parts(layouts)))
    own = _own_address(page, document)
    detection = detect(document, own and own.url, layouts)
    if document.cut and (detection is None or not detection.suits(document)):
        # The chrome of another layout was cut out; on this page it is text.
        document = tree.document()
        detection = detect(document, own and own.url, layouts)
    return _Reading(document, own, detection, tree)


def _own_address(page: Page, document: Document) -> Original | None:
    """Return the original address of a page, even if it was saved from an archive; None if it is unknown."""
    url = page.url or document.address
    return None if url is None else original_of(url)


def _checked(document: Document) -> Document:
    """Return the document if it has any visible character."""
    text = document.text
    for block in document.blocks:
        if text[block.start : block.start + 1].isalnum() or not is_blank(text[block.start : block.end]):
            return document
    raise EmptyInput("it has no readable text")


def _label_unknown(document: Document) -> Ledger:
    """Claim all of a page without a layout as body."""
    ledger = Ledger(document.text)
    for block in document.blocks:
        start, end = trim(document.text, block.start, block.end)
        if not is_blank(document.text[start:end]):
            ledger.claim(start, end, "body", KEPT_RULE)
    return ledger
