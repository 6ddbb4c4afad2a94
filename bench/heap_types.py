"""How many live objects of a core get a type, from whom, and what the largest groups without one look like.

python bench/heap_types.py CORE [EXE [TRUTH]]

TRUTH is EXE with symbols and DWARF, where EXE was made of it by `objcopy --strip-all`: both fit the core, and each name
that both give is compared.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict

import numpy as np

from goknot.analyses.heap.holders import find_holders
from goknot.analyses.heap.tiers import Tier
from goknot.goruntime.fields import fields_of
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.opening import open_core
from goknot.goruntime.types_seeds import NamedBy

N_GROUPS = 25


def main() -> None:
    """Prints shares, times and the unnamed groups."""
    start = time.perf_counter()
    image = open_core(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    opened = time.perf_counter()
    named = heap_graph(image)
    types, graph = named.types, named.graph
    named_at = time.perf_counter()
    live = find_holders(graph).tier_by_object != Tier.GARBAGE
    scanned = live & (image.object_noscan == 0)
    print(f"{image.version}: {image.n_objects:,} objects, {image.n_edges:,} edges, {int(live.sum()):,} live")
    print(f"opened {opened - start:.2f} s, graph with names {named_at - opened:.2f} s")
    for label, weights in (("objects", None), ("bytes", image.object_bytes[scanned])):
        counts = np.bincount(types.named_by_object[scanned], weights, minlength=len(NamedBy))
        parts = [f"{by.name.lower()} {counts[by] / max(1, counts.sum()):.2%}" for by in NamedBy]
        print(f"live with pointers, {label}: {int(counts.sum()):,}: {', '.join(parts)}")
    every = int(image.object_bytes[live].sum())
    print(f"all live bytes named: {image.object_bytes[live & (types.type_by_object >= 0)].sum() / every:.2%}")
    if len(sys.argv) > 3:
        _compare(named, image, scanned, sys.argv[3])
    edges = np.arange(image.n_edges, dtype=np.int64)
    begin = time.perf_counter()
    fields = fields_of(image, types, named.flow, edges)
    known = (fields.label_by_edge >= 0).mean()
    print(f"fields of {len(edges):,} edges {time.perf_counter() - begin:.2f} s, {known:.2%}")
    _unnamed(named, image, scanned, fields)


def _compare(named, image, scanned, truth: str) -> None:  # type: ignore[no-untyped-def]
    other = heap_graph(open_core(sys.argv[1], truth)).types
    ours, theirs = named.types.type_by_object, other.type_by_object
    both, known = (ours >= 0) & (theirs >= 0), theirs[scanned] >= 0
    same = np.array([[a == b for b in other.names] for a in named.types.names], np.bool_)[ours[both], theirs[both]]
    print(f"with DWARF {known.mean():.2%} of live objects with pointers; {int(both.sum()):,} objects compared")
    differing = np.flatnonzero(both)[~same]
    pairs: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for thing in differing.tolist():
        by = NamedBy(int(named.types.named_by_object[thing])).name.lower()
        pairs[by, named.types.names[ours[thing]], other.names[theirs[thing]]].append(thing)
    print(f"{len(differing):,} named otherwise")
    for (by, own, said), things in sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:N_GROUPS]:
        print(f"{len(things):7,} x {int(image.object_bytes[things[0]]):>6}  {own} ({by}) and with DWARF {said}")


def _unnamed(named, image, scanned, fields) -> None:  # type: ignore[no-untyped-def]
    types = named.types
    missing = scanned & (types.type_by_object < 0)
    source = np.repeat(np.arange(image.n_objects), np.diff(image.edge_start))
    off, delta = types.places.off, types.places.delta
    into = np.flatnonzero(missing[image.edge_target])
    holders: dict[int, set[str]] = defaultdict(set)
    for edge in into[:400_000].tolist():
        kind = int(types.type_by_object[source[edge]])
        name = types.names[kind] if kind >= 0 else f"? {image.object_bytes[source[edge]]}"
        label = fields.label_by_edge[edge]
        at = fields.names[label] if label >= 0 else f"+{off[edge]}"
        holders[int(image.edge_target[edge])].add(f"{name}.{at} (+{delta[edge]})")
    owner = np.repeat(np.arange(len(image.roots.roots)), np.diff(image.roots.target_start))
    for index in np.flatnonzero(missing[image.roots.target_object]).tolist():
        root = image.roots.roots[int(owner[index])]
        holders[int(image.roots.target_object[index])].add(f"root {root.place.name} {root.name}")
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for thing in np.flatnonzero(missing).tolist():
        groups[str(int(image.object_bytes[thing])), *sorted(holders.get(thing, ()))[:4]].append(thing)
    print(f"{int(missing.sum()):,} unnamed in {len(groups):,} groups")
    for key, members in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[:N_GROUPS]:
        first = members[0]
        words = image.space.words(int(image.object_addr[first]), min(6, int(image.object_bytes[first]) // 8))
        example = " ".join(f"{word:x}" for word in words.tolist())
        print(f"{len(members):7,} x {key[0]:>6}  held by {list(key[1:])}  e.g. {example}")


if __name__ == "__main__":
    main()
