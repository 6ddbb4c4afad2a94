"""The rings as a Mermaid flowchart, for pull requests and wikis: rings only, capped, the cut dashed and red."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from goknot.model.knot import Knot
from goknot.model.report import Report
from goknot.reports.view import View
from goknot.reports.words import count, edge_by_pair, printable, short_names, steps

_MAX_EDGES = 60
_LABEL_LIMIT = 60
_PLAIN = frozenset(" ./-_@:(),→")  # with letters and digits: what a label may hold as it is
_CUT_STYLE = "stroke:#c62828,stroke-width:2px,stroke-dasharray:5 4"
_RING_STYLE = "stroke-width:3px"

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Link:
    """An edge that is drawn."""

    source: str
    target: str
    weight: int
    is_cut: bool
    in_ring: bool


def render(report: Report, view: View) -> str:
    """Renders the knots that stand, worst first, as far as 60 edges go; comments say what was left out."""
    knots = report.standing()
    lines = ["flowchart LR"]
    links: list[_Link] = []
    n_shown = 0
    for number, knot in enumerate(knots):
        chosen = _chosen(knot)[: _MAX_EDGES - len(links)]
        if not chosen:
            break
        lines += _subgraph(number, knot, chosen)
        links += _links(number, knot, chosen)
        n_shown += 1
    lines += [_line(link) for link in links]
    lines += _styles(links)
    if not knots:
        lines.append('  none["no rings"]')
    if n_shown < len(knots):
        lines.append(f"  %% left out: {count(len(knots) - n_shown, 'further knot')}")
    return "\n".join(lines) + "\n"


def _chosen(knot: Knot) -> list[Pair]:
    """The edges of the knot, those that matter first: the tightest ring, the cut, the rest."""
    edges = edge_by_pair(knot)
    ring = list(steps(knot.cycles[0])) if knot.cycles else []
    cut = [pair for cut in knot.cuts[:1] for pair in cut.edges if pair in edges]
    return list(dict.fromkeys([*ring, *cut, *edges]))


def _subgraph(number: int, knot: Knot, chosen: Sequence[Pair]) -> list[str]:
    names = short_names(knot.nodes)
    shown = sorted({node for pair in chosen for node in pair})
    n_left_out = len(edge_by_pair(knot)) - len(chosen)
    return [
        f'  subgraph k{number}["{_label(f"{knot.verdict}: {knot.title}")}"]',
        *(f'    k{number}n{node}["{_label(names[node])}"]' for node in shown),
        *([f"    %% left out: {count(n_left_out, 'edge')} and what only they touch"] if n_left_out else []),
        "  end",
    ]


def _links(number: int, knot: Knot, chosen: Sequence[Pair]) -> list[_Link]:
    edges = edge_by_pair(knot)
    cut = {pair for cut in knot.cuts[:1] for pair in cut.edges}
    ring = set(steps(knot.cycles[0])) if knot.cycles else set()
    return [
        _Link(f"k{number}n{pair[0]}", f"k{number}n{pair[1]}", edges[pair].weight, pair in cut, pair in ring)
        for pair in chosen
    ]


def _line(link: _Link) -> str:
    arrow = "-.->" if link.is_cut else "-->"
    said = f"cut, cost {link.weight}" if link.is_cut else str(link.weight) if link.weight > 1 else ""
    return f"  {link.source} {arrow}{f'|{said}|' if said else ''} {link.target}"


def _styles(links: Sequence[_Link]) -> list[str]:
    """One `linkStyle` for all cut edges, one for the rest of the tightest rings; links count in order of appearance."""
    cut = [str(index) for index, link in enumerate(links) if link.is_cut]
    ring = [str(index) for index, link in enumerate(links) if link.in_ring and not link.is_cut]
    styles = ((cut, _CUT_STYLE), (ring, _RING_STYLE))
    return [f"  linkStyle {','.join(indices)} {style}" for indices, style in styles if indices]


def _label(text: str) -> str:
    """Fit for a quoted label: all but plain characters as Mermaid's `#code;`, so that nothing ends the quote early."""
    text = printable(text, _LABEL_LIMIT) or "-"
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in text)
