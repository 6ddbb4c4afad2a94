"""Findings and go/types: what to ask about each edge, and what the answers do to the confidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from goknot.model.confirmation import NO_ANSWER, Answer, AnswerState, Question, Target
from goknot.model.knot import Knot, KnotEdge, KnotNode
from goknot.model.leakfacts import Spot
from goknot.model.verdict import Confidence

_FINALIZER, _CLEANUP, _HANDLE = "runtime.SetFinalizer", "runtime.AddCleanup", "runtime/cgo.NewHandle"
_DERIVED = ("Cancel", "CancelCause", "Deadline", "DeadlineCause", "Timeout", "TimeoutCause", "Value")
_CONTEXTS = (*(f"context.With{what}" for what in _DERIVED), "os/signal.NotifyContext")
_TIMERS = ("time.AfterFunc", "context.AfterFunc")
_FUNCTIONS = frozenset({"closure", "method-value", "function"})
# a finding of which go/types can settle why it is no more than likely -> the call that decides it
_SETTLED = {"finalizer-in-ring": _FINALIZER, "cleanup-holds-object": _CLEANUP, "cgo-handle-ring": _HANDLE}
_TABLES = "registered-never-removed"
_MADE = re.compile(r"(?P<where>.+):(?P<kind>[a-z-]+):(?P<detail>.*)", re.DOTALL)
_LEAD = {AnswerState.CONFIRMED: "", AnswerState.REFUTED: "refuted, ", AnswerState.UNKNOWN: "cannot tell, "}
_BY_NAME = (("map[", "map"), ("[]", "slice"), ("chan ", "chan"), ("func", "function"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about one finding.

    Attributes:
        edges: One for each edge; None: the edge says nothing that types can tell.
        place: About the line to open first; None if an edge stands there.
        flow: Whether every pointer is stored whenever that line is reached; None if the finding needs no answer.
    """

    edges: tuple[Question | None, ...]
    place: Question | None
    flow: Question | None

    def all(self) -> list[Question]:
        """Every question."""
        return [question for question in (*self.edges, self.place, self.flow) if question is not None]


def ask(knot: Knot) -> Asked | None:
    """What to ask about a finding; None about notes, which claim nothing."""
    if knot.confidence is Confidence.NOTE:
        return None
    edges = tuple(_of_edge(knot, edge) for edge in knot.edges)
    place = None
    where = Spot(knot.where.file, knot.where.line, knot.where.column) if knot.where else None
    if knot.kind == "finalizer-in-ring" and where is not None and where not in {_spot(edge) for edge in knot.edges}:
        place = Question("call", where, names=(_FINALIZER,), through=True)
    flow = None
    name = _SETTLED.get(knot.kind)
    decides = place is not None or any(edge.kind in {"finalizer", "cleanup", "handle"} for edge in knot.edges)
    if name is not None and decides and where is not None and knot.confidence is Confidence.LIKELY:
        places = tuple(spot for edge in knot.edges if (spot := _spot(edge)) is not None)
        flow = Question("flow", where, names=(name,), places=places, target=target_of(_subject(knot)))
    return Asked(edges, place, flow)


def target_of(node: KnotNode) -> Target:
    """What go/types should find of a node."""
    spot = Spot(node.file, node.line, 1)
    made = _MADE.fullmatch(node.key)
    if made is not None:
        kind = made["kind"]
        if kind in _FUNCTIONS:
            return Target("function", made["detail"] if kind == "method-value" else "", spot=spot)
        for start, its_kind in _BY_NAME:
            if node.name.startswith(start):
                return Target(its_kind, spot=spot)
        return Target()
    path, dot, name = node.key.partition("·")[0].partition("[")[0].rpartition(".")
    if not dot or node.kind != "object" or not name.isidentifier() or node.key.startswith(("finalizer:", "cleanup:")):
        return Target()
    return Target("type", name, "" if path == "." else path, spot)  # a dot: the root of the module


def confirm(knot: Knot, asked: Asked, answers: Mapping[Question, Answer], go: str) -> tuple[Knot, AnswerState]:
    """The finding with what go/types says of it as evidence, and with the confidence that this leaves.

    An edge that is refuted makes it a note. If all are confirmed it becomes surer only where that answers the doubt: a
    likely ring, when every pointer is stored whenever the finalizer (or its like) is set. How often something is
    registered, or that a select may take another case, is no doubt that types answer.
    """
    found = [answers.get(question, NO_ANSWER) if question else None for question in asked.edges]
    place = answers.get(asked.place, NO_ANSWER) if asked.place else None
    given = [answer for answer in (*found, place) if answer is not None]
    edges = tuple(_with_note(edge, answer) for edge, answer in zip(knot.edges, found, strict=True))
    knot = replace(knot, edges=edges)
    refuted = next((answer for answer in given if answer.state is AnswerState.REFUTED), None)
    if refuted is not None:
        said = f"go/types ({go}) refutes it: {refuted.why}."
        return _said(knot, said, Confidence.NOTE), AnswerState.REFUTED
    n_confirmed = sum(answer.state is AnswerState.CONFIRMED for answer in given)
    if given and n_confirmed == len(given):
        return _surer(knot, asked, answers, go), AnswerState.CONFIRMED
    doubt = next((answer.why for answer in given if answer.state is AnswerState.UNKNOWN and answer.why), "")
    if not doubt and not n_confirmed:
        return knot, AnswerState.UNKNOWN
    said = f"go/types ({go}) confirms {n_confirmed} of {len(given)} claims and refutes none"
    return _said(knot, f"{said}{f' ({doubt})' if doubt else ''}.", knot.confidence), AnswerState.UNKNOWN


def _surer(knot: Knot, asked: Asked, answers: Mapping[Question, Answer], go: str) -> Knot:
    said = f"go/types ({go}) confirms every edge"
    if knot.kind == _TABLES and knot.confidence is Confidence.POSSIBLE:
        why = next((answers[question].why for question in asked.edges if question and question.kind == "table"), "")
        return _said(knot, f"{said}{f': {why}' if why else ''}; types do not tell how often.", knot.confidence)
    flow = answers.get(asked.flow, NO_ANSWER) if asked.flow else None
    if flow is None or not flow.why:
        return _said(knot, f"{said}.", knot.confidence)
    if flow.state is AnswerState.CONFIRMED:
        return _said(knot, f"{said}, and {flow.why}.", Confidence.CERTAIN)
    return _said(knot, f"{said}; it stays {knot.confidence}: {flow.why}.", knot.confidence)


def _said(knot: Knot, said: str, confidence: Confidence) -> Knot:
    return replace(knot, reason=f"{knot.reason} {said}", confidence=confidence)


def _with_note(edge: KnotEdge, answer: Answer | None) -> KnotEdge:
    if answer is None or not answer.why:
        return edge
    said = f"go/types: {_LEAD[answer.state]}{answer.why}"
    return replace(edge, note=f"{edge.note}; {said}" if edge.note else said)


def _spot(edge: KnotEdge) -> Spot | None:
    return next((Spot(seen.file, seen.line, seen.column) for seen in edge.evidence), None)


def _subject(knot: Knot) -> KnotNode:
    """The object that has the finalizer or cleanup."""
    ends = (edge.source for edge in knot.edges if edge.kind in {"finalizer", "cleanup"})
    return knot.nodes[next(ends, 0)]


def _of_edge(knot: Knot, edge: KnotEdge) -> Question | None:
    spot = _spot(edge)
    if spot is None:
        return None
    source, target = target_of(knot.nodes[edge.source]), target_of(knot.nodes[edge.target])
    call = _call(edge, spot, source, target)
    return call if call is not None else _of_syntax(knot, edge, spot, target)


def _of_syntax(knot: Knot, edge: KnotEdge, spot: Spot, target: Target) -> Question | None:
    """The question about an edge that a statement or an expression makes."""
    name = edge.field
    found: Question | None = None
    match edge.kind:
        case "field" if knot.kind == _TABLES:
            found = Question("table", spot, name=_variable(knot.nodes[edge.source]))
        case "field" | "capture":
            found = Question(edge.kind, spot, name=name, target=target)
        case "receiver":
            method = target_of(knot.nodes[edge.source]).name
            found = Question("receiver", spot, name=method, target=target) if method else None
        case "goroutine" | "stops":
            found = Question("goroutine", spot, name=name or edge.kind, target=target)
        case "send" | "receive":
            found = Question(edge.kind, spot)
        case "wakes":
            sends = any(other.kind == "send" and other.target == edge.source for other in knot.edges)
            found = Question("made", spot, unbounded=sends)
        case "weak":
            found = Question("weakkey", spot)
    return found


def _call(edge: KnotEdge, spot: Spot, source: Target, target: Target) -> Question | None:
    """The question about an edge that is a call of the runtime's, or of a few packages' beside it."""
    names: tuple[str, ...]
    arguments: list[tuple[int, Target]] = []
    match edge.kind:
        case "finalizer":
            names, arguments = (_FINALIZER,), [(0, source)]
            if target.kind == "function":
                arguments.append((1, target))
        case "cleanup":
            names, arguments = (_CLEANUP,), [(0, source)]
            role = {"the cleanup's function": 1, "the cleanup's argument": 2}.get(edge.note)
            if role is not None:
                arguments.append((role, target))
        case "handle":
            names, arguments = (_HANDLE,), [(0, target)]
        case "pin":
            names, arguments = ("(*runtime.Pinner).Pin",), [(0, target)]
        case "timer":
            names, arguments = _TIMERS, [(1, target)]
        case "context":
            names = _CONTEXTS
        case "pool":
            names, arguments = ("(*sync.Pool).Put",), [(0, target)]
        case _:
            return None
    return Question("call", spot, names=names, arguments=tuple(arguments))


def _variable(node: KnotNode) -> str:
    """The name of the package variable that a node is."""
    made = _MADE.fullmatch(node.key)
    detail = made["detail"] if made else node.name
    return detail.removesuffix(".=").rpartition(".")[2]


def counts(states: Iterable[AnswerState]) -> dict[str, int]:
    """How many findings each state has."""
    found = list(states)
    return {state.value: found.count(state) for state in AnswerState}
