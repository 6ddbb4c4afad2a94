"""Which calls of plugin.Open a main package reaches, and whether its initialisers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from goknot.inputs.plugin_source.folding import Param, Scope, fold
from goknot.inputs.plugin_source.syntax import Call, File, Function
from goknot.model.knot import Evidence
from goknot.model.plugin_rings import PluginCall

MAX_TEXT = 160
PLUGIN = "plugin"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A function where it stands."""

    package: str
    file: File
    function: Function

    @property
    def label(self) -> str:
        """As Go's stacks name it."""
        receiver = f"({self.function.receiver})." if self.function.receiver else ""
        return f"{self.package}.{receiver}{self.function.name}"


class Program:
    """All source that was read.

    Args:
        files_by_package: By import path.
        shared: Packages whose initialisers the host has run.
    """

    def __init__(self, files_by_package: Mapping[str, list[File]], shared: frozenset[str]) -> None:
        self.shared = shared
        self.files = files_by_package
        self.constants = {
            package: {name: (file, node) for file in files for name, node in file.constants.items()}
            for package, files in files_by_package.items()
        }
        self.sites = [Site(p, f, function) for p, files in files_by_package.items() for f in files
                      for function in f.functions]  # fmt: skip
        self.functions: dict[tuple[str, str], list[Site]] = {}
        self.methods: dict[tuple[str, str], list[Site]] = {}
        for site in self.sites:
            table = self.methods if site.function.receiver else self.functions
            table.setdefault((site.package, site.function.name), []).append(site)
        self.openers: dict[int, tuple[int, bool]] = {}
        self._find_openers()

    def scope(self, site: Site) -> Scope:
        """Where its expressions stand."""
        return Scope(self.constants, site.package, site.file, site.function)

    def callees(self, site: Site, call: Call) -> tuple[list[Site], bool]:
        """(the functions that a call may run, whether it is exactly that one)."""
        if not call.qualifier:
            return self.functions.get((site.package, call.name), []), True
        imported = site.file.imports.get(call.qualifier)
        if imported is not None and call.qualifier not in site.function.shadowed:
            return self.functions.get((imported, call.name), []), True
        places = {site.package, *site.file.imports.values()}
        return [m for place in sorted(places) for m in self.methods.get((place, call.name), [])], False

    def opened(self, site: Site, call: Call) -> tuple[int, bool] | None:
        """(which argument it opens, whether it surely does) if a call opens a plugin."""
        if (
            site.file.imports.get(call.qualifier) == PLUGIN
            and call.name == "Open"
            and call.qualifier not in site.function.shadowed
        ):
            return 0, True
        callees, exact = self.callees(site, call)
        found = [self.openers[id(callee)] for callee in callees if id(callee) in self.openers]
        return (found[0][0], found[0][1] and exact and len(callees) == 1) if found else None

    def _find_openers(self) -> None:
        """Functions that open what they are given: id of the site -> (which argument, whether they surely do)."""
        grew = True
        while grew:
            grew = False
            for site in self.sites:
                if not site.function.params or id(site) in self.openers:
                    continue
                for call in site.function.calls:
                    opens = self.opened(site, call)
                    value = self._argument(site, call, opens[0]) if opens else None
                    if opens and isinstance(value, Param) and not call.concurrent:
                        self.openers[id(site)] = (value.place, opens[1] and call.certain)
                        grew = True
                        break

    def _argument(self, site: Site, call: Call, place: int) -> str | Param | None:
        return fold(call.arguments[place], self.scope(site)) if place < len(call.arguments) else None

    def calls_in(self, site: Site, *, in_init: bool, certain: bool) -> Iterator[PluginCall]:
        """The plugins that a function opens."""
        for call in site.function.calls:
            opens = self.opened(site, call)
            if opens is None:
                continue
            value = self._argument(site, call, opens[0])
            if isinstance(value, Param) and id(site) in self.openers and self._is_called(site):
                continue  # its callers say which
            line, column = call.node.start_point
            yield PluginCall(
                caller=site.label,
                path=value if isinstance(value, str) else "",
                place=Evidence(site.file.path, line + 1, column + 1, _text(site, line)),
                in_init=in_init and not call.concurrent,
                certain=in_init and certain and call.certain and opens[1] and not call.concurrent,
                symbols=self._lookups(site, call),
                why_unknown="" if isinstance(value, str) else "its path is no constant",
            )

    def _is_called(self, wanted: Site) -> bool:
        return any(
            wanted in self.callees(site, call)[0]
            for site in self.sites
            for call in site.function.calls
            if call.name == wanted.function.name
        )

    def _lookups(self, site: Site, opening: Call) -> tuple[str, ...]:
        """Names looked up in the variable that took what was opened."""
        if not opening.result or opening.result == "_":
            return ()
        at_top = site.function.name == "init" and opening.result not in site.function.shadowed
        where = [s for s in self.sites if s.package == site.package] if at_top else [site]
        found = set()
        for place in where:
            for call in place.function.calls:
                if call.name == "Lookup" and call.qualifier == opening.result and call.arguments:
                    value = fold(call.arguments[0], self.scope(place))
                    found.add(value if isinstance(value, str) else "?")
        return tuple(sorted(found))


def calls_of(program: Program, main: str) -> tuple[PluginCall, ...]:
    """What a main package opens: from its initialisers (those of its packages that the host lacks), and else.

    Args:
        program: Everything read.
        main: The package's import path.
    """
    packages = _imported(program, main)
    starts = [
        site
        for package in packages
        if package == main or package not in program.shared
        for site in program.functions.get((package, "init"), [])
    ]
    sure_by_site = _reached(program, starts, follow_started=False)
    entries = [site for site in program.sites if site.package == main]
    everything = _reached(program, [*entries, *starts], follow_started=True)
    found = [
        call
        for site in everything
        for call in program.calls_in(site, in_init=site in sure_by_site, certain=sure_by_site.get(site, False))
    ]
    return tuple(sorted(found, key=lambda c: (c.place.file, c.place.line, c.place.column, c.path)))


def _imported(program: Program, main: str) -> list[str]:
    seen, queue = {main}, [main]
    for package in queue:
        for file in program.files.get(package, []):
            for path in sorted(file.imports.values()):
                if path in program.files and path not in seen:
                    seen.add(path)
                    queue.append(path)
    return queue


def _reached(program: Program, starts: list[Site], *, follow_started: bool) -> dict[Site, bool]:
    """Site -> whether nothing on the way leaves it out."""
    found: dict[Site, bool] = {}
    queue = [(site, True) for site in starts]
    while queue:
        site, sure = queue.pop()
        if found.get(site, False) or (site in found and not sure):
            continue
        found[site] = sure
        for call in site.function.calls:
            if call.concurrent and not follow_started:
                continue
            callees, exact = program.callees(site, call)
            certain = sure and call.certain and exact
            queue += [(callee, certain) for callee in callees]
    return found


def _text(site: Site, line: int) -> str:
    lines = site.file.data.split(b"\n", line + 1)
    return lines[line].decode("utf-8", "replace").strip()[:MAX_TEXT] if line < len(lines) else ""
