"""The one road: a page goes in, an outcome comes out. This module composes and decides nothing."""

from collections.abc import Sequence

import msgspec

from scraper.errors import EmptyInput, UnknownLayout
from scraper.extract.audit import audit
from scraper.extract.core_rules import KEPT
from scraper.extract.detection import Detection, detect
from scraper.extract.labelling import label
from scraper.extract.record_builder import own_address, project
from scraper.extract.spans import Claim, Ledger, Span, partition, trim
from scraper.extract.wrapped_lines import rejoined
from scraper.layouts import Layout, builtin_layouts, parts_of
from scraper.models import Decoding, Document, Page
from scraper.parse import Tree, is_html, read_text
from scraper.parse.encoding import decode
from scraper.records import PageRecord
from scraper.text import is_blank


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page: its record, and all that the record rests on."""

    record: PageRecord
    document: Document
    claimed: Sequence[Claim]
    """What each piece that a reader can see was taken for."""
    decoding: Decoding
    layout: Layout | None
    evidence: Sequence[str]
    """The rules by which the layout was recognised."""

    @property
    def spans(self) -> list[Span]:
        """What each piece was taken for, blanks too: a partition of the document's text."""
        return partition(self.claimed, len(self.document.text))


def clean(page: Page, layouts: Sequence[Layout] | None = None, *, known_only: bool = False) -> Outcome:
    """Clean a page.

    Args:
        page: the page as it was received.
        layouts: the layouts to choose from; by default those that come with the program.
        known_only: whether a page that no layout fits is an error, :class:`~scraper.errors.UnknownLayout`, and costs no more.

    Raises:
        PageError: if there is no record to be had from the page; see :mod:`scraper.errors` for the cases.
    """
    known = builtin_layouts() if layouts is None else tuple(layouts)
    text, decoding = decode(page)
    document, fit = _recognised(page, text, decoding, known)
    if fit is None and known_only:
        raise UnknownLayout("no layout fits the page; --unknown keep keeps it whole")
    labelled = label(document, fit.segments, fit.layout) if fit is not None else None
    ledger = labelled.ledger if labelled is not None else _kept_whole(document)
    claimed = ledger.settle()
    record = project(page, decoding, document, claimed, fit, labelled)
    audit(document.text, claimed, record)
    return Outcome(
        record=record,
        document=document,
        claimed=claimed,
        decoding=decoding,
        layout=fit.layout if fit else None,
        evidence=tuple(fit.evidence) if fit else (),
    )


def _recognised(page: Page, text: str, decoding: Decoding, known: tuple[Layout, ...]) -> tuple[Document, Detection | None]:
    """Return the document of a page and the layout that fits it."""
    if not is_html(text, page.media_type):
        document = _checked(read_text(text))
        whole = rejoined(document, lambda line: any(layout.is_whole(line) for layout in known))
        fit = detect(whole, _url_of(page, whole), known)
        return (whole, fit) if fit is not None else (document, None)
    tree = Tree(page.data if decoding.by == "strict" else text)  # to encode it again takes a tenth of a parse
    document = _checked(tree.document(parts_of(known)))
    fit = detect(document, _url_of(page, document), known)
    if document.cut and (fit is None or not fit.suits(document)):
        # What was cut out as one layout's chrome is text of another's, or of an unknown page.
        document = tree.document()
        fit = detect(document, _url_of(page, document), known)
    return document, fit


def _url_of(page: Page, document: Document) -> str | None:
    own = own_address(page, document)
    return None if own is None else own.url


def _checked(document: Document) -> Document:
    if all(is_blank(document.text[block.start : block.end]) for block in document.blocks):
        raise EmptyInput("there is not one readable character in it")
    return document


def _kept_whole(document: Document) -> Ledger:
    ledger = Ledger(document.text)
    for block in document.blocks:
        start, end = trim(document.text, block.start, block.end)
        if not is_blank(document.text[start:end]):
            ledger.claim(start, end, "body", KEPT)
    return ledger
