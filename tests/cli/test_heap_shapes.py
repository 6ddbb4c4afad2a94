"""`goknot heap` on constructed heaps: every planted shape with its counts, sizes and verdict; nothing harmless is lost.

What is to be expected comes from what the program says of itself, and, for sizes, from brute force over Go's own dump.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.builds import build
from support.naive import predecessors, reachable, retained, rings_of
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.formats.heapdump import read_heap_dump
from goknot.formats.heapdump_graph import heap_graph
from goknot.formats.heapdump_runtime import find_runtime

if TYPE_CHECKING:
    from support.images import HeapImage, ImageMaker

NEWEST = QUICK_VERSIONS[-1]
BUILDS: list[Any] = [(version, {}) for version in QUICK_VERSIONS]
BUILDS += [(NEWEST, {"stripped": True})]
BUILDS += [pytest.param(v, {}, marks=pytest.mark.slow) for v in VERSIONS if v not in QUICK_VERSIONS]
BUILDS += [pytest.param(v, {"stripped": True}, marks=pytest.mark.slow) for v in VERSIONS[:-1]]
BUILDS += [
    pytest.param(NEWEST, {"pie": True}, marks=pytest.mark.slow),
    pytest.param(NEWEST, {"cgo": True}, marks=pytest.mark.slow),
    pytest.param("1.25.5", {"experiment": "greenteagc"}, marks=pytest.mark.slow),
]
SPECIAL_KINDS = {"finalizer": "finalizer-in-ring", "cleanup": "cleanup-holds-object", "weak-map": "weak-map-ring"}
# Knots that lead over a special, not over objects alone: told apart, by their own words.
OVER_SPECIALS = {"finalizer-closure", "cleanup-no-ring", "weak-map"}
# These keep what a cleanup or a weak handle of theirs holds, too; Go's dump has neither, so brute force finds less.
WITH_CLEANUPS = {"cleanup-arg", "cleanup-closure", "cleanup-reachable", "unique"}
MAX_CLEANUP_BYTES = 96  # its closure, argument and record; a unique value's indirections


@dataclass(frozen=True)
class Size:
    """What a knot says of its size."""

    instances: int = 0
    objects: int = 0
    own_bytes: int = 0
    retained_bytes: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(
            self.instances + other.instances,
            self.objects + other.objects,
            self.own_bytes + other.own_bytes,
            self.retained_bytes + other.retained_bytes,
        )


def said_by(taken: HeapImage, options: dict[str, Any]) -> dict[str, Any]:
    """What the program says; with the race detector, sync.Pool drops some of what it is given, at random."""
    if not options.get("race"):
        return taken.said
    return taken.said | {"plants": [plant for plant in taken.said["plants"] if plant["holder"] != "pool"]}


class Brute:
    """Go's own dump, by the plainest means; the runtime's own objects lead nowhere, what they lead to is rooted."""

    def __init__(self, path: Path) -> None:
        dump = read_heap_dump(str(path))
        graph = heap_graph(dump)
        own = find_runtime(dump, graph)
        cut = {*own.goroutines, *own.sudogs, *own.threads, *own.processors, *own.timers, *own.lists}
        start, target = graph.edge_start.tolist(), graph.edge_target.tolist()
        rows = [target[start[n] : start[n + 1]] for n in range(len(start) - 1)]
        self.roots = {*graph.roots.target_by_root.tolist(), *(t for one in cut for t in rows[one])}
        self.rows = [[] if n in cut else row for n, row in enumerate(rows)]
        self.back = predecessors(self.rows)
        self.n_bytes = graph.bytes_by_object.tolist()
        self.addrs = graph.addr_by_object.tolist()
        self.finalized = {int(n) for n in graph.finalizer_object.tolist() if n >= 0}
        self.rings = rings_of(self.rows)
        self.ring_by_object = {n: index for index, ring in enumerate(self.rings) for n in ring}
        self.by_addr = {addr: n for n, addr in enumerate(self.addrs)}

    def object_at(self, addr: int) -> int:
        """The object that begins at `addr`, or a malloc header before."""
        return self.by_addr.get(addr, self.by_addr.get(addr - 8, -1))

    def size(self, ring: int) -> Size:
        """What one ring weighs."""
        members = self.rings[ring]
        gone = retained(self.rows, self.back, self.roots, members)
        own = sum(self.n_bytes[n] for n in members)
        return Size(1, len(members), own, sum(self.n_bytes[n] for n in gone))


def report(target: str, *arguments: str) -> dict[str, Any]:
    """What the command says, as JSON."""
    command = [sys.executable, "-m", "goknot", "heap", target, "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 3), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def size_of(knot: dict[str, Any]) -> Size:
    heap = knot["heap"]
    return Size(heap["instances"], heap["objects"], heap["bytes"], heap["retained_bytes"])


def example_addrs(knot: dict[str, Any]) -> list[int]:
    return [int(step["address"], 16) for step in knot["heap"].get("example", []) if "address" in step]


def plain_kind(knot: dict[str, Any]) -> str:
    """A knot's kind; those that are told apart by a member's type count as what they are besides."""
    kind: str = knot["kind"]
    return {"cgo-handle-ring": "heap-ring", "pin-never-unpinned": "finalizer-in-ring"}.get(kind, kind)


def kind_of(plant: dict[str, Any]) -> tuple[str, str]:
    """(kind, verdict) of a plant's knot."""
    return SPECIAL_KINDS.get(plant["why"], "heap-ring"), plant["verdict"]


def planted_rings(brute: Brute, plants: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """(plant, its ring of objects) of all that have one; checks that it is the ring the program planted."""
    found = []
    for plant in plants:
        if not plant["ring"] or plant["shape"] in OVER_SPECIALS:
            continue
        members = {brute.object_at(int(t["addr"], 16)) for t in plant["objects"] if t["role"] == "ring"}
        rings = {brute.ring_by_object.get(member) for member in members}
        assert len(rings) == 1, plant["shape"]
        ring = rings.pop()
        assert ring is not None, plant["shape"]
        n = len(brute.rings[ring])
        assert n == plant["ring"] if plant["ring"] > 0 else n >= plant["ring_min"], plant["shape"]
        found.append((plant, ring))
    return found


def check_planted(knots: list[dict[str, Any]], said: dict[str, Any], brute: Brute, *, names: bool = True) -> None:
    """Every planted ring of objects, by what its knots add up to.

    Without names (`names`), rings of other kinds look like planted ones: what is kept alive may then be more.
    """
    planted = planted_rings(brute, said["plants"])
    plant_by_ring = {ring: plant for plant, ring in planted}

    def key_of(plant: dict[str, Any]) -> tuple[str, str, bool]:
        with_cleanups = plant["shape"] in WITH_CLEANUPS and (names or plant["verdict"] == "never-freed")
        return *kind_of(plant), with_cleanups

    expected: dict[tuple[str, str, bool], Size] = defaultdict(Size)
    for plant, ring in planted:
        expected[key_of(plant)] += brute.size(ring)
    found: dict[tuple[str, str, bool], Size] = defaultdict(Size)
    for knot in knots:
        rings = {brute.ring_by_object.get(brute.object_at(addr)) for addr in example_addrs(knot)}
        if len(rings) == 1 and (ring := rings.pop()) in plant_by_ring:
            plant = plant_by_ring[ring]
            kind = plain_kind(knot), knot["verdict"]
            assert knot["kind"] != "pin-never-unpinned" or plant["shape"] == "pinner"
            assert kind == kind_of(plant), plant["shape"]
            found[key_of(plant)] += size_of(knot)
            if knot["verdict"] == "never-freed":
                assert knot["confidence"] == ("certain" if plant["holder"] == "special" else "likely")
    assert found.keys() == expected.keys()
    for key, size in expected.items():
        got = found[key]
        if key[2]:
            assert 0 <= got.retained_bytes - size.retained_bytes <= MAX_CLEANUP_BYTES * got.instances, key
            got = replace(got, retained_bytes=size.retained_bytes)
        if not names and key[1] == "kept-alive":
            assert (got.instances, got.objects) >= (size.instances, size.objects), key
            continue
        assert got == size, key


def check_over_specials(knots: list[dict[str, Any]], said: dict[str, Any], *, names: bool = True) -> None:
    """Knots that lead over a finalizer, a cleanup or a weak handle.

    A map that a variable holds has no type where the executable names no variables: its weak keys are not seen then.
    """
    plants = [p for p in said["plants"] if p["shape"] in OVER_SPECIALS and (names or p["shape"] != "weak-map")]
    at = {int(t["addr"], 16): plant for plant in plants for t in plant["objects"]}
    found: Counter[tuple[str, str]] = Counter()
    for knot in knots:
        shapes = {at[addr]["shape"] for addr in example_addrs(knot) if addr in at}
        for shape in shapes:
            found[shape, knot["kind"]] += knot["heap"]["instances"]
            assert knot["verdict"] == "never-freed"
    expected = Counter((plant["shape"], SPECIAL_KINDS[plant["why"]]) for plant in plants)
    assert found == expected


def check_goroutines(knots: list[dict[str, Any]], said: dict[str, Any]) -> None:
    """All that are leaked, and no others."""
    leaked = Counter(g["function"] for g in said["goroutines"] if g["leaked"])
    goids = {g["goid"] for g in said["goroutines"] if g["leaked"]}
    found: Counter[str] = Counter()
    for knot in knots:
        if knot["kind"] == "goroutine-blocked":
            found[knot["nodes"][0]["name"].removeprefix("goroutine in ")] += knot["heap"]["instances"]
            assert not set(knot["heap"]["goroutines"]) & {g["goid"] for g in said["goroutines"] if not g["leaked"]}
            goids -= set(knot["heap"]["goroutines"])
    assert not goids
    other_half = found.pop("main.leakPairOther")  # started by leakPair, not by the list of shapes
    assert other_half == leaked["main.leakPair"]
    assert found == leaked


def check_harmless(knots: list[dict[str, Any]], said: dict[str, Any]) -> None:
    """Nothing that Go frees or that a root holds is called never freed."""
    harmless = {
        int(t["addr"], 16): plant["shape"]
        for plant in said["plants"]
        for t in plant["objects"]
        if plant["verdict"] != "never-freed"
    }
    payloads = {int(g["payload"], 16): g["shape"] for g in said["goroutines"] if not g["leaked"]}
    for knot in knots:
        if knot["verdict"] == "never-freed":
            steps = set(example_addrs(knot))
            assert not {harmless[addr] for addr in steps & harmless.keys()}, knot["title"]
            assert not {payloads[addr] for addr in steps & payloads.keys()}, knot["title"]


@pytest.mark.parametrize(("version", "options"), BUILDS)
def test_planted_shapes_in_a_core(version: str, options: dict[str, Any], heap_image: ImageMaker) -> None:
    taken = heap_image(version, **options)
    found = report(str(taken.core), "--exe", str(taken.exe))
    brute, said = Brute(taken.dump), said_by(taken, options)
    check_planted(found["knots"], said, brute, names="stripped" not in options)
    check_over_specials(found["knots"], said, names="stripped" not in options)
    check_goroutines(found["knots"], said)
    check_harmless(found["knots"], said)


@pytest.mark.parametrize(
    "version", [*QUICK_VERSIONS, *(pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS[1:-1])]
)
def test_planted_shapes_in_a_live_process(version: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    with running(build("heap_shapes", version), ["-dump", str(dump)], folder=tmp_path) as program:
        found = report(str(program.pid))
    brute = Brute(dump)
    check_planted(found["knots"], program.said, brute)
    check_over_specials(found["knots"], program.said)
    check_goroutines(found["knots"], program.said)
    check_harmless(found["knots"], program.said)


@pytest.mark.parametrize(("version", "options"), BUILDS)
def test_planted_shapes_in_a_heap_dump(version: str, options: dict[str, Any], heap_image: ImageMaker) -> None:
    """All that finalizers keep and all that is collected; a dump has no cleanups and no weak handles."""
    taken = heap_image(version, **options)
    brute = Brute(taken.dump)
    kept = {t for n in brute.finalized for t in brute.rows[n]}
    live = reachable(brute.rows, {*brute.roots, *kept})
    expected: dict[str, Size] = defaultdict(Size)
    for index, ring in enumerate(brute.rings):
        if ring & brute.finalized:
            expected["finalizer-in-ring"] += brute.size(index)
        elif not ring & live:
            expected["collected"] += brute.size(index)
    said = said_by(taken, options)
    planted_rings(brute, said["plants"])
    for arguments in ([], ["--exe", str(taken.exe)]):
        knots = report(str(taken.dump), *arguments)["knots"]
        found: dict[str, Size] = defaultdict(Size)
        for knot in knots:
            over_special = any(step["kind"] == "special" for step in knot["heap"]["example"])
            if plain_kind(knot) == "finalizer-in-ring" and not over_special:
                found["finalizer-in-ring"] += size_of(knot)
            elif knot["verdict"] == "collected":
                found["collected"] += size_of(knot)
        assert dict(found) == dict(expected)
        assert not [knot for knot in knots if knot["kind"] == "goroutine-blocked"]
        over = [k for k in knots if any(step["kind"] == "special" for step in k["heap"]["example"])]
        assert sum(k["heap"]["instances"] for k in over) == said["n"]  # finalizer-closure
        check_harmless(knots, said)
