"""Rings between plugins: `goknot plugin rings`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from goknot import __version__
from goknot.analyses.cuts import minimum_cut
from goknot.analyses.plugins.open_rings import INIT, NEEDED, RUN, SYMBOL, PluginEdge, PluginRing, plugin_rings
from goknot.app.plugins import expand
from goknot.errors import GoknotError, UsageError
from goknot.inputs.plugin_calls import CodeCalls
from goknot.inputs.plugins import Reader
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Evidence, Knot, KnotEdge, KnotNode, Place
from goknot.model.plugin_calls import Opener
from goknot.model.plugins import PluginSet
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports.words import count

_REGISTRY = (
    "registry-in-host",
    "Let no initialiser open a plugin. Let the host open all of them, each register what it offers with the host, and "
    "the host connect them once all are open.",
)
_INTERFACE = (
    "interface-layer",
    "Put what both use into a package of the host (an interface and a registry): neither opens the other then.",
)
_MOVE_BY_KIND = {
    "plugin-symbol-ring": (
        "shared-library",
        "Move the C functions that both use into a library of their own that both need, or into the host.",
    ),
    "plugin-needed-ring": (
        "drop-needed",
        "Link no plugin against another: it is loaded with it, but Go never initialises it. Let the host open both.",
    ),
}

_REASON_BY_KIND = {
    "plugin-symbol-ring": "The loader binds all symbols of a plugin before it is open. Whichever is opened first lacks "
    "what only the other defines: undefined symbol, and both fail.",
    "plugin-needed-ring": "The loader maps the plugins that a plugin needs along with it, and Go takes in only one of "
    "them: the others are never initialised, and opening them says that they are loaded already.",
}


class _Files:
    """The plugins named, what their code opens, and what could not be read."""

    def __init__(self, host: str, names: Sequence[str]) -> None:
        self.problems: list[Problem] = []
        self.openers: list[Opener] = []
        done = self._inits(host)
        for name in names:
            opener = self._read(name, done)
            self.openers.append(opener if opener is not None else Opener(name, "", ()))
        self.names = [opener.plugin_path or Path(opener.name).name for opener in self.openers]
        self._by_real = {os.path.realpath(opener.name): at for at, opener in enumerate(self.openers)}

    def _inits(self, host: str) -> frozenset[str]:
        """Initialisers that have run when plugins are opened."""
        if not host:
            return frozenset()
        return CodeCalls(host).inits()

    def _read(self, name: str, done: frozenset[str]) -> Opener | None:
        try:
            return CodeCalls(name).read(done)
        except GoknotError as unreadable:
            what = unreadable.what.removeprefix(f"{name}: ")
            self.problems.append(Problem(name, what, "what it opens is not known"))
            return None

    def edges(self) -> Iterator[PluginEdge]:
        """What opens what."""
        for source, opener in enumerate(self.openers):
            for call in opener.calls:
                target, is_exact = self._target(call.path)
                if target < 0:
                    self._note(opener, call.path, call.chain[-1], in_init=call.in_init)
                    continue
                kind = INIT if call.in_init else RUN
                yield PluginEdge(source, target, kind, call.is_certain and is_exact, call.chain, call.lookups)

    def _target(self, path: str | None) -> tuple[int, bool]:
        """(the plugin that a constant names, by its path or else its file name alone, or -1; whether that is sure)."""
        if path is None:
            return -1, False
        real = os.path.realpath(path)
        if real in self._by_real:
            return self._by_real[real], True
        alike = [at for at, opener in enumerate(self.openers) if Path(opener.name).name == Path(path).name]
        return (alike[0], True) if len(alike) == 1 else (-1, False)

    def _note(self, opener: Opener, path: str | None, seen: Evidence, *, in_init: bool) -> None:
        when = "while it is initialised" if in_init else "at run time"
        place = f"{seen.file}:{seen.line}" if seen.line else seen.text
        if path is None:
            what = f"{place}: opens {when} what is no constant"
        else:
            what = f"{place}: opens {path} {when}, which is none of the plugins given"
        self.problems.append(Problem(opener.name, what, "a ring through it is not seen"))


def rings_of(host: str, given: list[str]) -> Report:
    """The report of `goknot plugin rings`.

    Args:
        host: The host's file.
        given: Plugins, and folders of them.

    Raises:
        UsageError: No plugin is named.
        InputError: The host cannot be read.
    """
    names = list(expand(given))
    if not names:
        raise UsageError("there are no plugins to look at", "goknot plugin rings HOST PLUGIN...")
    files = _Files(host, names)
    edges = [*files.edges(), *_needs(Reader().read(host, names))]
    knots = [_knot(files, ring) for ring in plugin_rings(files.names, edges)]
    n_by_kind = {kind: sum(edge.kind == kind for edge in edges) for kind in (INIT, RUN, NEEDED, SYMBOL)}
    return Report(
        version=__version__,
        inputs=(ReportInput("binary", host), *(ReportInput("plugin", name) for name in names)),
        knots=tuple(sorted(knots, key=lambda knot: knot.order)),
        problems=tuple(sorted(set(files.problems))),
        stats={
            "plugins": len(names),
            "opens_in_init": n_by_kind[INIT], "opens_at_run_time": n_by_kind[RUN],
            "needs": n_by_kind[NEEDED] + n_by_kind[SYMBOL],
            "knots": len(knots), "new": len(knots), "known": 0, "fixed": 0,
        },
        complete=not files.problems,
    )  # fmt: skip


def _needs(files: PluginSet) -> Iterator[PluginEdge]:
    """Which plugin's file needs another's: by DT_NEEDED, and by C symbols that nothing else defines."""
    plugin_of = {plugin.library: at for at, plugin in enumerate(files.plugins) if plugin.library >= 0}
    by_name = {Path(plugin.name).name: at for at, plugin in enumerate(files.plugins) if plugin.library >= 0}
    elsewhere: set[bytes] = set()
    for at, library in enumerate(files.libraries):
        if at not in plugin_of and library.image is not None:
            elsewhere |= library.image.defined.keys()
    for at, source in plugin_of.items():
        library = files.libraries[at]
        for name, needed in library.needs:
            found = plugin_of.get(
                needed, by_name.get(Path(name).name, -1)
            )  # where it is looked for is the host's affair
            if found >= 0:
                yield PluginEdge(source, found, NEEDED, True, (Evidence(library.path, text=f"DT_NEEDED {name}"),))
        if library.image is None:
            continue
        missing = {w.name for w in library.image.wanted if not w.here and not w.weak} - elsewhere
        for other, target in plugin_of.items():
            image = files.libraries[other].image
            names = missing & image.defined.keys() if image is not None and other != at else set()
            if names:
                texts = tuple(sorted(name.decode("utf-8", "replace") for name in names))
                yield PluginEdge(
                    source, target, SYMBOL, True, (Evidence(library.path, text=", ".join(texts[:5])),), texts
                )


def _knot(files: _Files, ring: PluginRing) -> Knot:
    index = {node: at for at, node in enumerate(ring.nodes)}
    nodes = tuple(
        KnotNode(files.names[node], "plugin", files.names[node], files.openers[node].name) for node in ring.nodes
    )
    edges = tuple(
        KnotEdge(index[edge.source], index[edge.target], edge.kind, symbols=edge.names, evidence=edge.evidence)
        for edge in ring.edges
    )
    first = next((edge.evidence[0] for edge in ring.edges if edge.evidence), None)
    move, how = _MOVE_BY_KIND.get(ring.kind, _REGISTRY if ring.verdict is Verdict.BREAKS_LOAD else _INTERFACE)
    proof = minimum_cut(len(nodes), {(edge.source, edge.target): 1 for edge in edges})
    return Knot(
        id=fingerprint(Level.PLUGIN, ring.kind, (ring.verdict, *(node.key for node in nodes))),
        level=Level.PLUGIN,
        kind=ring.kind,
        verdict=ring.verdict,
        confidence=ring.confidence,
        reason=_reason(ring),
        title=_title(ring, [node.name for node in nodes]),
        nodes=nodes,
        edges=edges,
        cycles=tuple(tuple(index[node] for node in cycle) for cycle in ring.cycles),
        cuts=(Cut(proof.edges, proof.cost, proof.lower_bound, move, how),),
        where=Place(first.file, first.line) if first is not None else None,
    )


def _title(ring: PluginRing, names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} opens itself" + ("" if ring.verdict is Verdict.COUPLES else " while it is initialised")
    who = " and ".join(names) if len(names) == 2 else count(len(names), "plugin")
    does = {
        "plugin-symbol-ring": "need C symbols of each other",
        "plugin-needed-ring": "are linked against each other",
    }.get(ring.kind, "open each other" + ("" if ring.verdict is Verdict.COUPLES else " while they are initialised"))
    return f"{who} {does}"


def _reason(ring: PluginRing) -> str:
    alone = len(ring.nodes) == 1
    if ring.kind != "plugin-open-ring":
        return _REASON_BY_KIND[ring.kind]
    if ring.verdict is Verdict.COUPLES:
        who = "It opens itself" if alone else "They open each other"
        rest = "" if alone else " Neither can be built, tested or replaced alone, and Go never unloads them."
        return f"{who} at run time, when what is opened is ready: that works.{rest}"
    waits = "the initialiser waits for that" if alone else "each initialiser waits for the other"
    text = (
        f"plugin.Open waits until a plugin that is being opened is initialised, and {waits}: the program hangs for "
        "ever, without a word (Go does not see such a deadlock)."
    )
    if ring.confidence is Confidence.POSSIBLE:
        text += " A condition stands before at least one of the calls, so it need not come to that."
    return text
