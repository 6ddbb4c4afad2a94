"""Reads goknot.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations

from goknot.errors import UsageError
from goknot.model.settings import Rule, Settings
from goknot.model.sourcelevel import SourceLevel

_KEYS = {"levels", "folders", "baseline", "fail-on", "goos", "goarch", "tags", "all-platforms", "rules"}
_OTHERS = "everything else"


def parse_settings(text: bytes, where: str) -> Settings:
    """Parses the text of a goknot.toml.

    Args:
        text: The file's bytes.
        where: What errors call the file.

    Raises:
        UsageError: Not TOML, an unknown key, or a value of the wrong type.
    """
    import tomllib  # noqa: PLC0415 (most runs have no settings file)

    try:
        table = tomllib.loads(text.decode())
    except (ValueError, RecursionError) as error:  # no TOML, no text, numbers without end, nested without end
        raise UsageError(f"{where}: not a TOML file: {error}") from error
    reader = _Reader(table, where)
    reader.only(_KEYS)
    folders = table.get("folders")
    if folders == "auto":
        folders = None
    if folders is not None and (not isinstance(folders, int) or isinstance(folders, bool) or folders < 1):
        raise UsageError(f'{where}: folders must be a whole number from 1 on, or "auto"')
    return Settings(
        levels=_levels(reader) if "levels" in table else None,
        folders=folders,
        baseline=reader.text("baseline"),
        fail_on=reader.texts("fail-on") if "fail-on" in table else None,
        goos=reader.text("goos"),
        goarch=reader.text("goarch"),
        tags=reader.texts("tags"),
        all_platforms=reader.flag("all-platforms", default=False),
        rules=tuple(_rule(entry) for entry in reader.tables("rules")),
    )


def _levels(reader: _Reader) -> tuple[SourceLevel, ...]:
    names = reader.texts("levels")
    known = list(SourceLevel)
    if not names or not set(names) <= set(known):
        raise UsageError(f"{reader.where}: levels must be some of {', '.join(known)}")
    return tuple(level for level in known if level in names)


class _Reader:
    """One TOML table whose values are checked as they are taken."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self.table = table
        self.where = where

    def only(self, known: set[str]) -> None:
        if unknown := sorted(set(self.table) - known):
            raise UsageError(f"{self.where}: unknown key {unknown[0]!r}", f"Known here: {', '.join(sorted(known))}.")

    def text(self, key: str) -> str:
        value = self.table.get(key, "")
        if not isinstance(value, str):
            raise UsageError(f"{self.where}: {key} must be a string")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise UsageError(f"{self.where}: {key} must be true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{self.where}: {key} must be a list of strings")
        return tuple(value)

    def tables(self, key: str) -> list[_Reader]:
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise UsageError(f"{self.where}: {key} must be written as [[{key}]]")
        return [_Reader(item, f"{self.where}: {key} {number}") for number, item in enumerate(value, 1)]


def _rule(reader: _Reader) -> Rule:
    kind = reader.text("type")
    if kind not in _MAKERS:
        raise UsageError(f"{reader.where}: type must be one of {', '.join(_MAKERS)}")
    name = reader.text("name")
    if not name:
        raise UsageError(f"{reader.where}: a rule needs a name")
    known_keys, make = _MAKERS[kind]
    reader.only({"type", "name", *known_keys})
    return make(name, reader)


def _layers(name: str, reader: _Reader) -> Rule:
    groups: dict[str, tuple[str, ...]] = {}
    forbidden: list[tuple[str, str]] = []
    above: list[str] = []
    for layer in reader.texts("layers"):
        independent = "|" in layer
        siblings = [part.strip() for part in layer.replace("|", ":").split(":")]
        if not all(siblings):
            raise UsageError(f"{reader.where}: layer {layer!r} names an empty folder")
        groups.update((folder, (folder,)) for folder in siblings)
        forbidden += [(low, high) for low in siblings for high in above]
        forbidden += permutations(siblings, 2) if independent else ()
        above += siblings
    if len(groups) < 2:
        raise UsageError(f"{reader.where}: layers needs at least two folders, highest first")
    return Rule(name, groups, tuple(forbidden), reader.flag("indirect", default=True))


def _forbidden(name: str, reader: _Reader) -> Rule:
    sources, targets = reader.texts("from"), reader.texts("to")
    if not sources or not targets:
        raise UsageError(f"{reader.where}: a forbidden rule needs both from and to")
    groups = {folder: (folder,) for folder in (*sources, *targets)}
    pairs = tuple((source, target) for source in sources for target in targets if source != target)
    return Rule(name, groups, pairs, reader.flag("indirect", default=True))


def _independent(name: str, reader: _Reader) -> Rule:
    folders = reader.texts("folders")
    if len(folders) < 2:
        raise UsageError(f"{reader.where}: an independent rule needs at least two folders")
    pairs = tuple(permutations(folders, 2))
    return Rule(name, {folder: (folder,) for folder in folders}, pairs, reader.flag("indirect", default=True))


def _allowed(name: str, reader: _Reader) -> Rule:
    sources = reader.texts("from")
    if not sources:
        raise UsageError(f"{reader.where}: an allowed rule needs from")
    groups = {folder: (folder,) for folder in (*sources, *reader.texts("to"))}
    return Rule(name, groups, tuple((s, _OTHERS) for s in sources), indirect=False, others=_OTHERS)


_MAKERS: dict[str, tuple[tuple[str, ...], Callable[[str, _Reader], Rule]]] = {
    "layers": (("layers", "indirect"), _layers),
    "forbidden": (("from", "to", "indirect"), _forbidden),
    "independent": (("folders", "indirect"), _independent),
    "allowed": (("from", "to"), _allowed),
}
