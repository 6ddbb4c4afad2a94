"""What plugins do to each other: the calls of plugin.Open and Lookup that they hold, and what they are linked to."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.knot import Evidence
from goknot.model.report import Problem


@dataclass(frozen=True, slots=True)
class PluginCall:
    """A call of plugin.Open or of Lookup on what Open returned.

    Attributes:
        caller: The function it stands in.
        path: The constant path opened; empty if it is not known.
        symbols: Names that are looked up in what was opened, sorted.
        place: Where it stands.
        in_init: Whether the opening of the plugin that holds it runs it, before plugin.Open returns.
        certain: Whether nothing on the way from there can leave it out; meaningless unless `in_init`.
        why_unknown: Why the path is not known.
    """

    caller: str
    path: str
    place: Evidence
    in_init: bool
    certain: bool
    symbols: tuple[str, ...] = ()
    why_unknown: str = ""


@dataclass(frozen=True, slots=True)
class PluginMember:
    """A plugin as the search for rings sees it.

    Attributes:
        name: Its package's import path, else its file's name.
        path: The file as it was named; the source folder if there is no file.
        real: The file's absolute path, links followed; without a file, what a build in the folder would write.
        calls: The calls found, by place.
        defines_c: C symbols it defines and others may want.
        wants_c: Symbols it must find elsewhere: in no library of its own, nor in the host's.
        needed: Members that it is linked to (DT_NEEDED), by index.
        fails: What opening it alone in the host comes to, if it does not open.
    """

    name: str
    path: str
    real: str = ""
    calls: tuple[PluginCall, ...] = ()
    defines_c: frozenset[str] = frozenset()
    wants_c: frozenset[str] = frozenset()
    needed: tuple[int, ...] = ()
    fails: str = ""


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """A main package found in a source folder, with the calls that its code can reach.

    Attributes:
        name: Import path; the folder's name where no go.mod says it.
        folder: Where it lies.
        calls: By place.
    """

    name: str
    folder: str
    calls: tuple[PluginCall, ...]


@dataclass(frozen=True, slots=True)
class SourceCalls:
    """What the source folders hold.

    Attributes:
        packages: The main packages.
        read: Import paths of all packages there.
        problems: Files that could not be read whole.
    """

    packages: tuple[SourcePackage, ...] = ()
    read: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
