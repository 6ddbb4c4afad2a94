"""Which plugin opens, needs or calls which: edges between plugins, with what is known of each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from goknot.model.plugin_rings import PluginCall, PluginMember

UNMATCHED = -1


@dataclass(frozen=True, slots=True)
class OpenEdge:
    """A call of plugin.Open and the plugin that it opens.

    Attributes:
        source: Index of the plugin that calls.
        target: Index of the one opened; `UNMATCHED` if it is none of those given.
        exact: Whether the path names that very file wherever the host runs.
    """

    source: int
    target: int
    call: PluginCall
    exact: bool


def open_edges(members: Sequence[PluginMember]) -> list[OpenEdge]:
    """The calls with constant paths; those that an initialiser's lookup makes possible count as run by it."""
    found = []
    for source, member in enumerate(members):
        for call in member.calls:
            if call.path:
                target, exact = _target(members, call.path)
                found.append(OpenEdge(source, target, call, exact))
    return _with_looked_up(found)


def _target(members: Sequence[PluginMember], path: str) -> tuple[int, bool]:
    wanted = posixpath.normpath(path)
    if wanted.startswith("/"):
        for index, member in enumerate(members):
            if member.real == wanted:
                return index, True
    tail = [part for part in wanted.split("/") if part not in ("", ".", "..")]
    for n_parts in range(len(tail), 0, -1):  # what the paths share may be the working folder's part
        ending = "/" + "/".join(tail[-n_parts:])
        hits = [index for index, member in enumerate(members) if f"/{member.real}".endswith(ending)]
        if hits:
            return (hits[0], False) if len(hits) == 1 else (UNMATCHED, False)
    return UNMATCHED, False


def _with_looked_up(edges: list[OpenEdge]) -> list[OpenEdge]:
    """An initialiser that looks a function up may call it: what that function opens may be opened by the initialiser.

    Repeated until nothing changes, for a function looked up may look up others.
    """
    while True:
        looked_up = {(e.target, name) for e in edges if e.call.in_init for name in e.call.symbols}
        grown = [
            replace(e, call=replace(e.call, in_init=True, certain=False))
            if not e.call.in_init and (e.source, _short(e.call.caller)) in looked_up
            else e
            for e in edges
        ]
        if grown == edges:
            return edges
        edges = grown


def _short(function: str) -> str:
    return function.rpartition("/")[2].partition(".")[2]


def c_edges(members: Sequence[PluginMember]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(who wants, who defines, C symbols) between plugins."""
    for source, member in enumerate(members):
        for target, other in enumerate(members):
            names = member.wants_c & other.defines_c
            if source != target and names:
                yield source, target, tuple(sorted(names))
