"""The ids and reasons of the rules that apply to every layout."""

from typing import Final

TITLE: Final = "core/title"
BODY: Final = "core/body"
KEPT: Final = "core/kept"
MARK: Final = "core/list-mark"
UNTITLED_TEASER: Final = "core/untitled-teaser"
UNLABELLED: Final = "core/unlabelled"
BLANK: Final = "core/blank"

REASONS: Final = {
    TITLE: "No element marks the title: it is the line above the dateline, or else the first below notice or ticker.",
    BODY: "Text in the main column, or below title and dateline, that no other rule matches is part of the body.",
    MARK: "A mark that an extractor put before the item of a list: lynx, w3m, pandoc and html2text do.",
    KEPT: "No layout fits the page: all of it is kept.",
    UNTITLED_TEASER: "An author or newspaper in a teaser without a title belongs to no entry.",
    UNLABELLED: "No rule matches this text, and it stands outside the article.",
    BLANK: "White space and characters that no reader sees.",
}
