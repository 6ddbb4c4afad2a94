"""Groups of rings as knots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from goknot.analyses.heap.groups import Link, RingGroup
from goknot.analyses.heap.holders import HolderKind, edge_between
from goknot.analyses.heap.special_rings import SpecialGroup, SpecialStep
from goknot.analyses.heap.verdicts import CONFIDENCE_BY_REASON, VERDICT_BY_REASON, Reason
from goknot.analyses.heap.weak_rings import WeakGroup
from goknot.app.heap.steps import cycle_steps, holder_name, object_step, path_steps
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.wording import (
    KIND_BY_REASON,
    MOVE,
    OF_PLUGIN,
    PIN_KIND,
    PIN_MOVE,
    PIN_REASON,
    PINNER,
    PLAIN_KIND,
    REASON,
    STILL_HELD,
)
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import HeapSize, HeapStep, Knot, KnotEdge, KnotNode
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports.words import count

_MAP_PART = re.compile(r" \([a-z ]+\)$")  # `map[string]int (group)`: memory behind a map
_MAX_KEY_LINKS = 16  # a ring of more kinds of pointers is rarely the same twice: told by its tightest cycle


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a knot is made of."""

    reason: Reason
    links: tuple[Link, ...]
    steps: tuple[HeapStep, ...]
    size: HeapSize
    title: str
    special: str = ""
    plugin: str = ""  # whose variable holds it, or one of several


def ring_knot(study: HeapStudy, group: RingGroup) -> Knot:
    """Rings of objects that look alike."""
    example = group.example
    steps = cycle_steps(study.heap, example.cycle, example.cycle_edges)
    path = path_steps(study.heap, study.holders.path(example.cycle[0]))
    n_each = group.n_objects // group.n_instances
    freed = VERDICT_BY_REASON[group.reason] is Verdict.COLLECTED
    size = HeapSize(
        group.n_instances,
        group.n_objects,
        group.own_bytes,
        group.retained_bytes,
        steps,
        path,
        _holders(study, group),
    )
    each = "each " if group.n_objects == n_each * group.n_instances and group.n_instances > 1 else ""
    members = (
        count(n_each, "object") if each or group.n_instances == 1 else f"{count(group.n_objects, 'object')} in all"
    )
    what = f"{_types(group.links, steps)}: {count(group.n_instances, 'ring')} of {members}"
    kept = f", {count(group.retained_bytes, 'byte')} {'to be freed' if freed else 'kept'}"
    special = study.heap.special_name(example.special) if example.special >= 0 else ""
    roots = (study.heap.roots[number] for kind, number, _ in group.holders if kind is HolderKind.ROOT)
    plugin = next((root.module for root in roots if root.module), "")
    return _knot(_Facts(group.reason, group.links, steps, size, what + kept, special, plugin))


def special_knot(study: HeapStudy, group: SpecialGroup) -> Knot:
    """Finalizers or cleanups whose own words reach their object."""
    heap = study.heap
    steps = tuple(_special_step(study, step, after) for step, after in _pairs(group.cycle))
    special = next(heap.special_name(step.id) for step in group.cycle if step.is_special)
    first = next(step.id for step in group.cycle if not step.is_special)
    own = int(heap.graph.bytes_by_object[list(group.objects)].sum())
    n = group.n_instances
    size = HeapSize(
        n,
        len(group.objects) * n,
        own * n,
        group.retained_bytes * n,
        steps,
        path_steps(heap, study.holders.path(first)),
    )
    title = f"{_types(group.links, steps)}: {count(n, 'object')} whose {special} holds the object itself"
    return _knot(_Facts(group.reason, group.links, steps, size, title, special))


def weak_knot(study: HeapStudy, group: WeakGroup) -> Knot:
    """Weakly keyed maps that keep their own keys alive."""
    heap = study.heap
    onward = [*(edge for _, edge in group.path), -1]
    objects = [group.storage, *(number for number, _ in group.path)]
    steps = tuple(object_step(heap, number, edge) for number, edge in zip(objects, onward, strict=True))
    n = len(group.keys)
    own = int(heap.graph.bytes_by_object[list(group.keys)].sum())
    size = HeapSize(n, n, own, group.retained_bytes, steps, path_steps(heap, study.holders.path(group.storage)))
    names = [step.name for step in steps]
    links = [Link(a, step.field, b) for a, step, b in zip(names, steps, names[1:], strict=False)]
    links.append(Link(names[-1], "weak handle", names[0]))
    title = f"{group.map_type}: {count(n, 'weak key')} of type {group.key_type} kept by the map's own values"
    return _knot(_Facts(Reason.WEAK_KEY, tuple(sorted(set(links))), steps, size, title))


def _knot(facts: _Facts) -> Knot:
    reason, steps, size, special = facts.reason, facts.steps, facts.size, facts.special
    nodes, edges = _nodes_and_edges(facts.links, steps)
    is_pin = special.startswith(PINNER)
    kind = PIN_KIND if is_pin else KIND_BY_REASON.get(reason, PLAIN_KIND)
    first = size.path_to_root[0].name if size.path_to_root else "a root"
    name, n_held = size.holders[0] if size.holders else (first, size.instances)
    holder = f"{name} ({n_held:,} of {size.instances:,})" if n_held < size.instances else name
    words = {
        "special": special or "finalizer or cleanup",
        "holder": holder,
        "kind": special.split(" ", maxsplit=1)[0],
        "let_go": f"see to it that {holder} ends or drops it"
        if name.startswith("goroutine ")
        else f"remove it from {holder}",
    }
    text = PIN_REASON if is_pin else REASON[reason].format(**words)
    if facts.plugin and reason is Reason.ROOT:
        text += OF_PLUGIN.format(plugin=facts.plugin)
    still_held = special and VERDICT_BY_REASON[reason] is Verdict.NEVER_FREED and _is_rooted(size)
    confidence = CONFIDENCE_BY_REASON[reason]
    if still_held:
        text += STILL_HELD.format(**words)
        confidence = Confidence.LIKELY
    move = PIN_MOVE if is_pin else MOVE.get(reason)
    return Knot(
        id=fingerprint(Level.HEAP, kind, (reason.name, *_key(facts.links, steps))),
        level=Level.HEAP,
        kind=kind,
        verdict=VERDICT_BY_REASON[reason],
        confidence=confidence,
        reason=text,
        title=facts.title,
        nodes=nodes,
        edges=edges,
        cycles=_cycles(nodes, edges, steps),
        cuts=(Cut((), 0, 0, move[0], move[1].format(**words)),) if move else (),
        heap=size,
    )


def _holders(study: HeapStudy, group: RingGroup) -> tuple[tuple[str, int], ...]:
    """By name: every ring may have a special of its own."""
    n_by_name: dict[str, int] = {}
    for kind, number, n in group.holders:
        name = holder_name(study.heap, kind, number)
        n_by_name[name] = n_by_name.get(name, 0) + n
    return tuple(n_by_name.items())


def _is_rooted(size: HeapSize) -> bool:
    return bool(size.path_to_root) and size.path_to_root[0].kind == "root"


def _key(links: Sequence[Link], steps: Sequence[HeapStep]) -> tuple[str, ...]:
    if len(links) <= _MAX_KEY_LINKS:
        return tuple(f"{link.source}.{link.field}->{link.target}" for link in links)
    return ("tightest", *sorted({f"{step.name}.{step.field}" for step in steps}))


def _nodes_and_edges(
    links: Sequence[Link], steps: Sequence[HeapStep]
) -> tuple[tuple[KnotNode, ...], tuple[KnotEdge, ...]]:
    names = sorted({name for link in links for name in (link.source, link.target)})
    index = {name: number for number, name in enumerate(names)}
    off = {(step.name, step.field): step.offset for step in steps}
    fields: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        fields.setdefault((index[link.source], index[link.target]), []).append(link)
    nodes = tuple(KnotNode(name, "type", name) for name in names)
    edges = tuple(
        KnotEdge(
            source,
            target,
            "field",
            weight=len(between),
            symbols=tuple(sorted({link.field for link in between if link.field})),
            field=between[0].field,
            offset=off.get((between[0].source, between[0].field), -1),
        )
        for (source, target), between in sorted(fields.items())
    )
    return nodes, edges


def _cycles(
    nodes: Sequence[KnotNode], edges: Sequence[KnotEdge], steps: Sequence[HeapStep]
) -> tuple[tuple[int, ...], ...]:
    """The example's cycle by types; where a type comes twice, the tightest walk from it back to itself."""
    index = {node.name: number for number, node in enumerate(nodes)}
    walk = [index[step.name] for step in steps if step.name in index]
    if len(walk) != len(steps) or not walk:
        return ()
    best = walk
    for length in range(1, len(walk)):
        starts = [at for at in range(len(walk)) if walk[at] == walk[(at + length) % len(walk)]]
        if starts:
            best = [walk[(starts[0] + step) % len(walk)] for step in range(length)]
            break
    pairs = {(edge.source, edge.target) for edge in edges}
    if any(pair not in pairs for pair in zip(best, [*best[1:], best[0]], strict=True)):
        return ()
    least = best.index(min(best))
    return ((*best[least:], *best[:least]),)


def _special_step(study: HeapStudy, step: SpecialStep, after: SpecialStep) -> HeapStep:
    if step.is_special:
        return HeapStep(study.heap.special_name(step.id).split(" ")[0], "special")
    if after.is_special:
        return object_step(study.heap, step.id)
    return object_step(study.heap, step.id, edge_between(study.graph, step.id, after.id))


def _pairs(cycle: Sequence[SpecialStep]) -> zip[tuple[SpecialStep, SpecialStep]]:
    return zip(cycle, (*cycle[1:], cycle[0]), strict=True)


def _types(links: Sequence[Link], steps: Sequence[HeapStep]) -> str:
    """The types of the tightest cycle, each once, and how many more there are."""
    objects = [step.name for step in steps if step.kind == "object"]
    names = list(dict.fromkeys(name for name in objects if not _MAP_PART.search(name)) or dict.fromkeys(objects))
    others = {name for link in links for name in (link.source, link.target)} - {step.name for step in steps}
    n_more = sum(not _MAP_PART.search(name) for name in others)
    more = n_more + max(0, len(names) - 3)
    return ", ".join(names[:3]) + (f" and {more} more" if more else "")
