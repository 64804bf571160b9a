"""Ways of saving pages: the HTML that parsers, browsers and archives write."""

import html as entities
import re
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final
from urllib.parse import urljoin

from tests.fidelity.browser import outer_htmls
from tests.fidelity.stories import Sample
from tests.fidelity.tools import Tool

_STAMP: Final = "20200315081522"
_LINK: Final = re.compile(r'(?<=[ \n])(href|src|content)="((?:https?:)?/[^"]*)"')


def _each(one: Callable[[Sample], str]) -> Callable[[Sequence[Sample]], list[str]]:
    return lambda samples: list(map(one, samples))


def _as_is(sample: Sample) -> str:
    return sample.html.decode()


def _lxml(sample: Sample, **options: Any) -> str:
    html = import_module("lxml.html")
    tree = html.document_fromstring(sample.html, parser=html.HTMLParser(encoding="utf-8"))
    return str(html.tostring(tree, encoding="unicode", **options))


def _html5lib(sample: Sample) -> str:
    module = import_module("html5lib")
    return str(
        module.serialize(
            module.parse(sample.html, transport_encoding="utf-8"), omit_optional_tags=False, quote_attr_values="always"
        )
    )


def _html5lib_short(sample: Sample) -> str:
    module = import_module("html5lib")
    return str(module.serialize(module.parse(sample.html, transport_encoding="utf-8")))


def _soup(sample: Sample, parser: str, pretty: bool) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is HTML in spite of its XML declaration
        soup = import_module("bs4").BeautifulSoup(sample.html, parser, from_encoding="utf-8")
    return str(soup.prettify() if pretty else soup)


def _lexbor(sample: Sample) -> str:
    return str(import_module("selectolax.lexbor").LexborHTMLParser(sample.html).html)


def _cleaner(sample: Sample) -> str:
    html = import_module("lxml.html")
    tree = html.document_fromstring(sample.html, parser=html.HTMLParser(encoding="utf-8"))
    cleaned = (
        import_module("lxml_html_clean")
        .Cleaner(page_structure=False, meta=False, safe_attrs_only=False, forms=False)
        .clean_html(tree)
    )
    return str(html.tostring(cleaned, encoding="unicode"))


def _linked(sample: Sample, rewrite: Callable[[str], str]) -> str:
    def link(found: re.Match[str]) -> str:
        address = urljoin(sample.url, entities.unescape(found[2]))
        return f'{found[1]}="{entities.escape(rewrite(address))}"'

    return _LINK.sub(link, sample.html.decode())


def _absolute(sample: Sample) -> str:
    page = _linked(sample, str)
    return page.replace("<html", f"<!-- saved from url=({len(sample.url):04}){sample.url} -->\n<html", 1)


def _wayback(sample: Sample) -> str:
    page = _linked(sample, lambda address: f"https://web.archive.org/web/{_STAMP}/{address}")
    page = page.replace(
        "<head>",
        '<head><script type="text/javascript" src="https://web-static.archive.org/_static/js/bundle-playback.js"></script>\n<!-- End Wayback Rewrite JS Include -->\n',
        1,
    )
    bar = (
        '<!-- BEGIN WAYBACK TOOLBAR INSERT -->\n<script>__wm.rw(0);</script>\n<div id="wm-ipp-base" lang="en" style="display:none">\n'
        '<div id="wm-ipp"><div id="donato"></div><table><tr><td class="c"><a href="https://web.archive.org/web/">Wayback Machine</a>'
        '<span class="n"><a href="/web/*/x">14 captures</a></span></td></tr></table></div></div>\n<!-- END WAYBACK TOOLBAR INSERT -->'
    )
    page = re.sub(r"<body[^>]*>", lambda found: f"{found[0]}{bar}", page, count=1)
    return f"{page}\n<!--\n     FILE ARCHIVED ON 08:15:22 Mar 15, 2020 AND RETRIEVED FROM THE\n     INTERNET ARCHIVE ON 10:00:00 May 01, 2024.\n-->\n"


def _pywb(sample: Sample) -> str:
    page = _linked(sample, lambda address: f"http://localhost:8080/news/{_STAMP}mp_/{address}")
    return page.replace("<head>", "<head><!-- WB Insert -->\n<script> wbinfo = {}; </script>\n<!-- End WB Insert -->\n", 1)


def _translated(sample: Sample) -> str:
    host = f"www.{sample.story.host}"

    def rewrite(address: str) -> str:
        if not address.startswith(f"https://{host}/"):
            return address
        return f"https://{host.replace('.', '-')}.translate.goog{address.removeprefix(f'https://{host}')}?_x_tr_sl=ar&_x_tr_tl=en&_x_tr_hl=en"

    return _linked(sample, rewrite)


def _monolith(sample: Sample) -> str:
    page = _linked(sample, str)
    page = re.sub(r"<script.*?</script>", "<script></script>", page, flags=re.DOTALL)
    page = re.sub(r' src="[^"]*"', ' src="data:image/png;base64,iVBORw0KGgo="', page)
    head = f'<meta http-equiv="Content-Security-Policy" content="script-src \'none\';"></meta><base href="{sample.url}"></base>'
    page = page.replace("<head>", f"<head>{head}", 1)
    return f"<!-- Saved from {sample.url} at 2024-05-01T10:00:00Z using monolith v2.8.1 -->\n{page}"


def _singlefile(sample: Sample) -> str:
    """Return one file with unquoted attributes, without scripts and hidden content."""
    page = _linked(sample, str).partition("?>")[2].strip()
    page = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    page = re.sub(r'<div id="reported".*?</div>', "", page, flags=re.DOTALL)
    page = re.sub(r'="([^"\s<>=\'`]+)"(?=[\s>])', r"=\1", page)
    comment = f"<!--\n Page saved with SingleFile \n url: {sample.url} \n saved date: Wed May 01 2024 10:00:00 GMT+0000\n-->"
    page = page.replace("<head>", f"<head>{comment}<link rel=canonical href={sample.url}>", 1)
    return re.sub(r">\s*\n\s*<", "><", page)


SAVINGS: Final = (
    Tool("as it is", "the page", "", "tdabhk", _each(_as_is), is_html=True),
    Tool("lxml", "tostring(document_fromstring(page))", "lxml", "tdabhk", _each(_lxml), is_html=True),
    Tool(
        "lxml, indented", "tostring(…, pretty_print=True)", "lxml", "tdabhk", _each(partial(_lxml, pretty_print=True)), is_html=True
    ),
    Tool("lxml, as XML", 'tostring(…, method="xml")', "lxml", "tdabhk", _each(partial(_lxml, method="xml")), is_html=True),
    Tool("lxml-html-clean", "Cleaner(page_structure=False, …)", "lxml-html-clean", "tdabhk", _each(_cleaner), is_html=True),
    Tool("html5lib", "serialize(parse(page), omit_optional_tags=False)", "html5lib", "tdabhk", _each(_html5lib), is_html=True),
    Tool("html5lib, shortened", "serialize(parse(page))", "html5lib", "tdabhk", _each(_html5lib_short), is_html=True),
    Tool(
        "BeautifulSoup",
        'str(BeautifulSoup(page, "html.parser"))',
        "beautifulsoup4",
        "tdabhk",
        _each(partial(_soup, parser="html.parser", pretty=False)),
        is_html=True,
    ),
    Tool(
        "BeautifulSoup, prettify",
        'BeautifulSoup(page, "lxml").prettify()',
        "beautifulsoup4",
        "tdabhk",
        _each(partial(_soup, parser="lxml", pretty=True)),
        is_html=True,
    ),
    Tool("selectolax", "LexborHTMLParser(page).html", "selectolax", "tdabhk", _each(_lexbor), is_html=True),
    Tool("Chromium", "document.documentElement.outerHTML", "chromium", "tdabhk", outer_htmls, is_html=True),
    Tool("absolute links", "as browsers save pages", "", "tdabhk", _each(_absolute), is_html=True),
    Tool("Wayback Machine", "links, bar and comments as it writes them", "", "tdabhk", _each(_wayback), is_html=True),
    Tool("pywb", "links as it writes them", "", "tdabhk", _each(_pywb), is_html=True),
    Tool("translate.goog", "links as it writes them", "", "tdabhk", _each(_translated), is_html=True),
    Tool("monolith", "one file, as it writes it", "", "tdabhk", _each(_monolith), is_html=True),
    Tool("SingleFile", "one file, as it writes it, without what is not shown", "", "tdabhk", _each(_singlefile), is_html=True),
)
