"""Why a layout was chosen, and by how much the others missed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scraper.extract.cleaning import Outcome
from scraper.extract.detection import ENOUGH, HOST, Detection, weigh
from scraper.layouts import Layout
from scraper.layouts.schema import Evidence


class Sign(NamedTuple):
    """A piece of evidence: a rule that fits the page, how much that says, and why."""

    rule: str
    strength: Evidence
    because: str


class Verdict(NamedTuple):
    """How well a layout fits a page."""

    layout: str
    is_chosen: bool
    sentence: str
    signs: Sequence[Sign]


def verdicts(outcome: Outcome, layouts: Sequence[Layout]) -> list[Verdict]:
    """Return for each layout what speaks for it: the chosen one first, then those that nearly fit, then by name.

    Nothing of this is kept when a page is cleaned; the evidence is weighed once more.
    """
    form = outcome.document.form
    found = []
    for fit in weigh(outcome.document, outcome.record.url, layouts):
        is_chosen = outcome.layout is not None and fit.layout.name == outcome.layout.name
        found.append(Verdict(fit.layout.name, is_chosen, _sentence(fit, form, is_chosen=is_chosen), list(_signs(fit))))
    strong = {verdict.layout: sum(sign.strength == "strong" for sign in verdict.signs) for verdict in found}
    return sorted(found, key=lambda verdict: (not verdict.is_chosen, -strong[verdict.layout], -len(verdict.signs), verdict.layout))


def _sentence(fit: Detection, form: str, *, is_chosen: bool) -> str:
    page = "an HTML page" if form == "html" else "a text"
    needed = f"{page} needs {ENOUGH[form]}, and one of them strong" if ENOUGH[form] > 1 else f"{page} needs a strong one"
    have = len(fit.evidence)
    if is_chosen:
        return f"it fits by {have} sign{'' if have == 1 else 's'}; {needed}"
    if not have:
        return f"no sign of it; {needed}"
    return f"nearly fits, by {have} sign{'' if have == 1 else 's'}{'' if fit.is_strong else ', none of them strong'}; {needed}"


def _signs(fit: Detection) -> Iterator[Sign]:
    file = fit.layout.file
    reasons = {rule.id: rule.because for rule in file.rules}
    reasons[file.ticker.id] = file.ticker.because
    reasons[HOST] = f"The page's address is of a host of this layout: {', '.join(file.hosts)}."
    for rule, strength in fit.evidence.items():
        yield Sign(rule, strength, reasons[rule])
