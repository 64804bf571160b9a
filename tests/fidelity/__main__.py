"""Print the tables of tools and fields, or the cases of one cell. ``scripts/fidelity`` runs this."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from tests.fidelity.judging import ADDRESSES, FIELDS, Case
from tests.fidelity.stories import make_samples
from tests.fidelity.tables import DOCUMENT, chosen, document, judged, lines_of

_WIDTH: Final = 150
_AROUND: Final = 5


def main() -> int:
    """Judge, and print or write the results."""
    parser = argparse.ArgumentParser(
        prog="scripts/fidelity",
        description="Judge records of what other programs made of invented pages. A cell: right, and silently wrong, in percent.",
    )
    parser.add_argument("--stories", type=int, default=120, metavar="N", help="how many stories (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=16, help="which stories (default: %(default)s)")
    parser.add_argument(
        "--tool",
        action="append",
        metavar="NAME",
        help="only tools whose name holds this (html:NAME: ways of saving); may be repeated",
    )
    parser.add_argument(
        "--show", nargs=3, metavar=("N", "TOOL", "FIELD"), help="print the first N wrong cases of a tool in a field"
    )
    parser.add_argument(
        "--reported", action="store_true", help="with --show: what is reported as unknown instead of silently wrong"
    )
    parser.add_argument("--source", action="store_true", help="with --show: also the text, from before the title to the end")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/fidelity.md")
    options = parser.parse_args()
    samples = list(make_samples(options.stories, options.seed))
    tools = [tool for part in ([options.show[1]] if options.show else options.tool or ["", "html:"]) for tool in chosen(part)]
    if not tools:
        parser.error("there is no tool of that name")
    if options.show:
        if options.show[2] not in (*FIELDS, ADDRESSES):
            parser.error(f"the fields are {', '.join((*FIELDS, ADDRESSES))}")
        wanted = "reported" if options.reported else "wrong"
        for tool in tools:
            row = judged(tool, samples)
            cases = [case for case in row.cases if case.field == options.show[2] and case.verdict == wanted]
            _say(row.missing or f"== {tool.name}, {options.show[2]}: {wanted} on {len(cases)} of {row.pages} pages")
            for case in cases[: int(options.show[0])]:
                _say("\n".join(_shown(case, with_source=options.source)))
        return 0
    rows = []
    for tool in tools:
        rows.append(row := judged(tool, samples))
        sys.stderr.write(f"{row.missing or tool.name}: {row.seconds:.1f} s\n")
    if options.write:
        DOCUMENT.write_text(document(rows, len(samples)), encoding="utf-8")
    else:
        _say("\n".join(lines_of(rows)))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _shown(case: Case, *, with_source: bool) -> Iterator[str]:
    yield f"-- {case.sample}; warnings: {', '.join(case.warnings) or 'none'}"
    if isinstance(case.got, list) and isinstance(case.want, list):
        yield from _difference(case.got, case.want)
    elif isinstance(case.got, dict) and isinstance(case.want, dict):
        for key, got in case.got.items():
            want = case.want[key]
            if isinstance(got, list):
                yield f"   {key}: {len(got)}, wanted {len(want)}"
                yield from _difference(got[:_AROUND], want[:_AROUND])
            else:
                yield f"   {key}: got {got!r}, want {want!r}"
    else:
        yield f"   got  {case.got!r}"
        yield f"   want {case.want!r}"
    if with_source:
        start = max(0, case.source.rfind("\n", 0, max(0, case.source.rfind(case.sample.story.title) - 300)))
        yield from (f"   | {line}" for line in case.source[start:].split("\n") if line.strip())


def _difference(got: Sequence[object], want: Sequence[object]) -> Iterator[str]:
    """Yield the items of one list only: - wanted, + got."""
    ours, theirs = list(map(str, want)), list(map(str, got))
    for change, i, j, k, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if change == "equal":
            yield f"     … {j - i} as wanted"
            continue
        for sign, some in (("-", ours[i:j]), ("+", theirs[k:end])):
            yield from (f"   {sign} {_short(text)}" for text in some[:_AROUND])
            if len(some) > _AROUND:
                yield f"   {sign} … {len(some) - _AROUND} more"


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 40]} […{len(text) - _WIDTH}…] {text[-40:]}"


if __name__ == "__main__":
    sys.exit(main())
