"""Rings of opens against a naive plugin.Open, and what is known of paths and lookups."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goknot.analyses.plugins.ring_edges import UNMATCHED, open_edges
from goknot.analyses.plugins.ring_knots import ring_knots
from goknot.model.knot import Evidence
from goknot.model.plugin_rings import PluginCall, PluginMember
from goknot.model.verdict import Confidence, Verdict


def call(
    path: str, *, in_init: bool = True, certain: bool = True, caller: str = "p.init", symbols: tuple[str, ...] = ()
):
    return PluginCall(caller, path, Evidence("a.go", 3, 2), in_init, certain, symbols)


def member(name: str, *calls: PluginCall, **more: object) -> PluginMember:
    return PluginMember(f"x/{name}", f"{name}.so", f"/plugins/{name}.so", calls, **more)  # type: ignore[arg-type]


def hangs(targets: list[set[int]], start: int) -> bool:
    """plugin.Open as it is: waits for a plugin that is being opened."""
    opening, done = set(), set()

    def opens(plugin: int) -> bool:
        if plugin in opening:
            return False
        if plugin not in done:
            opening.add(plugin)
            if not all(opens(target) for target in sorted(targets[plugin])):
                return False
            opening.discard(plugin)
            done.add(plugin)
        return True

    return not opens(start)


@given(st.lists(st.sets(st.integers(0, 5), max_size=3), min_size=6, max_size=6))
def test_a_plugin_hangs_if_and_only_if_it_leads_into_a_ring(targets: list[set[int]]) -> None:
    members = [member(str(i), *(call(f"/plugins/{t}.so") for t in sorted(found))) for i, found in enumerate(targets)]
    knots = ring_knots(members)
    assert {k.confidence for k in knots} <= {Confidence.CERTAIN}
    in_ring = {int(node.name[2:]) for knot in knots for node in knot.nodes}
    for start in range(6):
        reached, queue = {start}, [start]
        for at in queue:
            fresh = targets[at] - reached
            reached |= fresh
            queue += sorted(fresh)
        assert hangs(targets, start) == bool(reached & in_ring)


@given(st.permutations(range(4)))
def test_the_order_of_the_files_leaves_no_trace(order: list[int]) -> None:
    members = [member(str(i), call(f"/plugins/{(i + 1) % 4}.so")) for i in range(4)]
    expected = ring_knots(members)
    assert ring_knots([members[i] for i in order]) == expected


def test_how_a_path_is_matched() -> None:
    members = [
        PluginMember("a", "a.so", "/srv/one/a.so"),
        PluginMember("b", "b.so", "/srv/two/b.so"),
        PluginMember("b2", "b.so", "/srv/three/b.so"),
        PluginMember("m", "m.so", "/srv/m.so", tuple(
            call(path) for path in ("/srv/one/a.so", "./a.so", "../one/a.so", "other/a.so", "b.so", "two/b.so", "c.so")
        )),
    ]  # fmt: skip
    found = [(e.target, e.exact) for e in open_edges(members)]
    none = (UNMATCHED, False)
    assert found == [(0, True), (0, False), (0, False), (0, False), none, (1, False), none]


def test_an_init_that_may_call_what_it_looked_up_may_hang() -> None:
    looks_up = member("a", call("/plugins/b.so", symbols=("Start",)))
    back = call("/plugins/a.so", in_init=False, certain=False, caller="x/b.Start")
    (knot,) = ring_knots([looks_up, member("b", back)])
    assert (knot.kind, knot.confidence, knot.verdict) == ("plugin-open-ring", Confidence.POSSIBLE, Verdict.BREAKS_LOAD)
    other = call("/plugins/a.so", in_init=False, certain=False, caller="x/b.Stop")
    (knot,) = ring_knots([looks_up, member("b", other)])
    assert (knot.kind, knot.verdict) == ("plugin-mutual-open", Verdict.COUPLES)


def test_c_symbols_one_way_are_no_ring() -> None:
    wants = member("a", wants_c=frozenset({"f"}))
    gives = member("b", defines_c=frozenset({"f", "g"}))
    assert ring_knots([wants, gives]) == []
    both = member("b", defines_c=frozenset({"f"}), wants_c=frozenset({"h"}))
    (knot,) = ring_knots([member("a", wants_c=frozenset({"f"}), defines_c=frozenset({"h"})), both])
    assert [edge.symbols for edge in knot.edges] == [("f",), ("h",)]
