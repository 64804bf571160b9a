"""Build the record of a page from its labelled spans."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, repeat, zip_longest
from typing import Final, get_args

from scraper.extract.detection import Detection
from scraper.extract.labelling import Labelled
from scraper.extract.segments import Regions
from scraper.extract.spans import BODY_LABELS, REMOVED_LABELS, Claim, Label, Span, SpanRow, spread
from scraper.layouts import Layout
from scraper.layouts.layout import Dateline
from scraper.models import Decoding, Document, Page
from scraper.provenance import Original, original_of
from scraper.records import Headline, HeadlineRecord, Lang, PageKind, PageRecord, Removed, Teaser, Warning_
from scraper.text import squeeze, visible
from scraper.urls import needs_base, origin_of, resolve, site_of

_LANG: Final = re.compile(get_args(Lang)[1].pattern or "")
_TEASER_PARTS: Final = frozenset(["teaser-title", "teaser-author", "teaser-newspaper"])
_ARTICLE_PARTS: Final = ("main", "title", "dateline", "body")
_ARABIC: Final = re.compile("[\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")


# Joining would not change such a path. Nearly all links of a page have one, and skip the slow general join.
_PLAIN_PATH: Final = re.compile(r"(?:/[\w%+-]+)+")


def build_record(
    page: Page,
    own: Original | None,
    decoding: Decoding,
    document: Document,
    claims: Sequence[Claim],
    detection: Detection | None,
    labelled: Labelled | None,
) -> PageRecord:
    """Return the record of a page.

    Args:
        page: the page.
        own: its address; None if it is unknown.
        decoding: how it was decoded.
        document: its readable text.
        claims: the labels of all visible text.
        detection: the layout of the page; None if no layout fits, and the whole page is text.
        labelled: the facts that its wordings state; None without a layout.
    """
    layout = detection.layout if detection is not None else None
    url = own.url if own is not None else None
    text = document.text
    links = LinkResolver(url, document.base)
    pieces: defaultdict[Label, list[Claim]] = defaultdict(list)
    blocks: list[Claim] = []
    removed: list[Claim] = []
    for claim in claims:
        label = claim.label
        pieces[label].append(claim)
        if label in BODY_LABELS:
            blocks.append(claim)
        elif label in REMOVED_LABELS:
            removed.append(claim)

    title = " ".join(_texts(text, pieces.get("title", ()))) or None
    body = _body(document, blocks, keep_lines=layout is None and document.form == "text")
    headlines = _headlines(document, pieces.get("headline", ()), links)
    teasers = list(_teasers(text, claims, links)) if "teaser-title" in pieces else []
    images = _images(document, detection.regions, links) if detection is not None and document.images else []
    original_url = links.resolve(next((span.link for span in spread(pieces.get("footer", ())) if span.link is not None), None))

    dateline = (
        layout.read_dateline(labelled.dateline, labelled.dateline_hit)
        if layout is not None and labelled is not None and labelled.dateline
        else None
    )
    slots = labelled.slots if labelled is not None else {}
    newspaper = (dateline.newspaper if dateline is not None else None) or slots.get("newspaper")
    author = _author(slots.get("author") or (dateline.author if dateline is not None else None), newspaper)
    address = detection.address if detection is not None else {}
    kind = _kind(layout, title is not None or "dateline" in pieces, bool(blocks), bool(teasers))
    is_article = kind == "article" or (kind == "page" and bool(blocks))
    warnings: dict[Warning_, bool] = {
        "no-title": is_article and title is None,
        "no-date": is_article and (dateline is None or not dateline.is_date_printed),
        "bad-date": dateline is not None and dateline.is_date_printed and dateline.date is None,
        "no-newspaper": is_article and newspaper is None,
        "no-base-url": links.is_base_missing,
        "ticker-not-split": "ticker" in pieces,
        "lines-rejoined": document.is_rejoined,
        "headings-guessed": labelled is not None and labelled.has_guessed_headings,
        "author-guessed": author is not None and labelled is not None and labelled.has_guessed_author,
        "several-pages": labelled is not None and labelled.has_next_page,
        "decoding-replaced": decoding.replaced > 0,
        "decoding-guessed": decoding.by == "detected",
        "unlabelled-text": "unlabelled" in pieces,
    }
    return PageRecord(
        id=hashlib.sha256(url.encode() if url is not None else page.octets).hexdigest()[:16],
        input=page.input,
        url=url,
        site=site_of(url) if url is not None else None,
        layout=layout.name if layout is not None else None,
        kind=kind,
        lang=_declared_lang(dateline, labelled, address)
        or _lang_of([title or "", body, *(line.text for line in headlines), *(teaser.title for teaser in teasers)])
        if labelled is not None
        else None,
        title=title,
        newspaper=newspaper,
        newspaper_slug=address.get("newspaper_slug"),
        author=author,
        date=dateline.date.isoformat() if dateline is not None and dateline.date is not None else None,
        text=body,
        headings=_texts(text, pieces.get("heading", ())),
        headlines=headlines,
        teasers=teasers,
        images=images,
        original_url=original_url,
        fetched_at=page.fetched_at or (own.captured_at if own is not None else None) or document.saved_at,
        removed=_removed(text, removed),
        warnings=[warning for warning, applies in warnings.items() if applies],
    )


def headline_records(record: PageRecord, layout: Layout | None) -> Iterator[HeadlineRecord]:
    """Yield a record for each headline of a page."""
    for position, headline in enumerate(record.headlines):
        address = layout.address(headline.url) if layout is not None and headline.url is not None else {}
        yield HeadlineRecord(
            headline=headline.text,
            url=headline.url,
            position=position,
            newspaper_slug=address.get("newspaper_slug"),
            lang=record.lang,
            site=record.site,
            page_url=record.url,
            page_id=record.id,
            fetched_at=record.fetched_at,
            input=record.input,
        )


class LinkResolver:
    """Resolves the links of a page, and records whether a base address was missing.

    Args:
        url: the address of the page; None if it is unknown.
        base: the base address that the page declares, which may be relative.
    """

    def __init__(self, url: str | None, base: str | None) -> None:
        self._base = url
        if base is not None:
            resolved = resolve(base, url)
            self._base = original_of(resolved).url if resolved is not None else None
        self._origin = origin_of(self._base) if self._base is not None else None
        self.is_base_missing = False

    def resolve(self, link: str | None) -> str | None:
        """Return the address of a link; None if it has none or its base is unknown."""
        if link is None:
            return None
        if _PLAIN_PATH.fullmatch(link):
            self.is_base_missing |= self._origin is None
            return self._origin + link if self._origin is not None else None
        if self._base is None and needs_base(link):
            self.is_base_missing = True
        address = resolve(link, self._base)
        return original_of(address).url if address is not None else None


def _headlines(document: Document, ticker: Sequence[Claim], links: LinkResolver) -> list[Headline]:
    headlines: list[Headline] = []
    for row in _rows(ticker):
        headlines += _row(row, links) if isinstance(row, SpanRow) else _linked(document, row, links)
    return headlines


def _rows(claims: Sequence[Claim]) -> Iterator[SpanRow | list[Span]]:
    """Yield the rows among claims, and the spans between them."""
    spans: list[Span] = []
    for claim in claims:
        if isinstance(claim, Span):
            spans.append(claim)
            continue
        if spans:
            yield spans
            spans = []
        yield claim
    if spans:
        yield spans


def _linked(document: Document, spans: Sequence[Span], links: LinkResolver) -> Iterator[Headline]:
    text = document.text
    return (Headline(squeeze(text[span.start : span.end]), links.resolve(span.link)) for span in spans)


def _row(row: SpanRow, links: LinkResolver) -> Iterable[Headline]:
    if not row.links:
        return map(Headline, filter(None, row.pieces), repeat(None))
    return [Headline(piece, links.resolve(link)) for piece, link in zip(row.pieces, row.links, strict=True) if piece]


def _removed(text: str, spans: Sequence[Claim]) -> list[Removed]:
    """Count the text that is in no field, by rule, in the order of first appearance."""
    pieces: dict[str, list[str]] = {}
    for span in spans:
        pieces.setdefault(span.rule, []).append(text[span.start : span.end])
    return [Removed(rule, len(taken), visible("".join(taken))) for rule, taken in pieces.items()]


def _body(document: Document, blocks: Sequence[Claim], *, keep_lines: bool) -> str:
    """Join the blocks of a body with blank lines; with ``keep_lines``, adjoining lines stay adjoining."""
    text = document.text
    parts = _texts(text, blocks)
    if not keep_lines:
        return "\n\n".join(parts)
    ends = ["\n" if len(text[one.end : other.start].splitlines()) == 1 else "\n\n" for one, other in pairwise(blocks)]
    return "".join(chain.from_iterable(zip_longest(parts, ends, fillvalue="")))


def _texts(text: str, claims: Sequence[Claim]) -> list[str]:
    """Return the text of each claim, squeezed; adjoining claims of one group above 0 are pieces of one text, divided by marks."""
    texts: list[str] = []
    for row in _rows(claims) if claims else ():
        texts += filter(None, row.pieces) if isinstance(row, SpanRow) else map(squeeze, _joined(text, row))
    return texts


def _joined(text: str, spans: Sequence[Span]) -> list[str]:
    pieces: list[str] = []
    last = 0
    for span in spans:
        if span.group and span.group == last:
            pieces[-1] += text[span.start : span.end]
        else:
            pieces.append(text[span.start : span.end])
        last = span.group
    return pieces


def _teasers(text: str, claims: Sequence[Claim], links: LinkResolver) -> Iterator[Teaser]:
    groups: dict[int, dict[Label, tuple[str, str | None]]] = {}
    for span in spread(claims):
        if span.group and span.label in _TEASER_PARTS:
            groups.setdefault(span.group, {}).setdefault(span.label, (squeeze(text[span.start : span.end]), span.link))
    for pieces in groups.values():
        title, link = pieces["teaser-title"]
        author, newspaper = (pieces.get(label, (None, None))[0] for label in ("teaser-author", "teaser-newspaper"))
        yield Teaser(title, links.resolve(link), author, newspaper)


def _kind(layout: Layout | None, has_head: bool, has_body: bool, has_teasers: bool) -> PageKind:
    if layout is None:
        return "unknown"
    if has_head and has_body:
        return "article"
    return "listing" if has_teasers else "page"


def _author(name: str | None, newspaper: str | None) -> str | None:
    """Return the writer's name; None if it is the newspaper, which the network prints if no writer is known."""
    return None if name is None or (newspaper is not None and name.casefold() == newspaper.casefold()) else name


def _declared_lang(dateline: Dateline | None, labelled: Labelled, address: Mapping[str, str]) -> Lang | None:
    """Return the language of the page's wordings, or the one in its address."""
    if dateline is not None and dateline.lang is not None and _LANG.match(dateline.lang):
        return dateline.lang
    langs = [*map(labelled.langs.get, ("byline", "notice", "footer")), address.get("lang")]
    return next((lang for lang in langs if lang is not None and _LANG.match(lang)), None)


def _lang_of(texts: Sequence[str]) -> Lang | None:
    """Return ``ar`` if most letters are Arabic; None otherwise, since other alphabets serve many languages."""
    text = "".join(texts)
    letters = sum(map(str.isalpha, text))
    return "ar" if letters and len(_ARABIC.findall(text)) * 2 > letters else None


def _images(document: Document, regions: Regions, links: LinkResolver) -> list[str]:
    skipped = regions.layout.skipped_images
    found: dict[str, None] = {}
    for image in document.images:
        region = regions.of(image.element)
        if region is None or region.rule.label not in _ARTICLE_PARTS or any(skip.search(image.src) for skip in skipped):
            continue
        address = links.resolve(image.src)
        if address is not None:
            found[address] = None
    return list(found)
