"""The text of modules and settings in a Go binary's build information (runtime/debug, `BuildInfo.String`)."""

from __future__ import annotations

import re
from ast import literal_eval
from dataclasses import dataclass, field

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class ModuleVersion:
    """A module as it was built: its path, version, sum, and what replaces it (`PATH@VERSION`), each empty if absent."""

    path: str
    version: str
    sum: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What a binary says about its build."""

    package: str = ""
    modules: dict[str, ModuleVersion] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    main: str = ""


def parse_settings(text: str) -> BuildSettings:
    """Parses it; lines of unknown kinds are left out."""
    modules: dict[str, ModuleVersion] = {}
    settings: dict[str, str] = {}
    package = main = last = ""
    for line in text.split("\n"):
        kind, *rest = line.split("\t")
        kind = kind.rpartition("\x01")[2] if not kind.isascii() else kind
        rest += [""] * 3
        if kind.endswith("path") and not package:
            package = rest[0]
        elif kind in ("mod", "dep"):
            modules[rest[0]] = ModuleVersion(rest[0], rest[1], rest[2])
            main, last = (rest[0] if kind == "mod" else main), rest[0]
        elif kind == "=>" and last in modules:
            old = modules[last]
            modules[last] = ModuleVersion(old.path, old.version, rest[2], "@".join(filter(None, rest[:2])))
        elif kind == "build":
            name, _, value = "\t".join(rest).rstrip("\t").partition("=")
            settings[_unquoted(name)] = _unquoted(value)
    return BuildSettings(package, modules, settings, main)


def _unquoted(text: str) -> str:
    """Undoes Go's strconv.Quote, whose escapes Python has, too (runtime/debug/mod.go, `quoteValue`)."""
    if not _QUOTED.fullmatch(text):
        return text
    try:
        return str(literal_eval(text))
    except (ValueError, SyntaxError):
        return text[1:-1]
