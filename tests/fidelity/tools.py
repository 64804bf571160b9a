"""The programs that make text of pages, called as their own documentation says, and what each keeps of a page."""

import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from os import cpu_count
from typing import Any, Final

from tests.fidelity.browser import inner_texts
from tests.fidelity.stories import Sample

TextReader = Callable[[Sequence[Sample]], list[str]]

DEBIAN: Final = {"lynx": "lynx", "w3m": "w3m", "pandoc": "pandoc", "chromium": "chromium chromium-driver"}
"""Programs that are not Python packages, and the Debian packages that provide them."""


@dataclass(frozen=True)
class Tool:
    """A program that makes text of pages.

    ``keeps`` lists in letters what its text keeps of a page, so that a record of it can be right: ``t`` the title where the dateline
    or the notice shows that it is one, ``d`` the dateline, ``a`` the author, ``b`` the body with one or more lines per paragraph,
    ``h`` sub-headings on lines of their own, ``k`` the ticker with its separators. Further properties of its text: ``w`` lines are
    wrapped at a width; ``g`` everything that only markup separates is joined, or all is on one line; ``m`` it is Markdown; ``x`` it
    drops parts of a body as boilerplate.
    """

    name: str
    call: str
    """How it is called, for the table."""
    package: str
    """The Python package or the program."""
    keeps: str
    read: TextReader
    is_html: bool = False
    """Whether it gives pages, not texts."""


def _each(make: Callable[[], Callable[[bytes], str]]) -> TextReader:
    """Return a reader that converts page by page in this process, and is loaded when it is first needed."""

    def read(samples: Sequence[Sample]) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = make()
            return [one(sample.html) for sample in samples]

    return read


def _run(command: Sequence[str]) -> TextReader:
    """Return a reader that starts a program for each page, with the page as its stdin."""

    def one(sample: Sample) -> str:
        done = subprocess.run(command, input=sample.html, capture_output=True, check=True, timeout=120)
        return done.stdout.decode("utf-8", "replace")

    def read(samples: Sequence[Sample]) -> list[str]:
        with ThreadPoolExecutor(cpu_count()) as pool:
            return list(pool.map(one, samples))

    return read


def _resiliparse(**options: bool) -> Callable[[bytes], str]:
    plain = import_module("resiliparse.extract.html2text").extract_plain_text
    parse = import_module("resiliparse.parse.html").HTMLTree.parse_from_bytes
    return lambda page: str(plain(parse(page, "utf-8"), **options))


def _soup(**options: Any) -> Callable[[bytes], str]:
    soup = import_module("bs4").BeautifulSoup
    return lambda page: str(soup(page, "html.parser").get_text(**options))


def _lxml(*, lines: bool) -> Callable[[bytes], str]:
    html = import_module("lxml.html")

    def read(page: bytes) -> str:
        tree = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
        return "\n".join(tree.xpath("//text()")) if lines else str(tree.text_content())

    return read


def _selectolax() -> Callable[[bytes], str]:
    parse = import_module("selectolax.lexbor").LexborHTMLParser
    return lambda page: str(parse(page).body.text(separator="\n"))


def _inscriptis(profile: str) -> Callable[[bytes], str]:
    get_text = import_module("inscriptis").get_text
    config = import_module("inscriptis.model.config").ParserConfig(
        css=import_module("inscriptis.css_profiles").CSS_PROFILES[profile]
    )
    return lambda page: str(get_text(page.decode().partition("?>")[2], config))


def _html2text(**options: Any) -> Callable[[bytes], str]:
    module = import_module("html2text")

    def read(page: bytes) -> str:
        reader = module.HTML2Text()
        for name, value in options.items():
            setattr(reader, name, value)
        return str(reader.handle(page.decode()))

    return read


def _trafilatura(**options: Any) -> Callable[[bytes], str]:
    extract = import_module("trafilatura").extract
    return lambda page: extract(page, **options) or ""


def _trafilatura_all() -> Callable[[bytes], str]:
    everything = import_module("trafilatura").html2txt
    return lambda page: str(everything(page))


_STOPLISTS: Final = {"ar": "Arabic", "fr": "French", "en": "English"}


def _justext(samples: Sequence[Sample]) -> list[str]:
    module = import_module("justext")
    lists = {lang: module.get_stoplist(name) for lang, name in _STOPLISTS.items()}

    def one(sample: Sample) -> str:
        kept = (each for each in module.justext(sample.html, lists[sample.story.lang]) if not each.is_boilerplate)
        return "\n".join(each.text for each in kept)

    return [one(sample) for sample in samples]


_UTF8: Final = ("-stdin", "-display_charset=utf-8", "-assume_charset=utf-8")
_W3M: Final = ("w3m", "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols")
_PANDOC: Final = ("pandoc", "-f", "html", "-t", "plain")

_CALLS: Final = (
    ("Resiliparse", "Resiliparse", "extract_plain_text(tree)", "tdabhk", _each(_resiliparse)),
    ("Resiliparse, main content", "Resiliparse", "main_content=True", "tdabhk", _each(partial(_resiliparse, main_content=True))),
    (
        "Resiliparse, one line",
        "Resiliparse",
        "preserve_formatting=False",
        "dg",
        _each(partial(_resiliparse, preserve_formatting=False)),
    ),
    ("BeautifulSoup", "beautifulsoup4", 'get_text("\\n")', "tdabh", _each(partial(_soup, separator="\n"))),
    (
        "BeautifulSoup, stripped",
        "beautifulsoup4",
        'get_text("\\n", strip=True)',
        "tdabh",
        _each(partial(_soup, separator="\n", strip=True)),
    ),
    (
        "BeautifulSoup, one line",
        "beautifulsoup4",
        'get_text(" ", strip=True)',
        "dg",
        _each(partial(_soup, separator=" ", strip=True)),
    ),
    ("lxml", "lxml", "text_content()", "tdabhk", _each(partial(_lxml, lines=False))),
    ("lxml, lines", "lxml", '"\\n".join(xpath("//text()"))', "tdabh", _each(partial(_lxml, lines=True))),
    ("selectolax", "selectolax", 'body.text(separator="\\n")', "tdabh", _each(_selectolax)),
    ("inscriptis", "inscriptis", "get_text(page)", "tdabh", _each(partial(_inscriptis, "relaxed"))),
    ("inscriptis, strict", "inscriptis", 'css=CSS_PROFILES["strict"]', "tdabh", _each(partial(_inscriptis, "strict"))),
    ("html2text", "html2text", "HTML2Text().handle(page)", "tdabhwm", _each(_html2text)),
    ("html2text, unwrapped", "html2text", "body_width = 0", "tdabhkm", _each(partial(_html2text, body_width=0))),
    (
        "html2text, no links",
        "html2text",
        "body_width = 0; ignore_links = ignore_images = ignore_emphasis = True",
        "tdabhkm",
        _each(partial(_html2text, body_width=0, ignore_links=True, ignore_images=True, ignore_emphasis=True)),
    ),
    ("trafilatura", "trafilatura", "extract(page)", "x", _each(_trafilatura)),
    ("trafilatura, recall", "trafilatura", "favor_recall=True", "x", _each(partial(_trafilatura, favor_recall=True))),
    (
        "trafilatura, Markdown",
        "trafilatura",
        'output_format="markdown"',
        "xm",
        _each(partial(_trafilatura, output_format="markdown")),
    ),
    ("trafilatura, everything", "trafilatura", "html2txt(page)", "dg", _each(_trafilatura_all)),
    ("jusText", "jusText", "paragraphs that are no boilerplate", "x", _justext),
    ("lynx", "lynx", "lynx -dump", "tdabw", _run(("lynx", "-dump", *_UTF8))),
    ("lynx, no list", "lynx", "lynx -dump -nolist", "tdabw", _run(("lynx", "-dump", "-nolist", *_UTF8))),
    ("lynx, wide", "lynx", "lynx -dump -nolist -width=120", "tdabw", _run(("lynx", "-dump", "-nolist", "-width=120", *_UTF8))),
    ("w3m", "w3m", "w3m -dump -cols 80", "tdabw", _run((*_W3M, "80"))),
    ("w3m, wide", "w3m", "w3m -dump -cols 120", "tdabw", _run((*_W3M, "120"))),
    ("pandoc", "pandoc", "pandoc -f html -t plain", "tdabw", _run(_PANDOC)),
    ("pandoc, unwrapped", "pandoc", "pandoc -f html -t plain --wrap=none", "tdabhk", _run((*_PANDOC, "--wrap=none"))),
    ("Chromium", "chromium", "document.body.innerText", "tdabhk", inner_texts),
)
TOOLS: Final = tuple(Tool(name, call, package, keeps, read) for name, package, call, keeps, read in _CALLS)


def missing(tool: "Tool | str") -> str | None:
    """Return how to install a program that is missing."""
    package = tool if isinstance(tool, str) else tool.package
    if package not in DEBIAN or all(map(shutil.which, ("chromium", "chromedriver") if package == "chromium" else (package,))):
        return None
    return f"{package} is missing: apt-get install {DEBIAN[package]}"


def version_of(package: str) -> str:
    """Return the version of a Python package or a program."""
    if package not in DEBIAN:
        return version(package)
    output = subprocess.run(
        (package, "-version" if package in ("lynx", "w3m") else "--version"), capture_output=True, check=True, text=True
    ).stdout
    found = re.search(r"\d+(?:\.\d+)+(?:[-+.\w]*\d)?", output)
    return found[0] if found else "?"
