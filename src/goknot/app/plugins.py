"""Checks plugins against a host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from goknot import __version__
from goknot.analyses.plugins.causes import build_command
from goknot.analyses.plugins.checking import ANY_NAME, check, hashes_of
from goknot.errors import InputError, UsageError
from goknot.inputs.plugins import Reader
from goknot.inputs.plugins_lock import lock_text, read_locked
from goknot.model.cut import Cut
from goknot.model.fingerprint import fingerprint
from goknot.model.knot import Knot, KnotEdge, KnotNode, Place
from goknot.model.plugins import BuildFacts, Hazard, HostFile, PluginFile, PluginOutcome, PluginSet
from goknot.model.report import Problem, Report, ReportInput
from goknot.model.verdict import Confidence, Level, Verdict

# host -> what it looks up in its plugins
PROFILES = {
    "krakend": ("HandlerRegisterer", "ClientRegisterer", "ModifierRegisterer"),
    "tyk": (ANY_NAME,),  # the names stand in each API definition
}
_BREAKS = ("error", "fatal", "crash", "hang")


def check_plugins(host: str, names: list[str], *, lock: bool, symbols: str, root: str, library_path: str) -> Report:
    """The report of `goknot plugin check`.

    Args:
        host: The host's file, or a lock file if `lock` is set.
        names: Plugins and folders of them.
        lock: Whether `host` is a lock file.
        symbols: A profile, or names with commas between.
        root: What stands for `/` when libraries are looked for.
        library_path: LD_LIBRARY_PATH of the host.
    """
    plugins = list(expand(names))
    reader = Reader(root, tuple(filter(None, library_path.split(":"))))
    files = read_locked(reader, host, plugins) if lock else reader.read(host, plugins)
    wanted = expected_names(symbols)
    outcomes = check(files, wanted)
    if symbols == "krakend":
        outcomes = tuple(_any_of(outcome, wanted) for outcome in outcomes)
    return report_outcomes(files, outcomes)


def lock_of(host: str) -> str:
    """The lock file of a host: what a plugin's author must match.

    Raises:
        InputError: It is no Go program that opens plugins.
    """
    files = Reader().read(host, [])
    hashes = hashes_of(files)
    if files.host.opener != "plugin" or not hashes:
        raise InputError(host, "opens no plugins", "a host imports package plugin and is built with cgo")
    return lock_text(files.host.build, hashes)


def writes_lock(names: Sequence[str]) -> bool:
    """Whether a lock is to be written: one file is given, and it is a host."""
    if len(names) != 1 or Path(names[0]).is_dir():
        return False
    build = Reader().host(names[0]) if _is_elf(names[0]) else None
    return build is not None and build.build.settings.get("-buildmode") != "plugin"


def _is_elf(name: str) -> bool:
    try:
        with Path(name).open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError as failed:
        raise InputError(name, f"cannot be read: {failed.strerror}") from failed


def build_line(host: str) -> str:
    """The command that builds a plugin for a host."""
    return build_command(Reader().read(host, []).host.build, BuildFacts())


def expected_names(symbols: str) -> tuple[str, ...]:
    """The names that a profile stands for, or those given."""
    return PROFILES[symbols] if symbols in PROFILES else tuple(filter(None, (n.strip() for n in symbols.split(","))))


def expand(names: list[str]) -> Iterator[str]:
    """Files, and the plugins of folders in the order of their names, as filepath.Glob and os.ReadDir give them.

    Raises:
        UsageError: A folder holds no plugins.
    """
    for name in names:
        folder = Path(name)
        if not folder.is_dir() or name.endswith(".so"):
            yield name
            continue
        try:
            inside = sorted(
                (entry for entry in folder.iterdir() if entry.suffix == ".so"),
                key=lambda e: e.name.encode("utf-8", "surrogateescape"),
            )
        except OSError as failed:
            raise InputError(name, f"cannot be read: {failed.strerror}") from failed
        if not inside:
            raise UsageError(f"{name}: holds no plugins (*.so)")
        yield from map(str, inside)


def report_outcomes(files: PluginSet, outcomes: tuple[PluginOutcome, ...]) -> Report:
    """The report of what was found."""
    pairs = list(zip(files.plugins, outcomes, strict=True))
    knots: dict[str, Knot] = {}
    for plugin, outcome in pairs:
        for knot in _knots(files.host, plugin, outcome):
            knots.setdefault(knot.id, knot)
    problems = _problems(files, outcomes)
    return Report(
        version=__version__,
        inputs=(
            ReportInput("binary", files.host.path, {"go": files.host.build.go}),
            *(ReportInput("plugin", p.name, {"go": p.build.go} if p.build.go else {}) for p in files.plugins),
        ),
        knots=tuple(sorted(knots.values(), key=lambda knot: knot.order)),
        problems=problems,
        stats={
            "plugins": len(outcomes),
            "opens": sum(outcome.outcome == "opens" for outcome in outcomes),
            "hazards": sum(len(outcome.hazards) for outcome in outcomes),
            "knots": len(knots), "new": len(knots), "known": 0, "fixed": 0,
        },
        complete=not any(outcome.outcome == "unknown" for outcome in outcomes),
        plugins=outcomes,
    )  # fmt: skip


def _problems(files: PluginSet, outcomes: tuple[PluginOutcome, ...]) -> tuple[Problem, ...]:
    found = [Problem(o.path, o.why, "whether it opens is not known") for o in outcomes if o.outcome == "unknown"]
    if files.host.partial:
        effect = "missing libraries, C symbols and bindings into failed plugins are not checked"
        found.append(Problem(files.host.path, "is a lock, not the host's binary", effect))
    return tuple(sorted(set(found)))


def _any_of(outcome: PluginOutcome, names: tuple[str, ...]) -> PluginOutcome:
    """A host that takes a plugin with any one of the names."""
    kept = tuple(h for h in outcome.hazards if h.kind != "missing-export" or len(h.names) == len(names))
    return replace(outcome, hazards=kept)


def _knots(host: HostFile, plugin: PluginFile, outcome: PluginOutcome) -> Iterator[Knot]:
    name = plugin.build.package or Path(plugin.name).name
    if outcome.outcome in _BREAKS:
        kind = "plugin-mismatch" if outcome.packages else "plugin-load-failure"
        nodes = [
            _node(name, "plugin", plugin.name),
            _node(host.build.package or Path(host.path).name, "host", host.path),
        ]
        if outcome.package:
            nodes.append(KnotNode(outcome.package, "package", outcome.package))
        title = f"{name} {_fails(outcome)}"
        yield _knot(
            kind, Verdict.BREAKS_LOAD, title, outcome.why, nodes=tuple(nodes), how=outcome.fix, file=plugin.name
        )
    for hazard in outcome.hazards:
        if hazard.kind in ("lost-root", "c-symbol", "poisoned", "missing-export", "not-initialised"):
            yield _of_hazard(name, plugin, hazard)


def _fails(outcome: PluginOutcome) -> str:
    if outcome.package:
        return f"will not open: different version of package {outcome.package}"
    return {"error": "will not open", "hang": "hangs the host"}.get(outcome.outcome, "ends the host")


def _of_hazard(name: str, plugin: PluginFile, hazard: Hazard) -> Knot:
    kind, verdict, how = {
        "lost-root": ("plugin-lost-root", Verdict.FREED_IN_USE, "open no plugin after one that failed: start anew"),
        "poisoned": ("plugin-poisoned", Verdict.COUPLES, "open no plugin after one that failed: start anew"),
        "c-symbol": ("plugin-c-symbol", Verdict.COUPLES, "make the function static, or rename it"),
        "missing-export": ("plugin-missing-export", Verdict.BREAKS_LOAD, "export what the host looks up"),
        "not-initialised": (
            "plugin-not-initialised", Verdict.COUPLES, "do not link plugins against each other: use Lookup"
        ),
    }[hazard.kind]  # fmt: skip
    nodes = (_node(name, "plugin", plugin.name), *(KnotNode(n, "symbol", n) for n in hazard.names[:20]))
    return _knot(kind, verdict, f"{name}: {hazard.kind}", hazard.text, nodes=nodes, how=how, file=plugin.name)


def _node(name: str, kind: str, file: str) -> KnotNode:
    return KnotNode(name, kind, f"{kind}:{name}:{Path(file).name}", file)


def _knot(
    kind: str, verdict: Verdict, title: str, reason: str, *, nodes: tuple[KnotNode, ...], how: str, file: str
) -> Knot:
    edges = tuple(
        KnotEdge(0, index, "binds" if node.kind == "symbol" else "opened-by" if node.kind == "host" else "needs")
        for index, node in enumerate(nodes)
        if index
    )
    return Knot(
        id=fingerprint(Level.PLUGIN, kind, (node.key for node in nodes)),
        level=Level.PLUGIN,
        kind=kind,
        verdict=verdict,
        confidence=Confidence.CERTAIN if verdict is Verdict.BREAKS_LOAD else Confidence.LIKELY,
        reason=reason,
        title=title,
        nodes=nodes,
        edges=edges,
        cycles=(),
        cuts=(Cut(((edges[0].source, edges[0].target),), 1, 1, "rebuild", how),) if edges else (),
        where=Place(file),
    )
