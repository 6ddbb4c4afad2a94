"""Rings between plugins, from their files and their source."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from goknot import __version__
from goknot.analyses.plugins.checking import check
from goknot.analyses.plugins.ring_edges import UNMATCHED, open_edges
from goknot.analyses.plugins.ring_knots import ring_knots
from goknot.app.plugins import expand
from goknot.errors import GoknotError
from goknot.inputs.plugin_calls import PluginCode
from goknot.inputs.plugin_source.scan import read_source
from goknot.inputs.plugins import Reader
from goknot.model.plugin_rings import PluginCall, PluginMember, SourceCalls, SourcePackage
from goknot.model.plugins import PluginFile, PluginSet
from goknot.model.report import Problem, Report, ReportInput

HASHES = b"go:link.pkghashbytes."
_PACKAGE = re.compile(r"(?:.*/)?[^/.]+")
_NOT_KNOWN = "rings through it are not seen"


def find_plugin_rings(files: Sequence[str], sources: Sequence[str], *, root: str, library_path: str) -> Report:
    """The report of `goknot plugin rings`.

    Args:
        files: The host, then plugins and folders of them; may be empty where there is source.
        sources: Folders of Go source.
        root: What stands for `/` when libraries are looked for.
        library_path: LD_LIBRARY_PATH of the host.

    Raises:
        InputError: The host or a source folder cannot be read.
        UsageError: A folder holds no plugins.
    """
    read = _read(files, root, library_path) if files else None
    shared = _shared(read) if read else frozenset[str]()
    source = read_source(list(sources), shared) if sources else SourceCalls()
    problems = list(source.problems)
    members = _members(read, source, shared, problems) if read else []
    known = {plugin.build.package for plugin in read.plugins} | {read.host.build.package} if read else set()
    members += [_of_source(package) for package in source.packages if package.name not in known]
    members = _with_one_name(members)
    complete = not problems
    for member in members:
        complete = complete and not any(call.in_init and not call.path for call in member.calls)
        problems += _unknown_paths(member)
    return _report(files, read, sources, members, problems, complete=complete)


def _read(files: Sequence[str], root: str, library_path: str) -> PluginSet:
    reader = Reader(root, tuple(filter(None, library_path.split(":"))))
    return reader.read(files[0], list(expand(list(files[1:]))))


def _shared(read: PluginSet) -> frozenset[str]:
    """Packages that the host holds and has initialised."""
    image = read.libraries[read.host.library].image
    names = image.defined if image is not None else {}
    return frozenset(name[len(HASHES) :].decode("utf-8", "replace") for name in names if name.startswith(HASHES))


def _members(
    read: PluginSet, source: SourceCalls, shared: frozenset[str], problems: list[Problem]
) -> list[PluginMember]:
    index_by_library = {plugin.library: index for index, plugin in enumerate(read.plugins) if plugin.library >= 0}
    in_source = {package.name: package for package in source.packages}
    defined = _defined(read, read.host.library)
    found = []
    for plugin in read.plugins:
        unreadable = _unreadable(read, plugin)
        calls: tuple[PluginCall, ...] = ()
        if unreadable:
            problems.append(Problem(plugin.name, unreadable, _NOT_KNOWN))
        else:
            calls = _code_calls(plugin, shared, problems)
        package = in_source.get(plugin.build.package)
        if package is not None:
            calls = merged(package.calls, calls, source.read)
        member = PluginMember(plugin.build.package or Path(plugin.name).name, plugin.name, plugin.real, calls)
        if not unreadable:
            member = _linked(read, plugin, member, index_by_library, defined)
        found.append(member)
    return found


def _unreadable(read: PluginSet, plugin: PluginFile) -> str:
    if not plugin.real:
        return "there is no such file"
    if plugin.truncated:
        return "is truncated"
    if plugin.problem:
        return plugin.problem
    library = read.libraries[plugin.library]
    return library.refused if library.image is None else ""


def _code_calls(plugin: PluginFile, shared: Collection[str], problems: list[Problem]) -> tuple[PluginCall, ...]:
    try:
        return PluginCode(plugin.real).calls(shared)
    except GoknotError as failed:
        problems.append(Problem(plugin.name, failed.what.removeprefix(f"{plugin.real}: "), _NOT_KNOWN))
        return ()


def _defined(read: PluginSet, library: int) -> frozenset[bytes]:
    """What a file and all it is linked to define."""
    seen, queue, names = {library}, [library], set[bytes]()
    for index in queue:
        image = read.libraries[index].image
        names |= set(image.defined) if image is not None else set()
        for _, needed in read.libraries[index].needs:
            if needed >= 0 and needed not in seen:
                seen.add(needed)
                queue.append(needed)
    return frozenset(names)


def _linked(
    read: PluginSet, plugin: PluginFile, member: PluginMember, index_by_library: dict[int, int],
    by_host: frozenset[bytes],
) -> PluginMember:  # fmt: skip
    image = read.libraries[plugin.library].image
    assert image is not None  # else it is unreadable
    own = _defined(read, plugin.library)
    wants = {w.name for w in image.wanted if not w.weak and not w.here} - own - by_host
    outcome = check(PluginSet(read.host, (plugin,), read.libraries), ())[0]
    fails = "" if outcome.outcome in ("opens", "unknown") else outcome.text or outcome.outcome
    return replace(
        member,
        defines_c=frozenset(_text(name) for name in image.defined),
        wants_c=frozenset(map(_text, wants)),
        needed=_needed(read, plugin.library, index_by_library),
        fails=fails,
    )


def _needed(read: PluginSet, library: int, index_by_library: dict[int, int]) -> tuple[int, ...]:
    """Plugins that a file is linked to, itself or through libraries that are no plugins."""
    seen, queue, found = {library}, [library], set()
    for index in queue:
        for _, needed in read.libraries[index].needs:
            if needed in index_by_library:
                found.add(index_by_library[needed])
            elif needed >= 0 and needed not in seen:
                seen.add(needed)
                queue.append(needed)
    return tuple(sorted(found))


def merged(source: Sequence[PluginCall], code: Sequence[PluginCall], read: Collection[str]) -> tuple[PluginCall, ...]:
    """The calls of source and of machine code as one list: either may know a path that the other does not.

    Args:
        source: From source.
        code: From machine code.
        read: Packages whose source was read.
    """
    known = {_spot(call): call for call in code if call.path}
    found = [known.get(_spot(call), call) if not call.path else call for call in source]
    spots = {_spot(call) for call in source}
    for call in code:
        matched = _PACKAGE.match(call.caller)
        of_read = matched is not None and matched[0] in read
        if _spot(call) not in spots and (call.path or not of_read):
            found.append(call)
    return tuple(sorted(found, key=lambda c: (c.place.file, c.place.line, c.place.column, c.caller, c.path)))


def _spot(call: PluginCall) -> tuple[str, int]:
    return call.place.file.rpartition("/")[2], call.place.line


def _of_source(package: SourcePackage) -> PluginMember:
    name = Path(package.folder).resolve().name
    return PluginMember(package.name, package.folder, f"{Path(package.folder).resolve()}/{name}.so", package.calls)


def _with_one_name(members: list[PluginMember]) -> list[PluginMember]:
    """Plugins of one package are told apart by their files."""
    names = [member.name for member in members]
    return [replace(m, name=m.path) if names.count(m.name) > 1 else m for m in members]


def _unknown_paths(member: PluginMember) -> list[Problem]:
    return [
        Problem(
            f"{call.place.file}:{call.place.line}",
            f"{call.caller} opens a plugin, but {call.why_unknown}",
            _NOT_KNOWN,
        )
        for call in member.calls
        if not call.path
    ]


def _report(
    files: Sequence[str], read: PluginSet | None, sources: Sequence[str], members: list[PluginMember],
    problems: list[Problem], *, complete: bool,
) -> Report:  # fmt: skip
    edges = open_edges(members)
    elsewhere = {
        Problem(members[e.source].path, f"opens {e.call.path}, which was not given", _NOT_KNOWN)
        for e in edges
        if e.target == UNMATCHED
    }
    knots = ring_knots(members)
    inputs = [ReportInput("binary", files[0], {"go": read.host.build.go})] if read else []
    for plugin in read.plugins if read else ():
        inputs.append(ReportInput("plugin", plugin.name, {"go": plugin.build.go} if plugin.build.go else {}))
    inputs += [ReportInput("source", folder) for folder in sources]
    return Report(
        version=__version__,
        inputs=tuple(inputs),
        knots=tuple(knots),
        problems=tuple(sorted({*problems, *elsewhere})),
        stats={
            "plugins": len(members),
            "calls": sum(len(member.calls) for member in members),
            "knots": len(knots), "new": len(knots), "known": 0, "fixed": 0,
        },
        complete=complete,
    )  # fmt: skip


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
