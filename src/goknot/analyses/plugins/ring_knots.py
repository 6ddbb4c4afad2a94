"""Rings between plugins as knots: what each does when the host runs, how sure that is, and how to cut it.

What plugin.Open does: plugin/plugin_dlopen.go, `open`. It waits for a plugin that is still being opened (`<-p.loaded`),
so an initialiser that waits for its own plugin waits for ever; the runtime never says so, as the host has threads in C.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from goknot.analyses.knots import Finding, knot_of_ring, members
from goknot.analyses.moves import Move
from goknot.analyses.plugins.ring_edges import UNMATCHED, OpenEdge, c_edges, open_edges
from goknot.analyses.rings import find_rings
from goknot.model.graph import Graph
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode
from goknot.model.plugin_rings import PluginMember
from goknot.model.ring import Ring
from goknot.model.verdict import Confidence, Level, Verdict

MAX_EVIDENCE = 20
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Words:
    kind: str
    verdict: Verdict
    confidence: Confidence
    title: str
    reason: str


def ring_knots(plugins: Sequence[PluginMember]) -> list[Knot]:
    """Every ring between plugins, worst first."""
    opens = [edge for edge in open_edges(plugins) if edge.target != UNMATCHED]
    found = [*_open_knots(plugins, opens), *_c_knots(plugins), *_needed_knots(plugins)]
    return sorted(found, key=lambda knot: knot.order)


def _rings(plugins: Sequence[PluginMember], pairs: Collection[Pair]) -> tuple[Ring, ...]:
    return find_rings(Graph.from_edges([plugin.name for plugin in plugins], pairs))


def _open_knots(plugins: Sequence[PluginMember], opens: Sequence[OpenEdge]) -> list[Knot]:
    in_init = [edge for edge in opens if edge.call.in_init]
    hangs = _rings(plugins, {(e.source, e.target) for e in in_init})
    knots = [_knot(plugins, ring, _edges(ring, in_init), _hang(plugins, ring, in_init)) for ring in hangs]
    hung = {ring.nodes for ring in hangs}
    for ring in _rings(plugins, {(e.source, e.target) for e in opens}):
        if ring.nodes not in hung:
            knots.append(_knot(plugins, ring, _edges(ring, opens), _at_run_time(plugins, ring)))
    return knots


def _hang(plugins: Sequence[PluginMember], ring: Ring, edges: Sequence[OpenEdge]) -> _Words:
    names = _names(plugins, ring)
    inside = [e for e in edges if e.source in ring.nodes and e.target in ring.nodes]
    sure = _rings(plugins, {(e.source, e.target) for e in inside if e.call.certain})
    exact = _rings(plugins, {(e.source, e.target) for e in inside if e.call.certain and e.exact})
    may = "" if sure else "may "
    alone = len(ring.nodes) == 1
    what = f"{may}open{'s' if alone and not may else ''} {'itself' if alone else 'each other'} while being opened"
    reason = (
        f"plugin.Open {'may never return' if may else 'never returns'}: an init waits for a plugin whose own init "
        "waits for it, and Go does not report a deadlock."
        if not alone
        else f"plugin.Open {'may never return' if may else 'never returns'}: its init waits for itself to be done, and "
        "Go does not report a deadlock."
    )
    confidence = Confidence.CERTAIN if exact else Confidence.LIKELY if sure else Confidence.POSSIBLE
    if may:
        reason += " A condition, a value not known or a call through a variable decides whether it comes to that."
    elif not exact:
        reason += " Its paths are relative: it comes to that where the host finds these files by them."
    broken = [plugins[node] for node in ring.nodes if plugins[node].fails]
    if broken:
        confidence = Confidence.POSSIBLE
        reason += f" As things stand {broken[0].name} does not open at all: {broken[0].fails}"
    return _Words("plugin-open-ring", Verdict.BREAKS_LOAD, confidence, f"{names} {what}", reason)


def _at_run_time(plugins: Sequence[PluginMember], ring: Ring) -> _Words:
    names = _names(plugins, ring)
    if len(ring.nodes) == 1:
        reason = "Harmless: by the time the call runs, the plugin is open, and Open returns it."
        return _Words("plugin-mutual-open", Verdict.COLLECTED, Confidence.LIKELY, f"{names} opens itself", reason)
    reason = (
        "Harmless at run time: the calls stand in functions that run when both are open, so Open returns what is "
        "there. But neither can be built, tested or replaced without the other."
    )
    title = f"{names} open each other at run time"
    return _Words("plugin-mutual-open", Verdict.COUPLES, Confidence.LIKELY, title, reason)


def _c_knots(plugins: Sequence[PluginMember]) -> list[Knot]:
    rows = {(source, target): names for source, target, names in c_edges(plugins)}
    knots = []
    for ring in _rings(plugins, rows):
        wanted = [rows[pair] for pair in ring.edges]
        reason = (
            "Whichever is opened first fails with `undefined symbol: "
            f"{wanted[0][0]}`, and so does the other: the loader binds all names when it maps a file, and a file that "
            "failed is not there for the next."
        )
        title = f"{_names(plugins, ring)} need C functions of each other"
        words = _Words("plugin-c-ring", Verdict.BREAKS_LOAD, Confidence.CERTAIN, title, reason)
        edges = tuple(
            KnotEdge(
                ring.nodes.index(pair[0]), ring.nodes.index(pair[1]), "c-symbol", len(rows[pair]), symbols=rows[pair],
                evidence=(Evidence(plugins[pair[0]].path, text=f"undefined symbol {rows[pair][0]}"),),
            )
            for pair in ring.edges
        )  # fmt: skip
        knots.append(_knot(plugins, ring, edges, words))
    return knots


def _needed_knots(plugins: Sequence[PluginMember]) -> list[Knot]:
    pairs = {(source, target) for source, plugin in enumerate(plugins) for target in plugin.needed}
    knots = []
    for ring in _rings(plugins, pairs):
        reason = (
            "Opening one maps the others with it: their inits never run, and opening them fails with "
            "`plugin already loaded`."
        )
        title = f"{_names(plugins, ring)} are linked to each other"
        words = _Words("plugin-needed-ring", Verdict.BREAKS_LOAD, Confidence.CERTAIN, title, reason)
        edges = tuple(
            KnotEdge(
                ring.nodes.index(source), ring.nodes.index(target), "needed",
                evidence=(Evidence(plugins[source].path, text=f"DT_NEEDED: {_file(plugins[target])}"),),
            )
            for source, target in ring.edges
        )  # fmt: skip
        knots.append(_knot(plugins, ring, edges, words))
    return knots


def _edges(ring: Ring, opens: Sequence[OpenEdge]) -> tuple[KnotEdge, ...]:
    found = []
    for source, target in ring.edges:
        calls = [e.call for e in opens if (e.source, e.target) == (source, target)]
        places = sorted({call.place for call in calls}, key=lambda p: (p.file, p.line, p.column))
        init = any(call.in_init for call in calls)
        note = "" if not init or any(call.certain for call in calls) else "not in every case"
        found.append(
            KnotEdge(
                source=ring.nodes.index(source),
                target=ring.nodes.index(target),
                kind="open-in-init" if init else "open",
                weight=len(places),
                symbols=tuple(sorted({name for call in calls for name in call.symbols})),
                evidence=tuple(places[:MAX_EVIDENCE]),
                note=note,
            )
        )
    return tuple(found)


def _knot(plugins: Sequence[PluginMember], ring: Ring, edges: tuple[KnotEdge, ...], words: _Words) -> Knot:
    nodes = tuple(
        KnotNode(plugins[n].name, "plugin", f"plugin:{plugins[n].name}:{_file(plugins[n])}", plugins[n].path)
        for n in ring.nodes
    )
    moves = {(nodes[e.source].name, nodes[e.target].name): _move(nodes, e) for e in edges}
    return knot_of_ring(
        Finding(
            level=Level.PLUGIN,
            kind=words.kind,
            verdict=words.verdict,
            reason=words.reason,
            title=words.title,
            nodes=nodes,
            edges=edges,
            move_of=moves,
            confidence=words.confidence,
        )
    )


def _move(nodes: Sequence[KnotNode], edge: KnotEdge) -> Move:
    source, target = (nodes[end].name.rpartition("/")[2] for end in (edge.source, edge.target))
    if edge.kind == "c-symbol":
        how = f"put {', '.join(edge.symbols[:3])} into a C library that both {source} and {target} link to, or the host"
        return Move("shared-c-library", f"{how}.")
    if edge.kind == "needed":
        how = f"link {source} without {target}; let the host open both and hand over what {source} needs."
        return Move("unlink", how)
    if source == target:
        return Move("drop-own-open", f"Drop the call: {source}'s own code reaches its own names without plugin.Open.")
    names = f" ({', '.join(edge.symbols[:3])})" if edge.symbols else ""
    if edge.kind == "open-in-init":
        how = (
            f"Let the host open {target} and register what it offers{names} in a registry of the host's; {source} asks "
            "the registry when it first needs it, not in init."
        )
        return Move("host-registry", how)
    how = (
        f"Declare what {source} needs of {target}{names} as an interface in a package that both import; the host hands "
        "it over."
    )
    return Move("interface-layer", how)


def _names(plugins: Sequence[PluginMember], ring: Ring) -> str:
    return members([plugins[node].name for node in ring.nodes], "plugins")


def _file(plugin: PluginMember) -> str:
    return plugin.real.rpartition("/")[2]
