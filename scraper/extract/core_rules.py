"""The rules that hold in every layout, by the ids under which they stand in records, and why each is as it is."""

from typing import Final

TITLE: Final = "core/title"
BODY: Final = "core/body"
KEPT: Final = "core/kept"
MARK: Final = "core/list-mark"
UNTITLED_TEASER: Final = "core/untitled-teaser"
UNLABELLED: Final = "core/unlabelled"
BLANK: Final = "core/blank"

REASONS: Final = {
    TITLE: "No element says which line is the title: it is the one above the dateline, or else the first below notice or ticker.",
    BODY: "Text in the main column, or below title and dateline, that no rule names is part of the body.",
    MARK: "A mark that an extractor put before the item of a list: lynx, w3m, pandoc and html2text do.",
    KEPT: "No layout fits the page: all of it is kept.",
    UNTITLED_TEASER: "Author or newspaper of a teaser that shows no title is an entry of nothing.",
    UNLABELLED: "No rule knows this text, and it does not stand where the article does.",
    BLANK: "White space and characters that no reader sees.",
}
