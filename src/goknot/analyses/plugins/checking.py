"""Every plugin of a set, in order: what Open does, what is hazardous, why, and what mends it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from goknot.analyses.plugins.causes import explain
from goknot.analyses.plugins.failures import why_it_fails
from goknot.analyses.plugins.hazards import hazards_of, patch_hazard
from goknot.analyses.plugins.opening import Opening
from goknot.model.plugins import Hazard, PluginFile, PluginOutcome, PluginSet

_HASH = b"go:link.pkghash."
ANY_NAME = "*"  # the host looks up a name that is not known here
_DEADLY = ("fatal", "crash", "hang")


def check(files: PluginSet, expected: Collection[str] = ()) -> tuple[PluginOutcome, ...]:
    """What becomes of each plugin.

    Args:
        files: The host and its plugins, in order.
        expected: Names that the host looks up in each; `ANY_NAME` for one or more of any name.
    """
    if files.host.opener == "none":
        return tuple(_no_opener(plugin) for plugin in files.plugins)
    opening = Opening.of(files)
    found: list[PluginOutcome] = []
    killer = ""
    for plugin in files.plugins:
        before = opening.copied()
        outcome = _explained(files, plugin, _read_or_unknown(opening, plugin))
        if outcome.outcome == "opens":
            outcome = replace(outcome, hazards=_of_opened(opening, files, plugin, outcome, expected))
        if killer:
            text = f"not reached: {killer} ends the host first; checked as if that one were left out"
            outcome = replace(outcome, hazards=(Hazard("not-reached", text), *outcome.hazards))
        if outcome.outcome in _DEADLY:
            killer, opening = killer or plugin.name, before
        found.append(outcome)
    return tuple(found)


def hashes_of(files: PluginSet) -> dict[str, bytes]:
    """Package -> hash, of every package that the host holds."""
    process = Opening.of(files).process
    library = files.host.library
    return {
        name[len(_HASH) :].decode("utf-8", "backslashreplace"): process.string(process.base(library) + addr)
        for name, addr in process.image(library).defined.items()
        if name.startswith(_HASH)
    }


def _read_or_unknown(opening: Opening, plugin: PluginFile) -> PluginOutcome:
    if plugin.problem:
        return PluginOutcome(plugin.name, "unknown", why=f"goknot cannot read it: {plugin.problem}")
    return opening.open(plugin)


def _of_opened(
    opening: Opening, files: PluginSet, plugin: PluginFile, outcome: PluginOutcome, expected: Collection[str]
) -> tuple[Hazard, ...]:
    found = [*outcome.hazards, *patch_hazard(files.host.build, plugin.build)]
    if not files.host.partial:
        found += hazards_of(opening.process, plugin)
    exports = set(opening.exports(plugin))
    missing = sorted(set(expected) - exports - {ANY_NAME})
    if ANY_NAME in expected and not exports:
        found.append(Hazard("missing-export", "exports nothing that a host could look up", (ANY_NAME,)))
    if missing:
        text = f"exports no {', '.join(missing)}, which the host looks up"
        found.append(Hazard("missing-export", text, tuple(missing)))
    return tuple(found)


def _no_opener(plugin: PluginFile) -> PluginOutcome:
    return PluginOutcome(
        plugin.name,
        "unknown",
        why="the host does not import package plugin, so it opens none",
        fix="name the program that calls plugin.Open",
    )


def _explained(files: PluginSet, plugin: PluginFile, outcome: PluginOutcome) -> PluginOutcome:
    if outcome.outcome == "opens" or outcome.why:
        return outcome
    if outcome.packages:
        why, fix = explain(files, outcome, plugin.build)
    else:
        why, fix = why_it_fails(files, plugin, outcome)
    return replace(outcome, why=why, fix=fix)
