"""Writes lines for a terminal: styles, signs and wrapping, each with a plain twin."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.verdict import Verdict
from goknot.reports.view import View
from goknot.reports.words import fit, n_cells, printable, take

_MIN_WIDTH = 72  # a narrower terminal folds the lines itself
Span = str | tuple[str, str]  # text, or (style, text)

# style -> parameters of the "select graphic rendition" escape sequence (ECMA-48, 8.3.117)
_SGR = {
    "bad": "1;31",
    "warn": "1;33",
    "good": "1;32",
    "calm": "1;36",
    "strong": "1",
    "dim": "2",
    "place": "36",
    "cut": "31",
    "new": "1;35",
}

_STYLE = {
    Verdict.BREAKS_BUILD: "bad",
    Verdict.BREAKS_LOAD: "bad",
    Verdict.FREED_IN_USE: "bad",
    Verdict.NEVER_FREED: "bad",
    Verdict.KEPT_ALIVE: "warn",
    Verdict.COUPLES: "warn",
    Verdict.UNKNOWN: "calm",
    Verdict.COLLECTED: "good",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs a report is drawn with; twins are equally wide where a column depends on it."""

    enter: str = "╭──▶ "
    side: str = "│    "
    leave: str = "╰────"
    down: str = "  ↓  "
    up: str = "──╯  "
    cut_down: str = "  ┆  "
    cut_up: str = "┄┄╯  "
    skip: str = "  ⋮  "
    arrow: str = " → "
    mark: str = "← "
    dots: str = "…"
    dot: str = " · "
    bad: str = "✖"
    warn: str = "●"
    calm: str = "?"
    good: str = "✔"
    at_most: str = "≤"
    at_least: str = "≥"


_ASCII = Signs(
    enter="+--> ",
    side="|    ",
    leave="+----",
    down="  v  ",
    up="--+  ",
    cut_down="  :  ",
    cut_up="..+  ",
    skip="  :  ",
    arrow=" -> ",
    mark="<- ",
    dots="...",
    dot=" - ",
    bad="x",
    warn="*",
    calm="?",
    good="+",
    at_most="<=",
    at_least=">=",
)

# What titles and reasons are likely to hold, for terminals that cannot show it.
_PLAIN_TWINS = str.maketrans({
    "→": "->", "←": "<-", "↔": "<->", "⇄": "<->", "…": "...", "·": "-", "–": "-", "—": "-", "≤": "<=", "≥": ">=",
    "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x",
})  # fmt: skip


class Pen:
    """Collects lines for one terminal."""

    def __init__(self, view: View) -> None:
        self.width = max(view.width, _MIN_WIDTH)
        self.signs = _ASCII if view.ascii else Signs()
        self._view = view
        self._lines: list[str] = []

    def text(self) -> str:
        """Everything written so far, ending in a newline."""
        return "\n".join(self._lines) + "\n"

    def given(self, text: str, limit: int = 200) -> str:
        """Text from outside, made fit for this terminal."""
        text = printable(text, limit)
        if self._view.ascii and not text.isascii():
            text = text.translate(_PLAIN_TWINS).encode("ascii", "backslashreplace").decode("ascii")
        return text

    def fitted(self, text: str, width: int) -> str:
        """Text from outside, no wider than `width`."""
        return fit(self.given(text), width, self.signs.dots)

    def begun(self, text: str, width: int) -> str:
        """The beginning of a text from outside, no wider than `width`."""
        text = self.given(text, 400)
        if n_cells(text) <= width:
            return text
        return take(text, max(width - len(self.signs.dots), 1)).rstrip() + self.signs.dots

    def line(self, *spans: Span) -> None:
        """Writes one line."""
        self._lines.append("".join(map(self._painted, spans)).rstrip())

    def blank(self) -> None:
        """Writes an empty line, unless the last one is."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def wrapped(self, text: str, indent: int, style: str = "", first: tuple[Span, ...] = ()) -> None:
        """Writes given text over as many lines as it needs.

        Args:
            text: Fit for the terminal already.
            indent: Cells before each line.
            style: Style of the text; empty for none.
            first: What stands before the first line instead of the indent.
        """
        lead: tuple[Span, ...] = first or (" " * indent,)
        start = cells(lead)
        for row in _rows(text, self.width, start, indent):
            self.line(*lead, (style, row) if style else row)
            lead = (" " * indent,)

    def verdict(self, verdict: Verdict) -> tuple[str, str]:
        """The sign and the name of a verdict, in its colour."""
        style = _STYLE[verdict]
        return style, f"{getattr(self.signs, style)} {verdict}"

    def _painted(self, span: Span) -> str:
        if isinstance(span, str):
            return span
        style, text = span
        return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if self._view.color and text else text


def cells(spans: tuple[Span, ...]) -> int:
    """How many cells the spans take."""
    return sum(n_cells(span if isinstance(span, str) else span[1]) for span in spans)


def _rows(text: str, width: int, start: int, indent: int) -> list[str]:
    """Greedy wrapping by cells; the first row has `start` cells less, the others `indent`."""
    rows, row, room = [], "", width - start
    for word in (piece for whole in text.split(" ") for piece in _pieces(whole, width - indent)):
        if row and n_cells(row) + 1 + n_cells(word) > room:
            rows.append(row)
            row, room = word, width - indent
        else:
            row = f"{row} {word}" if row else word
    return [*rows, row]


def _pieces(word: str, width: int) -> list[str]:
    """The word, cut where it is wider than a row."""
    pieces = []
    while n_cells(word) > width:
        pieces.append(take(word, width))
        word = word[len(pieces[-1]) :]
    return [*pieces, word]
