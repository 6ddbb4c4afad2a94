"""Package variables that hold objects, found in the text of a program, and who puts something in.

Nothing is parsed for this: a program has thousands of variables and few registers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from goknot.inputs.source.bodies.corpus import Corpus
from goknot.inputs.source.bodies.texts import Header, header_around, line_of, result_at, text_of
from goknot.model.leakfacts import Spot

_VAR_LINE = re.compile(rb"var[ \t]+(\w+(?:, *\w+)*)[ \t]*([^\n]*)")
_VAR_BLOCK = re.compile(rb"^var \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_BLOCK_LINE = re.compile(rb"^\t(\w+(?:, *\w+)*)[ \t]+([^\n]*)", re.MULTILINE)
_CONTAINER = re.compile(rb"(?:=\s*&?)?(?:make\(\s*)?(?:new\(\s*)?\*?(?:map\[|\[\]|sync\.Map\b|list\.(?:List|New)\b)")
_SCALARS = re.compile(
    rb"\[\](?:byte|string|int\d*|uint\d*|rune|bool|float\d+|error)\b|map\[[\w.]+\](?:string|bool|u?int\d*|float\d+)\b"
)
_STRUCT = re.compile(rb"(?:=\s*)?(?:(&)|(\*))?(?:new\(\s*\*?)?([A-Za-z_][\w.]*)(?:\[[^\]\n]*\])?\s*(\{|\(|\)|$|//|=|`)")
_PUT_MARKS = (
    b" = append(",
    b"] = ",
    b".Store(",
    b".LoadOrStore(",
    b".Swap(",
    b".PushBack(",
    b".PushFront(",
    b".InsertBefore(",
    b".InsertAfter(",
)
_IMPORT = re.compile(rb'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"\n]+)"\s*$', re.MULTILINE)
_LHS = re.compile(rb"([A-Za-z_][\w.]*)$")
_NOT_TYPES = frozenset(
    (
        b"func",
        b"map",
        b"chan",
        b"interface",
        b"struct",
        b"make",
        b"nil",
        b"true",
        b"false",
        b"string",
        b"int",
        b"bool",
        b"error",
    )
)


_IDLE = re.compile(rb"^func main\(\) \{\s*\}", re.MULTILINE)
_OFFERED = re.compile(rb"^(?:func|var) [A-Z]", re.MULTILINE)


class Variable(NamedTuple):
    """A package variable that may be, or lead to, a register.

    Attributes:
        package: Import path.
        owner: (import path, name) of its type if that is a struct of the program; empty names for containers.
    """

    package: str
    package_name: str
    name: str
    owner: tuple[str, str]
    spot: Spot


class Put(NamedTuple):
    """A statement that puts something into a container that a package variable leads to."""

    package: str
    function: str
    slot: str


class Registers:
    """The registers of a program.

    Args:
        corpus: Its texts are read; nothing is parsed.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.variables: dict[tuple[str, str], Variable] = {}  # (import path, name)
        self.owners: dict[tuple[str, str], list[Variable]] = defaultdict(list)
        self._aliases: dict[bytes, dict[str, str]] = {}  # text of a file -> name in it -> import path
        self._declared_at: dict[tuple[bytes, int, str], int] = {}  # (file, function, name) -> where it is declared
        for path in corpus.nodes:
            self._variables(path)
        self.slices: set[str] = set()  # names of what is appended to
        self.puts = sorted(set(self._puts()))

    def named(self, package_name: str, name: str) -> list[Variable]:
        """The variables of that name, of packages of that name."""
        return [v for v in self.variables.values() if v.name == name and v.package_name == package_name]

    def _variables(self, path: str) -> None:
        for file in self.corpus.files(path):
            if b"\nvar " not in file.data:
                continue
            for names, rest, at in _declarations(file.data):
                found = self._kind(path, file.data, rest)
                if found is None:
                    continue
                for name in names.decode("utf-8", "replace").split(","):
                    spot = Spot(file.path, line_of(file.data, at), 1)
                    variable = Variable(path, self.corpus.name_of(path), name.strip(), found, spot)
                    self.variables[path, variable.name] = variable
                    if found[1]:
                        self.owners[found].append(variable)

    def _kind(self, path: str, data: bytes, rest: bytes) -> tuple[str, str] | None:
        """The struct type of a variable, empty names for a container, None for anything else."""
        if _CONTAINER.match(rest):
            return None if _SCALARS.search(rest) else ("", "")
        if rest.startswith((b"= struct", b"struct", b"= &struct")):
            return (path, "")
        found = _STRUCT.match(rest)
        if found is None or found[3] in _NOT_TYPES:
            return None
        text = found[3].decode("utf-8", "replace")
        home = path
        if "." in text:
            alias, _, text = text.partition(".")
            home = self._path_of(data, alias)
        if not home or "." in text:
            return None
        if found[4] == b"(" and not found[0].lstrip(b"= ").startswith(b"new("):
            function = self.corpus.header(home, "", text)
            result = result_at(function[0].data, function[1]) if function is not None else ""
            if not result or "." in result:
                return None
            text = result
        return (home, text)

    def _path_of(self, data: bytes, alias: str) -> str:
        """The import path behind a package's name in a file, if it is one of the scan."""
        known = self._aliases.get(data)
        if known is None:
            known = self._aliases[data] = {}
            first = data.find(b"\nfunc ")
            for given, path in _IMPORT.findall(data, 0, first if first >= 0 else len(data)):
                text = path.decode("utf-8", "replace")
                if text in self.corpus.nodes:
                    known.setdefault(given.decode("utf-8", "replace") or self.corpus.name_of(text), text)
        return known.get(alias, "")

    def _puts(self) -> Iterator[Put]:
        own: dict[str, set[str]] = defaultdict(set)
        exported = {v.name for v in self.variables.values() if v.name[:1].isupper()}
        types = {name for path, name in self.owners}
        for variable in self.variables.values():
            own[variable.package].add(variable.name)
        for path in self.corpus.nodes:
            names = own[path]
            if not names and not exported and not types:
                continue
            for file in self.corpus.files(path):
                for at in _puts_in(file.data):
                    put = self._put(path, file.data, at, names, exported)
                    if put is not None:
                        yield put

    def _put(self, path: str, data: bytes, at: int, names: set[str], exported: set[str]) -> Put | None:
        lhs = _left(data, at)
        if not lhs:
            return None
        root, _, rest = lhs.partition(".")
        is_foreign = bool(rest) and rest.partition(".")[0] in exported
        if not rest and root not in names:
            return None
        header = header_around(data, at)
        if header is None or header.name == "init":
            return None
        slot = ""
        if is_foreign or root in names:
            is_foreign = is_foreign and (self._path_of(data, root), rest.partition(".")[0]) in self.variables
            is_own = root in names and header.receiver != root and not self._is_local(data, header, at, root)
            slot = lhs if is_foreign or is_own else ""
        if not slot:
            if header.receiver != root or (path, header.owner) not in self.owners:
                return None
            slot = f"{header.owner}.{rest}"
        if data.startswith(b" = append(", at):
            self.slices.add(slot.rpartition(".")[2])
        return Put(path, header.full, slot)

    def _is_local(self, data: bytes, header: Header, at: int, name: str) -> bool:
        """Whether a function declares a variable or parameter of a name before some place."""
        key = (data, header.start, name)
        if key not in self._declared_at:
            n = re.escape(name)
            variable = rf"(?<![\w.]){n}[ \t]*(?:,[ \t]*\w+[ \t]*)*:=|\bvar {n}\b"
            parameter = rf"[(,][ \t\n]*{n}(?:, *\w+)* +(?:\.\.\.)?[\w*\[(<]"
            found = re.search(f"{variable}|{parameter}".encode(), text_of(data, header))
            self._declared_at[key] = header.start + found.start() if found is not None else len(data)
        return self._declared_at[key] < at

    def is_plugin(self, path: str) -> bool:
        """Whether a package is a plugin: a main that does nothing, with something to look up."""
        if self.corpus.name_of(path) != "main":
            return False
        files = self.corpus.files(path)
        return any(_IDLE.search(file.data) for file in files) and any(_OFFERED.search(file.data) for file in files)


def _puts_in(data: bytes) -> Iterator[int]:
    """Where a text may put something into a container."""
    for mark in _PUT_MARKS:
        at = data.find(mark)
        while at >= 0:
            yield at
            at = data.find(mark, at + 1)


def _declarations(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Names, the rest of the line, and the offset of each package variable."""
    at = data.find(b"\nvar")
    while at >= 0:
        match = _VAR_LINE.match(data, at + 1)
        if match is not None:
            yield match[1], match[2], match.start()
        at = data.find(b"\nvar", at + 4)
    if b"\nvar (" in data:
        for block in _VAR_BLOCK.finditer(data):
            for line in _BLOCK_LINE.finditer(block[1]):
                yield line[1], line[2], block.start(1) + line.start(1)


def _left(data: bytes, at: int) -> str:
    """The dotted name before an append, a store to an element or a call that stores; empty if it is something else."""
    start = data.rfind(b"\n", 0, at) + 1
    text = data[start:at]
    if data[at : at + 2] == b"] ":
        head, bracket, _ = text.partition(b"[")
        if not bracket:
            return ""
        text = head
    found = _LHS.search(text)
    return found[1].decode("utf-8", "replace") if found is not None else ""
