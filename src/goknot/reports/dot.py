"""The rings as Graphviz source: a cluster for each knot, the tightest ring bold, the cut dashed and red."""

from __future__ import annotations

from goknot.model.knot import Knot, KnotEdge
from goknot.model.report import Report
from goknot.reports.view import View
from goknot.reports.words import count, edge_by_pair, loudness, place, printable, short_names, steps

_LABEL_LIMIT = 80
_TOOLTIP_LINES = 10
_COLOR = {"error": "#c62828", "warning": "#b26a00", "note": "#455a64"}

_HEAD = """digraph goknot {
  graph [rankdir=LR, fontname="Helvetica", labeljust=l, ranksep=0.8, style=rounded];
  node [shape=box, style="rounded,filled", fillcolor="#f5f7fa", color="#5f6b7a", fontname="Helvetica"];
  edge [color="#5f6b7a", fontname="Helvetica", fontsize=10];
"""


def render(report: Report, view: View) -> str:
    """Renders every knot that stands; without one, an empty graph."""
    return _HEAD + "".join(_cluster(index, knot) for index, knot in enumerate(report.standing())) + "}\n"


def _cluster(index: int, knot: Knot) -> str:
    names = short_names(knot.nodes)
    cut = {pair for cut in knot.cuts[:1] for pair in cut.edges}
    ring = set(steps(knot.cycles[0])) if knot.cycles else set()
    lines = [
        f"  subgraph cluster_{index} {{",
        f'    color="{_COLOR[loudness(knot)]}";',
        f"    label={_quoted(f'{knot.verdict}  {knot.title}  {knot.id}', 200)};",
        f"    tooltip={_quoted(knot.reason, 600)};",
    ]
    for number, (node, name) in enumerate(zip(knot.nodes, names, strict=True)):
        lines.append(f"    k{index}n{number} [label={_quoted(name)}, tooltip={_quoted(node.name, 400)}];")
    for pair, edge in edge_by_pair(knot).items():
        attributes = _attributes(edge, is_cut=pair in cut, in_ring=pair in ring)
        lines.append(f"    k{index}n{pair[0]} -> k{index}n{pair[1]} [{attributes}];")
    return "\n".join([*lines, "  }\n"])


def _attributes(edge: KnotEdge, *, is_cut: bool, in_ring: bool) -> str:
    attributes = {"tooltip": _tooltip(edge), "weight": "2" if in_ring else "1"}
    if edge.weight > 1:
        attributes["label"] = f'"{edge.weight}"'
    if in_ring:
        attributes["penwidth"] = "2.2"
    if is_cut:
        # the rest is acyclic, so it alone decides who stands left of whom
        attributes |= {"color": '"#c62828"', "fontcolor": '"#c62828"', "style": "dashed", "constraint": "false"}
    elif edge.kind == "test-import":
        attributes["style"] = "dotted"
    return ", ".join(f"{name}={value}" for name, value in attributes.items())


def _tooltip(edge: KnotEdge) -> str:
    lines = [f"{place(seen)}  {printable(seen.text, 120)}".rstrip() for seen in edge.evidence[:_TOOLTIP_LINES]]
    if edge.n_imports > len(lines) and lines:
        lines.append(f"and {edge.n_imports - len(lines):,} more")
    if edge.symbols:
        lines.append(f"uses {count(len(edge.symbols), 'symbol')}: {', '.join(edge.symbols[:8])}")
    lines += [edge.note] if edge.note else []
    return '"' + "\\n".join(_escaped(line, 300) for line in lines or [edge.kind]) + '"'


def _quoted(text: str, limit: int = _LABEL_LIMIT) -> str:
    return f'"{_escaped(text, limit)}"'


def _escaped(text: str, limit: int) -> str:
    """Fit for a quoted string: backslashes are escapes to Graphviz and `&` begins an HTML entity."""
    return printable(text, limit).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
