"""A knot as reports/json.py writes it, read back."""

from __future__ import annotations

from goknot.errors import InputError
from goknot.inputs.reportfile.members import Members
from goknot.model.chain import ChainStep, KnotLink
from goknot.model.cut import Cut
from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.verdict import BaselineState, Confidence, Level, Verdict


def read_knot(one: Members) -> Knot:
    """A knot.

    Raises:
        InputError: A member is missing, of the wrong kind, or names a node that is not there.
    """
    nodes = tuple(
        KnotNode(n.text("name"), n.text("kind"), n.text("key"), n.text("file", ""), n.number("line", 0))
        for n in one.members("nodes")
    )
    n_nodes = len(nodes)
    edges = tuple(_edge(edge, n_nodes) for edge in one.members("edges"))
    where, heap = one.given_member("where"), one.given_member("heap")
    return Knot(
        id=one.text("id"),
        level=one.chosen("level", Level),
        kind=one.text("kind"),
        verdict=one.chosen("verdict", Verdict),
        confidence=one.chosen("confidence", Confidence),
        reason=one.text("reason"),
        title=one.text("title"),
        nodes=nodes,
        edges=edges,
        cycles=one.rows("cycles", below=n_nodes),
        cuts=tuple(_cut(cut, n_nodes) for cut in one.members("cuts")),
        where=Place(where.text("file"), where.number("line", 0), where.number("column", 0)) if where else None,
        platforms=one.texts("platforms"),
        baseline=one.chosen("baseline", BaselineState),
        causes=_pairs(one, "causes", n_nodes),
        heap=_heap(heap) if heap is not None else None,
        links=tuple(KnotLink(link.text("id"), link.text("why")) for link in one.members("links", needed=False)),
        chain=tuple(_chain_step(step) for step in one.members("chain", needed=False)),
    )


def _edge(one: Members, n_nodes: int) -> KnotEdge:
    source, target = one.number("from"), one.number("to")
    if not (0 <= source < n_nodes and 0 <= target < n_nodes):
        raise InputError(one.file, f"{one.place} names a node that is not there")
    return KnotEdge(
        source=source,
        target=target,
        kind=one.text("kind"),
        weight=one.number("weight"),
        n_imports=one.number("n_imports"),
        symbols=one.texts("symbols"),
        evidence=tuple(
            Evidence(e.text("file"), e.number("line", 0), e.number("column", 0), e.text("text", ""))
            for e in one.members("evidence", needed=False)
        ),
        platforms=one.texts("platforms"),
        note=one.text("note", ""),
        field=one.text("field", ""),
        offset=one.number("offset", -1),
    )


def _cut(one: Members, n_nodes: int) -> Cut:
    return Cut(
        edges=_pairs(one, "edges", n_nodes),
        cost=one.number("cost"),
        lower_bound=one.number("lower_bound"),
        move=one.text("move"),
        how=one.text("how"),
        steps=tuple((step.text("move"), step.text("how")) for step in one.members("steps", needed=False)),
    )


def _pairs(one: Members, name: str, n_nodes: int) -> tuple[tuple[int, int], ...]:
    return tuple((source, target) for source, target in one.rows(name, 2, below=n_nodes))


def _heap(one: Members) -> HeapSize:
    return HeapSize(
        instances=one.number("instances"),
        objects=one.number("objects"),
        bytes=one.number("bytes"),
        retained_bytes=one.number("retained_bytes"),
        example=tuple(_step(step) for step in one.members("example", needed=False)),
        path_to_root=tuple(_step(step) for step in one.members("path_to_root", needed=False)),
        holders=tuple((h.text("name"), h.number("instances")) for h in one.members("holders", needed=False)),
        goroutines=one.whole_numbers("goroutines"),
    )


def _step(one: Members) -> HeapStep:
    address, field = one.address("address"), one.text("field", "")
    return HeapStep(one.text("name"), one.text("kind"), address, field, one.number("offset", -1))


def _chain_step(one: Members) -> ChainStep:
    place = (one.text("file", ""), one.number("line", 0))
    return ChainStep(one.text("level"), one.text("name"), *place, one.text("text", ""), one.text("note", ""))
